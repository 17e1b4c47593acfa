"""Simple rules that a planner applies by hand, as a yardstick for the forecasts of made-up shops."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from lepton_spark.models.data.arrays import FloatArray

YEAR_DAYS = 364

Rule = Callable[[FloatArray, int], FloatArray]
"""From known units [S, T], NaN = unknown, and a horizon to a forecast [S, H]."""


def weekday_means(n_weeks: int) -> Rule:
    """The mean of the last known values of each weekday; with one week, the seasonal naive forecast."""

    def forecast(known: FloatArray, horizon: int) -> FloatArray:
        missing = -known.shape[1] % 7
        weeks = np.pad(known, ((0, 0), (missing, 0)), constant_values=np.nan).reshape(len(known), -1, 7)
        is_known = ~np.isnan(weeks)
        recency = np.cumsum(is_known[:, ::-1], axis=1)[:, ::-1]
        used = is_known & (recency <= n_weeks)
        total = np.sum(weeks, axis=1, where=used)
        mean = total / np.maximum(used.sum(axis=1), 1)
        return mean[:, np.arange(horizon) % 7]

    return forecast


def same_weeks_last_year(known: FloatArray, horizon: int) -> FloatArray:
    """The same weeks a year earlier; 0 where they are unknown."""
    start = known.shape[1] - YEAR_DAYS
    return np.nan_to_num(known[:, start : start + horizon]) if start >= 0 else np.zeros((len(known), horizon))


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "last week": weekday_means(1),
        "last 28 days": weekday_means(4),
        "last 56 days": weekday_means(8),
        "last year": same_weeks_last_year,
    }
)
