"""Models that repeat the past: seasonal naive, seasonal window average, mean, zero."""

from collections.abc import Mapping

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray
from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.data.parts import LEVEL, WEEKDAY, Parts

WINDOW_WEEKS = 8
"""Known values of a weekday that the seasonal window average uses."""


class SeasonalNaive:
    """The last known value of the same weekday; needs a first known day at least a week old."""

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Repeat the last known value of each weekday."""
        value, known = _last_weeks(history, 1)
        n_weeks = value.shape[1]
        last = n_weeks - 1 - np.argmax(known[:, ::-1], axis=1)  # [S, 7]
        pattern = np.take_along_axis(value, last[:, np.newaxis, :], axis=1)[:, 0]
        pattern[~known.any(axis=1)] = np.nan
        return _repeated(pattern, history, horizon)


class SeasonalWindowAverage:
    """The mean of the last 8 known values of the same weekday; needs a week like seasonal naive."""

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Repeat the mean of each weekday."""
        value, known = _last_weeks(history, WINDOW_WEEKS)
        recency = np.cumsum(known[:, ::-1], axis=1, dtype=np.int32)[:, ::-1]  # 1 = the last known
        used = known & (recency <= WINDOW_WEEKS)
        count = np.count_nonzero(used, axis=1)
        with np.errstate(invalid="ignore"):
            pattern = np.sum(value, axis=1, where=used) / count  # [S, 7]
        return _repeated(pattern, history, horizon)


class Mean:
    """The mean of all known days."""

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Repeat the mean."""
        with np.errstate(invalid="ignore"):
            level = history.filled.sum(axis=1) / history.n_known
        return _constant(level, horizon, {"level": level})


class Zero:
    """No sales at all; a NaN row where no day is known."""

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Repeat 0."""
        level = np.where(history.n_known > 0, 0.0, np.nan)
        return _constant(level, horizon)


def _constant(level: FloatArray, horizon: int, coefficients: Mapping[str, FloatArray] | None = None) -> Fit:
    forecast = np.repeat(level[:, np.newaxis], horizon, axis=1)
    return Fit(forecast, coefficients or {}, explain=lambda: Parts({LEVEL: forecast}))


def _last_weeks(history: History, n_values: int) -> tuple[FloatArray, BoolArray]:
    """The last weeks up to the cutoff, values and whether known, [S, weeks, 7].

    They hold the last `n_values` known values of each weekday: twice as many weeks, or all if a weekday was
    unknown too often.
    """
    season = history.season_length
    n_columns = 2 * n_values * season
    if n_columns < history.n_days and not _reaches_back(history.known, n_columns, n_values, season):
        recent = (history.n_series, -1, season)
        return history.quantity[:, -n_columns:].reshape(recent), history.known[:, -n_columns:].reshape(recent)
    padding = ((0, 0), (-history.n_days % season, 0))
    every = (history.n_series, -1, season)
    value = np.pad(history.quantity, padding, constant_values=np.nan).reshape(every)
    return value, np.pad(history.known, padding).reshape(every)


def _reaches_back(known: BoolArray, n_columns: int, n_values: int, season: int) -> bool:
    """Whether one of the last `n_values` known values of some weekday is before the last columns."""
    recent = known[:, -n_columns:].reshape(len(known), -1, season)
    is_short = np.count_nonzero(recent, axis=1) < n_values  # [S, 7]
    rows = np.flatnonzero(is_short.any(axis=1))
    before = known[rows, -n_columns - 1 :: -1]
    return any(before[is_short[rows, -1 - day], day::season].any() for day in range(season))


def _repeated(pattern: FloatArray, history: History, horizon: int) -> Fit:
    """The forecast of a weekly pattern [S, 7]; a weekday that was never known gets the mean of the others.

    NaN rows where the first known day is less than a week old: such a series has no pattern yet.
    """
    known = ~np.isnan(pattern)
    with np.errstate(invalid="ignore"):
        mean = np.sum(pattern, axis=1, where=known, keepdims=True) / known.sum(axis=1, keepdims=True)
    complete = np.where(known, pattern, mean)
    season = history.season_length
    has_week = history.known[:, : max(history.n_days - season + 1, 0)].any(axis=1)
    complete[~has_week] = np.nan
    forecast = complete[:, np.arange(horizon) % season]

    def explain() -> Parts:
        level = complete.mean(axis=1, keepdims=True)
        return Parts({LEVEL: level, WEEKDAY: forecast - level})

    return Fit(forecast, explain=explain)
