"""What a pooled model knows of a series at a cutoff: averages over its level, and the days ahead.

Every feature is free of units, so that one model serves products of every size, but those that tell the size:
log dispersion and log level of a series, the log of the forecast of a day.
"""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.decayed_sums import decay, project, ratio
from lepton_spark.models.data.history import History, PoolProfile, weekdays
from lepton_spark.models.pooled.last_year import last_year
from lepton_spark.models.pooled.plan_features import plan_features
from lepton_spark.models.pooled.shrunk_weekday import (
    LEVEL_HALF_LIVES,
    at_days,
    averaged_level,
    pool_at,
    pool_factors,
    profiles,
    shrunk_index,
)

HALF_LIVES = (3.0, *LEVEL_HALF_LIVES, 364.0)
ROOT_HALF_LIVES = (14.0, 28.0, 112.0, 364.0)
SHARE_HALF_LIVES = (14.0, 28.0, 112.0)
N_OTHERS = 4
"""Features of a series that are no averages over its level: the last ones."""

WEEKDAY = 1
"""Its place in the calendar's features."""

LEAST_LEVEL = 1e-3
"""Units a day below which a level counts as this, so that ratios to it stay finite."""


@dataclass(frozen=True)
class PooledFeatures:
    """Features at C cutoffs; a model numbers them series, days, calendar.

    level: [S, C], units a day, what features and targets are scaled by; shrunk: [S, C, H], the forecast of
    `ShrunkWeekday`, units.
    series: [S, C, K1]; calendar: [C, H, 3], step, weekday, day of month.
    weekday_index: [S, C, 7, K], indices of weekdays, shrunk and own; of_pool: [C, 7], the pool's.
    since_sale: [S, C], days since the last sale; age: [S, C], days since the first known day.
    log_dispersion: [S, C], log of variance over mean.
    shrunk_level: [S, C], units a day, the level behind `shrunk`.
    plans: [S, C, H, 4K], what is planned for each day ahead, as `plan_features` has it.
    last_year: [S, C, B, 2], a product's own season, of each week ahead; 0 where it is not known.
    period: days of a column.
    """

    level: FloatArray
    shrunk: FloatArray
    series: FloatArray
    weekday_index: FloatArray
    of_pool: FloatArray
    calendar: FloatArray
    since_sale: IntArray
    age: IntArray
    log_dispersion: FloatArray
    shrunk_level: FloatArray
    plans: FloatArray
    last_year: FloatArray
    period: int

    @property
    def averages(self) -> FloatArray:
        """[S, C, K], the features of a series that are averages over its level."""
        return self.series[..., :-N_OTHERS]

    def of_days(self, series: IntArray, cutoff: IntArray, step: IntArray, base: FloatArray) -> FloatArray:
        """[N, K2], features of some days ahead, all but their calendar's; base: [N], a forecast, units."""
        weekday = self.calendar[cutoff, step, WEEKDAY].astype(np.int64)
        over_level = self.shrunk[series, cutoff, step] / self.level[series, cutoff]
        single = (self.of_pool[cutoff, weekday], over_level, np.log(np.maximum(base, LEAST_LEVEL)))
        return np.column_stack([self.weekday_index[series, cutoff, weekday], *single])


def pooled_features(
    history: History, cutoffs: IntArray, horizon: int, pool: PoolProfile | None = None
) -> PooledFeatures:
    """Features up to each cutoff, a column of the history; `pool` [C] by default that of these series."""
    own = profiles(history, cutoffs)
    pool = pool or pool_at(history, cutoffs)
    mean = _decayed(history, cutoffs, HALF_LIVES, 1.0)
    level = (mean[..., HALF_LIVES.index(28.0)] + mean[..., HALF_LIVES.index(112.0)]) / 2.0
    level = np.maximum(level, LEAST_LEVEL)
    ahead = history.days[cutoffs][:, np.newaxis] + history.period * np.arange(1, horizon + 1)  # [C, H]
    index = shrunk_index(own, pool)
    raw = ratio(own.units, own.days) / level[:, :, np.newaxis, np.newaxis]
    shrunk_level = averaged_level(history, cutoffs)
    index_ahead = at_days(index[..., -1:], ahead)[..., 0]
    shrunk = shrunk_level[:, :, np.newaxis] * index_ahead * pool_factors(pool, ahead)
    since_sale, age = _since_sale(history, cutoffs), _age(history, cutoffs)
    return PooledFeatures(
        level,
        shrunk,
        np.concatenate(
            [
                _of_series(history, cutoffs, mean, level),
                np.stack([since_sale, age, own.log_dispersion, np.log(level)], axis=2),
            ],
            axis=2,
        ),
        np.concatenate([index, raw], axis=3),
        pool.index[..., -2],
        _calendar(ahead),
        since_sale,
        age,
        own.log_dispersion,
        shrunk_level,
        plan_features(history, cutoffs, horizon),
        last_year(history, cutoffs, horizon, pool, own.log_dispersion),
        history.period,
    )


def _decayed(history: History, cutoffs: IntArray, half_lives: tuple[float, ...], power: float) -> FloatArray:
    """[S, C, L], decayed means of the quantity to a power."""
    weight = decay(history.n_days, cutoffs, half_lives, history.period)
    powers: FloatArray = history.calm**power
    return ratio(project(powers, weight), project(history.known_weight, weight))


def _of_series(history: History, cutoffs: IntArray, mean: FloatArray, level: FloatArray) -> FloatArray:
    """[S, C, K], over level: means, squared means of roots (spikes hardly move them), root mean squares."""
    scale = level[:, :, np.newaxis]
    roots = np.square(_decayed(history, cutoffs, ROOT_HALF_LIVES, 0.5))
    weight = decay(history.n_days, cutoffs, SHARE_HALF_LIVES, history.period)
    sold = (history.calm > 0).astype(np.float64)
    days_sold = ratio(project(sold, weight), project(history.known_weight, weight))
    spread = np.sqrt(_decayed(history, cutoffs, SHARE_HALF_LIVES, 2.0))
    return np.concatenate([roots / scale, mean / scale, days_sold, spread / scale], axis=2)


def _calendar(ahead: IntArray) -> FloatArray:
    """[C, H, 3], step, weekday, day of month of epoch days [C, H]."""
    dates = ahead.astype("datetime64[D]")
    day_of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    step = np.broadcast_to(np.arange(1, ahead.shape[1] + 1), ahead.shape)
    return np.stack([step, weekdays(ahead), day_of_month], axis=2).astype(np.float64)


def _since_sale(history: History, cutoffs: IntArray) -> IntArray:
    """[S, C], days since the last sale; more than the whole history where there was none."""
    last = np.where(history.calm > 0, np.arange(history.n_days), -1)
    since: IntArray = cutoffs - np.maximum.accumulate(last, axis=1)[:, cutoffs]
    return since * history.period


def _age(history: History, cutoffs: IntArray) -> IntArray:
    """[S, C], days since the first known day, which counts; below 1 before it."""
    age: IntArray = cutoffs - np.argmax(history.known, axis=1)[:, np.newaxis] + 1
    return age * history.period
