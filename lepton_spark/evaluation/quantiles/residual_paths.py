"""Sums over several days: daily quantiles are never added up, errors of whole windows are."""

from collections.abc import Sequence

import numpy as np

from lepton_spark.evaluation.quantiles.calibration import Calibration
from lepton_spark.models.data.arrays import FloatArray

LEAST_MEAN = 1e-9
"""Units forecast below which an error cannot be standardised."""


def residual_paths(calibration: Calibration) -> FloatArray:
    """[S, W, H], (actual - forecast) / sqrt(dispersion x forecast) along each window; NaN = unscored.

    A path keeps what its days have in common, and paths of one window what products have in common.
    """
    forecast = calibration.forecast
    variance = calibration.dispersion[:, np.newaxis, np.newaxis] * forecast
    told = variance > LEAST_MEAN
    paths: FloatArray = np.divide(
        calibration.residual, np.sqrt(variance), out=np.full(forecast.shape, np.nan), where=told
    )
    return paths


def sum_quantiles(
    forecast: FloatArray, dispersion: FloatArray, paths: FloatArray, levels: Sequence[float]
) -> FloatArray:
    """[S, Q], units: quantiles of the sum over H days, as the paths of a demand class would have it.

    Each path is laid around each series' forecast; no sum is below 0. NaN where a forecast is.

    forecast: [S, H], units, the mean; dispersion: [S], variance over mean; paths: [P, >=H], without NaN;
    levels: [Q], in (0, 1).

    Raises: ValueError without a path.
    """
    n_days = forecast.shape[1]
    if not len(paths):
        raise ValueError("sum_quantiles: found no residual paths; allowed: at least one of the demand class")
    spread = np.sqrt(np.maximum(dispersion, 0.0)[:, np.newaxis] * np.maximum(forecast, 0.0))
    sums = forecast.sum(axis=1)[:, np.newaxis] + spread @ paths[:, :n_days].T  # [S, P]
    quantiles: FloatArray = np.quantile(np.maximum(sums, 0.0), np.asarray(levels), axis=1).T
    return quantiles
