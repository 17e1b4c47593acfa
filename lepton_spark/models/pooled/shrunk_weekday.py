"""Weekday profiles shrunk to the pool's, times a level averaged over many half-lives."""

from dataclasses import dataclass, replace

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.decayed_sums import decay, project, ratio
from lepton_spark.models.data.history import SEASON_LENGTH, Fit, History, PoolProfile, weekdays
from lepton_spark.models.pooled.factors.excess import excess
from lepton_spark.models.pooled.factors.holidays import public_day_factors, public_days_ahead
from lepton_spark.models.pooled.factors.month_days import month_days, stretch_of
from lepton_spark.models.pooled.factors.pool_totals import LARGEST_SHARE
from lepton_spark.models.pooled.factors.year_weeks import year_weeks

LEVEL_HALF_LIVES = (7.0, 14.0, 28.0, 56.0, 112.0, 224.0)
PROFILE_HALF_LIVES = (14.0, 28.0, 112.0, 364.0)
"""The last is the forecaster's; the others are features of the pooled model."""

PRIOR_UNITS = 80.0
"""How many units of Poisson demand the pool's profile is worth; times the dispersion for lumpier demand."""


@dataclass(frozen=True)
class Profiles:
    """Decayed sums by weekday of each series at each cutoff.

    units, days: [S, C, 7, L], decayed units and known days; level: [S, C, L], their ratio over the week.
    log_dispersion: [S, C], log of variance over mean at the longest half-life, at least 0.
    """

    units: FloatArray
    days: FloatArray
    level: FloatArray
    log_dispersion: FloatArray


def profiles(history: History, cutoffs: IntArray) -> Profiles:
    """Sums by weekday up to each cutoff, a column of the history."""
    shape = (history.n_series, len(cutoffs), SEASON_LENGTH, len(PROFILE_HALF_LIVES))
    units, days = np.zeros(shape), np.zeros(shape)
    weight = decay(history.n_days, cutoffs, PROFILE_HALF_LIVES, history.period)
    weekday = weekdays(history.days)
    for day in range(SEASON_LENGTH):
        on = weekday == day
        units[:, :, day] = project(history.calm[:, on], weight[on])
        days[:, :, day] = project(history.known_weight[:, on], weight[on])
    level = ratio(units.sum(axis=2), days.sum(axis=2))
    square = ratio(project(history.calm**2, weight[:, :, -1:])[..., 0], days[..., -1].sum(axis=2))
    mean = level[..., -1]
    with np.errstate(over="ignore", invalid="ignore"):
        dispersion = ratio(square - mean**2, mean)
    return Profiles(units, days, level, np.log(np.maximum(dispersion, 1.0)))


def pool_profile(own: Profiles) -> PoolProfile:
    """The pool's weekday index, its largest products cut back, and its median dispersion.

    Series whose sums are no finite numbers are left out; without any the profile is `neutral_profile`.
    """
    own = _finite(own)
    if not len(own.units):
        return neutral_profile(own.units.shape[1])
    cap = np.quantile(own.level, LARGEST_SHARE, axis=0, keepdims=True)
    share = np.minimum(ratio(cap, own.level), 1.0)[:, :, np.newaxis]  # [S, C, 1, L]
    sold = np.sum(own.units * share, axis=0)
    expected = np.sum(own.days * own.level[:, :, np.newaxis] * share, axis=0)
    index = np.divide(sold, expected, out=np.ones_like(sold), where=expected > 0)
    return PoolProfile(index, np.median(own.log_dispersion, axis=0))


def pool_at(history: History, cutoffs: IntArray) -> PoolProfile:
    """What the series of a history share at each cutoff, a column of it; without trees.

    Where promotions were told late each cutoff has a history of its own: what is damped differs.
    """
    if history.told_late:
        then = ((history.until(cutoff), np.array([cutoff])) for cutoff in cutoffs.tolist())
        return PoolProfile.joined([_pool_at(*each) for each in then])
    return _pool_at(history, cutoffs)


