"""Calibration of sums over several days: quantiles from residual paths, and daily quantiles added up.

Sums are over the scored days of the first 7, 14 and 28 days ahead; paths are those of the demand class.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from accuracy_parts.calibration_bands import PUBLISHED_LEVELS, Calibration, demand_classes_at
from accuracy_parts.protocol import Origin
from accuracy_parts.scores import Output
from lepton_spark.evaluation.quantiles.residual_paths import sum_quantiles
from lepton_spark.models.data.arrays import FloatArray, IntArray

LENGTHS = (7, 14, 28)
BY_PATHS, ADDED_UP = "sums from residual paths", "daily quantiles added up"
MIN_WINDOW_SHARE = 0.75
"""Share of a window's days that must be scored before its path is used."""


def sum_calibration(origin: Origin, output: Output) -> Mapping[str, Calibration]:
    """Sums of actuals against their quantiles, by method, with the length as the group.

    Raises: ValueError without a distribution.
    """
    if output.distribution is None:
        raise ValueError("sum_calibration: found no distribution; allowed: outputs of a whole run")
    parts: dict[str, list[Calibration]] = {BY_PATHS: [], ADDED_UP: []}
    dispersion = np.nan_to_num(output.distribution.dispersion, nan=1.0)
    for length in LENGTHS:
        days = np.flatnonzero(~np.isnan(origin.actual[:, :length]).all(axis=0))
        actual = np.nansum(origin.actual[:, days], axis=1)
        by_paths = np.full((len(actual), len(PUBLISHED_LEVELS)), np.nan)
        for rows, paths in paths_by_class(origin, output.distribution.paths):
            forecast = output.forecast[np.ix_(rows, days)]
            levels = PUBLISHED_LEVELS.tolist()
            by_paths[rows] = sum_quantiles(forecast, dispersion[rows], paths[:, days], levels)
        has_paths = ~np.isnan(by_paths).any(axis=1)
        added_up = output.distribution.quantiles[:, days].sum(axis=1)
        for method, quantiles in ((BY_PATHS, by_paths), (ADDED_UP, added_up)):
            parts[method].append(_calibration(f"{length} days", actual[has_paths], quantiles[has_paths]))
    return {method: Calibration.joined(found) for method, found in parts.items()}


def paths_by_class(origin: Origin, paths: FloatArray) -> Iterator[tuple[IntArray, FloatArray]]:
    """Rows of each demand class with its usable paths [P, H], unscored days as 0."""
    classes = demand_classes_at(origin)
    usable = np.mean(~np.isnan(paths), axis=2) >= MIN_WINDOW_SHARE
    for name in sorted(set(classes.tolist())):
        rows = np.flatnonzero(classes == name)
        of_class = np.nan_to_num(paths[rows])[usable[rows]]
        if len(of_class):
            yield rows, of_class


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
