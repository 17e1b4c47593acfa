"""Calibration of sums over several days: the negative binomial of sums, and daily quantiles added up.

Sums are over the open days among the first 7, 14 and 28 ahead.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from accuracy_parts.calibration_bands import PUBLISHED_LEVELS, Calibration
from accuracy_parts.protocol import Origin
from accuracy_parts.scores import Output
from lepton_spark.evaluation.quantiles.demand_sums import dispersion_at, sum_lengths
from lepton_spark.evaluation.quantiles.negative_binomial import count_quantiles
from lepton_spark.models.data.arrays import FloatArray, IntArray

LENGTHS = (7, 14, 28)
OF_SUMS, ADDED_UP = "negative binomial of sums", "daily quantiles added up"


def sum_calibration(origin: Origin, output: Output) -> Mapping[str, Calibration]:
    """Sums of actuals against their quantiles, by method, with the length as the group.

    Raises: ValueError without a distribution.
    """
    if output.distribution is None:
        raise ValueError("sum_calibration: found no distribution; allowed: outputs of a whole run")
    parts: dict[str, list[Calibration]] = {OF_SUMS: [], ADDED_UP: []}
    for length in LENGTHS:
        days = np.flatnonzero(~np.isnan(origin.actual[:, :length]).all(axis=0))
        actual = np.nansum(origin.actual[:, days], axis=1)
        levels = PUBLISHED_LEVELS.tolist()
        of_sums = sum_quantiles(output.forecast, output.distribution.sum_dispersion, days, length, levels)
        added_up = output.distribution.quantiles[:, days].sum(axis=1)
        for method, quantiles in ((OF_SUMS, of_sums), (ADDED_UP, added_up)):
            parts[method].append(_calibration(f"{length} days", actual, quantiles))
    return {method: Calibration.joined(found) for method, found in parts.items()}


def sum_quantiles(
    forecast: FloatArray, sum_dispersion: FloatArray, days: IntArray, length: int, levels: Sequence[float]
) -> FloatArray:
    """[S, Q], quantiles of the units of some of the first `length` days.

    forecast: [S, H]. sum_dispersion: [S, N]. days: columns.
    """
    lengths = np.array(sum_lengths(forecast.shape[1]))
    dispersion = dispersion_at(sum_dispersion, lengths, np.full(len(forecast), length))
    return count_quantiles(forecast[:, days].sum(axis=1), np.maximum(dispersion, 1.0), levels)


def _calibration(group: str, actual: FloatArray, quantiles: FloatArray) -> Calibration:
    """Of sums [N] against quantiles [N, 7]; central are those from p10 to p90."""
    sums = actual[:, np.newaxis]
    is_central = (quantiles[:, 1] <= actual) & (actual <= quantiles[:, -2])
    return Calibration(
        np.full(len(actual), group),
        (sums < quantiles).astype(np.float64),
        (sums <= quantiles).astype(np.float64),
        is_central.astype(np.float64),
    )