def _pool_at(history: History, cutoffs: IntArray) -> PoolProfile:
    return replace(
        pool_profile(profiles(history, cutoffs)),
        month_days=month_days(history, cutoffs),
        year_weeks=year_weeks(history, cutoffs),
        public_days=None if history.public_days is None else public_day_factors(history, cutoffs),
        excess=None if history.damped is None else excess(history, cutoffs),
    )


def neutral_profile(n_cutoffs: int = 1) -> PoolProfile:
    """Every weekday alike, and Poisson demand: where nothing is known of a pool."""
    return PoolProfile(np.ones((n_cutoffs, SEASON_LENGTH, len(PROFILE_HALF_LIVES))), np.zeros(n_cutoffs))


def _finite(own: Profiles) -> Profiles:
    sound = np.isfinite(own.units).all(axis=(1, 2, 3)) & np.isfinite(own.log_dispersion).all(axis=1)
    return Profiles(own.units[sound], own.days[sound], own.level[sound], own.log_dispersion[sound])


def shrunk_index(own: Profiles, pool: PoolProfile) -> FloatArray:
    """[S, C, 7, L], (units + k p) / (level x days + k), p the pool's index.

    k is `PRIOR_UNITS` times the dispersion, itself drawn halfway (in logs) to the pool's median.
    """
    dispersion = np.exp((own.log_dispersion + pool.log_dispersion) / 2.0)
    prior = PRIOR_UNITS * dispersion[:, :, np.newaxis, np.newaxis]
    index: FloatArray = (own.units + prior * pool.index) / (own.days * own.level[:, :, np.newaxis] + prior)
    return index


def averaged_level(history: History, cutoffs: IntArray) -> FloatArray:
    """[S, C], the mean of decayed means of half-lives 7 to 224 days."""
    weight = decay(history.n_days, cutoffs, LEVEL_HALF_LIVES, history.period)
    means = ratio(project(history.calm, weight), project(history.known_weight, weight))
    level: FloatArray = means.mean(axis=2)
    return level


def pool_factors(pool: PoolProfile, days: IntArray) -> FloatArray:
    """[C, H], what the pool knows of the epoch days [C, H] after a cutoff, 1 where it knows nothing.

    Stretch of the month, weeks of the year, holidays, and on all days alike what spikes add.
    """
    factors = np.ones(days.shape)
    if pool.excess is not None:
        factors *= pool.excess[:, np.newaxis]
    if pool.month_days is not None:
        factors *= np.take_along_axis(pool.month_days, stretch_of(days), axis=1)
    if pool.year_weeks is not None:
        n_days = min(days.shape[1], SEASON_LENGTH * pool.year_weeks.shape[1])
        factors[:, :n_days] *= pool.year_weeks[:, np.arange(n_days) // SEASON_LENGTH]
    return factors * public_days_ahead(pool, days.shape[1])


def at_days(index: FloatArray, days: IntArray) -> FloatArray:
    """[S, C, H, L], a weekday index [S, C, 7, L] on epoch days [C, H]."""
    picked: FloatArray = index[:, np.arange(len(days))[:, np.newaxis], weekdays(days)]
    return picked


class ShrunkWeekday:
    """Level times weekday index, shrunk to the pool's, times what the pool knows of a day.

    Without a pool the index is shrunk to no season. A series without a known day gets a NaN row.
    """

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Forecast every series at once."""
        cutoff = np.array([history.n_days - 1])
        own = profiles(history, cutoff)
        pool = history.pool or neutral_profile()
        index = shrunk_index(own, pool)
        level = averaged_level(history, cutoff)[:, 0]
        ahead = history.ahead(horizon)[np.newaxis]
        forecast = level[:, np.newaxis] * at_days(index, ahead)[:, 0, :, -1] * pool_factors(pool, ahead)
        forecast[history.n_known == 0] = np.nan
        return Fit(forecast, {"level": level})
