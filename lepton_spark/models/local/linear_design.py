"""Design matrix of the ridge and the scikit-learn regressors: level, damped trend, weekdays."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import SEASON_LENGTH, weekdays

WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
COLUMNS = ("level", "trend", *WEEKDAY_NAMES)
"""Names of the design's columns."""

TREND_UNIT = 28.0
"""Days per unit of the trend column, which keeps its values near those of the weekday columns."""

TREND_DAMPING = 0.9
"""Factor by which the trend shrinks from one day ahead to the next; it sums to 9 days at most."""


def damped_trend(n_days: int, horizon: int) -> FloatArray:
    """[T+H], days since the cutoff: linear up to it, phi + phi^2 + ... + phi^step after it.

    Source: Gardner and McKenzie (1985), the damped trend.
    """
    past = np.arange(1.0 - n_days, 1.0)
    future = np.cumsum(TREND_DAMPING ** np.arange(1.0, horizon + 1.0))
    return np.concatenate([past, future])


def linear_design(days: IntArray, horizon: int, period: int = 1) -> FloatArray:
    """[T+H, K] with the columns of `COLUMNS`, for epoch days [T] `period` apart and the H after them."""
    n_days = len(days)
    all_days = days[0] + period * np.arange(n_days + horizon)
    level = np.ones((n_days + horizon, 1))
    by_day = damped_trend(n_days * period, horizon * period).reshape(-1, period)
    trend = by_day.mean(axis=1)[:, np.newaxis] / TREND_UNIT
    return np.hstack([level, trend, np.eye(SEASON_LENGTH)[weekdays(all_days)]])
