"""Errors along whole windows, for quantiles of sums over several days: daily quantiles must not be added."""

from collections.abc import Sequence

import numpy as np

from lepton_spark.evaluation.quantiles.calibration import Calibration
from lepton_spark.models.data.arrays import FloatArray

MIN_VARIANCE = 1e-9
"""Variance below which an error is not standardised."""


def residual_paths(calibration: Calibration) -> FloatArray:
    """[S, W, H], (actual - forecast) / sqrt(dispersion x forecast) along each window; NaN = not scored.

    The days of a path are correlated, and so are the paths of one window.
    """
    forecast = calibration.forecast
    variance = calibration.dispersion[:, np.newaxis, np.newaxis] * forecast
    usable = variance > MIN_VARIANCE
    paths: FloatArray = np.divide(
        calibration.residual, np.sqrt(variance), out=np.full(forecast.shape, np.nan), where=usable
    )
    return paths


def sum_quantiles(
    forecast: FloatArray, dispersion: FloatArray, paths: FloatArray, levels: Sequence[float]
) -> FloatArray:
    """[S, Q], units: quantiles of the sum over H days, from the residual paths of a demand class.

    Each path is applied to each series' forecast; a negative sum counts as 0. NaN where a forecast is.

    forecast: [S, H], units, the mean. dispersion: [S], variance over mean. paths: [P, >=H], without NaN.
    levels: [Q], in (0, 1).

    Raises: ValueError without a path.
    """
    n_days = forecast.shape[1]
    if not len(paths):
        raise ValueError("sum_quantiles: found no residual paths; allowed: at least one of the demand class")
    deviation = np.sqrt(np.maximum(dispersion, 0.0)[:, np.newaxis] * np.maximum(forecast, 0.0))
    sums = forecast.sum(axis=1)[:, np.newaxis] + deviation @ paths[:, :n_days].T  # [S, P]
    quantiles: FloatArray = np.quantile(np.maximum(sums, 0.0), np.asarray(levels), axis=1).T
    return quantiles
