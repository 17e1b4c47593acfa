"""Features of the pooled model, of each series at a cutoff and of the days ahead.

Series of every size share one model, so features do not depend on a series' size, with three exceptions:
`log_dispersion`, `log_level` and `log_forecast`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.decayed_sums import decay_weights, ratio, weighted_sums
from lepton_spark.models.data.history import History, weekdays
from lepton_spark.models.pooled.features.last_year import last_year_features
from lepton_spark.models.pooled.features.plans import plan_features
from lepton_spark.models.pooled.pool import PROFILE_HALF_LIVES, Pool
from lepton_spark.models.pooled.profiles import (
    LEVEL_HALF_LIVES,
    weekday_forecasts,
)

ROOT_HALF_LIVES = (14.0, 28.0, 112.0, 364.0)
MEAN_HALF_LIVES = (3.0, *LEVEL_HALF_LIVES, 364.0)
SALE_HALF_LIVES = (14.0, 28.0, 112.0)


def _names(kind: str, half_lives: Sequence[float]) -> tuple[str, ...]:
    return tuple(f"{kind}_{days:g}" for days in half_lives)


AVERAGES = (
    *_names("root_mean", ROOT_HALF_LIVES),
    *_names("mean", MEAN_HALF_LIVES),
    *_names("share_of_days_sold", SALE_HALF_LIVES),
    *_names("root_mean_square", SALE_HALF_LIVES),
)
"""Decayed averages of the past by half-life in days; all but the shares are divided by the level."""

SERIES_FEATURES = (*AVERAGES, "days_since_sale", "age", "log_dispersion", "log_level")
DAY_FEATURES = (
    *_names("weekday_index", PROFILE_HALF_LIVES),
    *_names("own_weekday_index", PROFILE_HALF_LIVES),
    "pool_weekday_index",
    "forecast_over_level",
    "log_forecast",
)
CALENDAR_FEATURES = ("step", "weekday", "day_of_month")
"""Features of a day ahead that all series share; only the median trees use these and `DAY_FEATURES`."""

POOL_PROFILE = PROFILE_HALF_LIVES.index(112.0)
"""Position of the half-life of the feature `pool_weekday_index`."""

MIN_LEVEL = 1e-3
"""Lower bound of a level in units per column, so that ratios to it stay finite."""


@dataclass(frozen=True)
class Features:
    """An array of features [..., K] with a name for each of the K."""

    names: tuple[str, ...]
    values: FloatArray

    def __getitem__(self, name: str) -> FloatArray:
        """[...], one feature."""
        column: FloatArray = self.values[..., self.names.index(name)]
        return column

    def select(self, names: Sequence[str]) -> FloatArray:
        """[..., N], several features."""
        selected: FloatArray = self.values[..., [self.names.index(name) for name in names]]
        return selected


@dataclass(frozen=True)
class PooledFeatures:
    """Features of S series at C cutoffs with H columns, or B weeks, ahead; L half-lives, K measures.

    level: [S, C], units per column, by which the averages are divided.
    weekday_forecast: [S, C, H], units. weekday_level: [S, C], units per column, the level in that forecast.
    series: [S, C] `SERIES_FEATURES`. calendar: [C, H] `CALENDAR_FEATURES`.
    weekday_index: [S, C, 7, 2L], weekday profiles, first L shrunk, then L of the series alone.
    pool_index: [C, 7], the pool's weekday profile.
    plans: [S, C, H, 4K], see `plan_features`. last_year: [S, C, B, 2], see `last_year_features`.
    period: days per column.
    """

    level: FloatArray
    weekday_forecast: FloatArray
    weekday_level: FloatArray
    series: Features
    calendar: Features
    weekday_index: FloatArray
    pool_index: FloatArray
    plans: FloatArray
    last_year: FloatArray
    period: int

    @property
    def has_plans(self) -> bool:
        """Whether plans are configured; the features of a series without a plan are 0."""
        return bool(self.plans.shape[3])

    def days(self, series: IntArray, cutoff: IntArray, step: IntArray, base: FloatArray) -> FloatArray:
        """[N, K], the `DAY_FEATURES` of N days ahead.

        series, cutoff, step: [N], positions from 0. base: [N], forecasts of those days, units.
        """
        weekday = self.calendar["weekday"][cutoff, step].astype(np.int64)
        over_level = self.weekday_forecast[series, cutoff, step] / self.level[series, cutoff]
        log_forecast = np.log(np.maximum(base, MIN_LEVEL))
        single = (self.pool_index[cutoff, weekday], over_level, log_forecast)
        return np.column_stack([self.weekday_index[series, cutoff, weekday], *single])


def pooled_features(history: History, cutoffs: IntArray, horizon: int, pool: Pool) -> PooledFeatures:
    """Features at each cutoff, from the days up to it.

    cutoffs: [C], columns of the history. pool: as known at these cutoffs.
    """
    weekday = weekday_forecasts(history, cutoffs, horizon, pool)
    profiles = weekday.profiles
    mean = _decayed_means(history, cutoffs, MEAN_HALF_LIVES, 1.0)
    level = (mean[..., MEAN_HALF_LIVES.index(28.0)] + mean[..., MEAN_HALF_LIVES.index(112.0)]) / 2.0
    level = np.maximum(level, MIN_LEVEL)
    ahead = history.days[cutoffs][:, np.newaxis] + history.period * np.arange(1, horizon + 1)  # [C, H]
    own_index = ratio(profiles.units, profiles.days) / level[:, :, np.newaxis, np.newaxis]
    averages = _averages(history, cutoffs, mean, level)
    since_sale = _days_since_sale(history, cutoffs)
    age = _age(history, cutoffs, oldest=pool.settings.full_history_days)
    others = np.stack([since_sale, age, profiles.log_dispersion, np.log(level)], axis=2)
    return PooledFeatures(
        level=level,
        weekday_forecast=weekday.forecast,
        weekday_level=weekday.level,
        series=Features(SERIES_FEATURES, np.concatenate([averages, others], axis=2)),
        calendar=Features(CALENDAR_FEATURES, _calendar(ahead)),
        weekday_index=np.concatenate([weekday.index, own_index], axis=3),
        pool_index=pool.index[..., POOL_PROFILE],
        plans=plan_features(history, cutoffs, horizon),
        last_year=last_year_features(history, cutoffs, horizon, pool, profiles.log_dispersion),
        period=history.period,
    )


def _decayed_means(
    history: History, cutoffs: IntArray, half_lives: tuple[float, ...], power: float
) -> FloatArray:
    """[S, C, L], decayed means of the quantity raised to a power."""
    weight = decay_weights(history.n_days, cutoffs, half_lives, history.period)
    powers: FloatArray = history.filled_damped**power
    return ratio(weighted_sums(powers, weight), weighted_sums(history.known_weight, weight))


def _averages(history: History, cutoffs: IntArray, mean: FloatArray, level: FloatArray) -> FloatArray:
    """[S, C, K], the features `AVERAGES`; means of roots, which outliers affect little, are squared."""
    scale = level[:, :, np.newaxis]
    roots = np.square(_decayed_means(history, cutoffs, ROOT_HALF_LIVES, 0.5))
    weight = decay_weights(history.n_days, cutoffs, SALE_HALF_LIVES, history.period)
    known = weighted_sums(history.known_weight, weight)
    share_sold = ratio(weighted_sums((history.filled_damped > 0).astype(np.float64), weight), known)
    root_mean_square = np.sqrt(ratio(weighted_sums(history.filled_damped**2, weight), known))
    return np.concatenate([roots / scale, mean / scale, share_sold, root_mean_square / scale], axis=2)


def _calendar(ahead: IntArray) -> FloatArray:
    """[C, H, 3], `CALENDAR_FEATURES` of epoch days [C, H]."""
    dates = ahead.astype("datetime64[D]")
    day_of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    step = np.broadcast_to(np.arange(1, ahead.shape[1] + 1), ahead.shape)
    return np.stack([step, weekdays(ahead), day_of_month], axis=2).astype(np.float64)


def _days_since_sale(history: History, cutoffs: IntArray) -> IntArray:
    """[S, C], days since the last sale; the length of the history up to the cutoff where there was none."""
    latest_first = np.ascontiguousarray(history.is_sold[:, ::-1])
    since = np.empty((history.n_series, len(cutoffs)), dtype=np.int64)
    for position, cutoff in enumerate(cutoffs.tolist()):
        sold = latest_first[:, history.n_days - 1 - cutoff :]
        since[:, position] = np.where(sold.any(axis=1), np.argmax(sold, axis=1), cutoff + 1)
    return since * history.period


def _age(history: History, cutoffs: IntArray, oldest: int) -> IntArray:
    """[S, C], days from the first known day to the cutoff, both counted; 0 or less at cutoffs before it.

    Older series have the age `oldest`: all series as old as the data would share one age, which trees could
    read as the date.
    """
    age: IntArray = cutoffs - np.argmax(history.known, axis=1)[:, np.newaxis] + 1
    return np.minimum(age * history.period, oldest)
