"""Weekday profiles and levels of single series, and profiles shrunk towards the pool's."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.decayed_sums import decay_weights, ratio, weighted_sums
from lepton_spark.models.data.elsewhere import Elsewhere
from lepton_spark.models.data.history import SEASON_LENGTH, History, weekdays
from lepton_spark.models.pooled.pool import PROFILE_HALF_LIVES, Pool
from lepton_spark.models.pooled.settings import DEFAULT_SETTINGS, PooledSettings

FORECAST_PROFILE = PROFILE_HALF_LIVES.index(364.0)
"""Position of the half-life whose profile forecasts use."""

RECENT_PROFILE, RECENT_DAYS = 0, 28
"""Position of the half-life whose profile counts the last four weeks only, to follow a change of the week."""

RECENT_PRIOR_UNITS = 4.0
"""Units of a weekday that the pool's recent profile is worth: little, where the product has changed alone."""

MIN_GAIN = 6.0
"""Log likelihood by which the recent profile must explain the last four weeks of a series better."""

LARGE_CHANGE = 0.15
"""Share of sales that must have moved to other weekdays for the week of a whole pool to have changed."""

LEVEL_HALF_LIVES = (7.0, 14.0, 28.0, 56.0, 112.0, 224.0)


@dataclass(frozen=True)
class WeekdayProfiles:
    """Decayed sums by weekday of S series at C cutoffs, for each of `PROFILE_HALF_LIVES`.

    units, days: [S, C, 7, L], decayed units and known days. level: [S, C, L], units per day.
    log_dispersion: [S, C], log of variance over mean at the longest half-life, at least 0.
    """

    units: FloatArray
    days: FloatArray
    level: FloatArray
    log_dispersion: FloatArray

    def finite(self) -> "WeekdayProfiles":
        """The series whose sums are all finite."""
        usable = np.isfinite(self.units).all(axis=(1, 2, 3)) & np.isfinite(self.log_dispersion).all(axis=1)
        return WeekdayProfiles(
            self.units[usable], self.days[usable], self.level[usable], self.log_dispersion[usable]
        )


@dataclass(frozen=True)
class WeekdayForecasts:
    """Weekday forecasts of S series after C cutoffs, and what they are made of.

    index: [S, C, 7, L], shrunk to the pool's. level: [S, C], units per column. forecast: [S, C, H], units.
    """

    pool: Pool
    profiles: WeekdayProfiles
    index: FloatArray
    level: FloatArray
    forecast: FloatArray


def weekday_forecasts(history: History, cutoffs: IntArray, horizon: int, pool: Pool) -> WeekdayForecasts:
    """Averaged level times weekday index times the pool's factors; computed once for all models.

    cutoffs: [C], columns of the history.
    """
    key = ("weekday_forecasts", cutoffs.tobytes(), horizon, id(pool))
    if key not in history.shared:
        profiles = weekday_profiles(history, cutoffs)
        index = shrunk_index(profiles, pool)
        level = averaged_level(history, cutoffs, pool.settings)
        ahead = history.days[cutoffs][:, np.newaxis] + history.period * np.arange(1, horizon + 1)  # [C, H]
        by_weekday = index_on_days(index[..., [FORECAST_PROFILE]], ahead)[..., 0]
        forecast = level[:, :, np.newaxis] * by_weekday * pool.day_factors(ahead)
        history.shared[key] = WeekdayForecasts(pool, profiles, index, level, forecast)
    found: WeekdayForecasts = history.shared[key]
    return found


def weekday_profiles(history: History, cutoffs: IntArray) -> WeekdayProfiles:
    """Profiles of every series up to each cutoff [C], a column of the history; computed once."""
    key = ("weekday_profiles", cutoffs.tobytes())
    if key not in history.shared:
        history.shared[key] = _weekday_profiles(history, cutoffs)
    found: WeekdayProfiles = history.shared[key]
    return found


def _weekday_profiles(history: History, cutoffs: IntArray) -> WeekdayProfiles:
    shape = (history.n_series, len(cutoffs), SEASON_LENGTH, len(PROFILE_HALF_LIVES))
    units, days = np.zeros(shape), np.zeros(shape)
    weight = decay_weights(history.n_days, cutoffs, PROFILE_HALF_LIVES, history.period)
    age = (cutoffs - np.arange(history.n_days)[:, np.newaxis]) * history.period
    weight[age >= RECENT_DAYS, RECENT_PROFILE] = 0.0
    sold, known = (np.ascontiguousarray(a.T) for a in (history.filled_damped, history.known_weight))  # [T, S]
    step = history.season_length
    for first, day in enumerate(weekdays(history.days[:step]).tolist()):
        on = slice(first, None, step)
        units[:, :, day] = weighted_sums(sold[on].T, weight[on])
        days[:, :, day] = weighted_sums(known[on].T, weight[on])
    level = ratio(units.sum(axis=2), days.sum(axis=2))
    squares = weighted_sums(history.filled_damped**2, weight[:, :, -1:])[..., 0]
    square = ratio(squares, days[..., -1].sum(axis=2))
    mean = level[..., -1]
    with np.errstate(over="ignore", invalid="ignore"):
        dispersion = ratio(square - mean**2, mean)
    return WeekdayProfiles(units, days, level, np.log(np.maximum(dispersion, 1.0)))


def shrunk_index(own: WeekdayProfiles, pool: Pool) -> FloatArray:
    """[S, C, 7, L], the weekday index (units + k p) / (level x days + k), with p the pool's index.

    k is the prior's units times the dispersion, itself the geometric mean of the series' and the pool's.
    Where the week has changed, the profile that forecasts use is the recent one.
    """
    prior = _prior(own, pool)
    index: FloatArray = (own.units + prior * pool.index) / (own.days * own.level[:, :, np.newaxis] + prior)
    index[..., -1] = _following_changes(own, pool, index[..., -1])
    return index


def _prior(own: WeekdayProfiles, pool: Pool) -> FloatArray:
    """[S, C, 1, 1], units that the pool's profile is worth."""
    dispersion = np.exp((own.log_dispersion + pool.log_dispersion) / 2.0)
    prior: FloatArray = pool.settings.weekday_prior_units * dispersion[:, :, np.newaxis, np.newaxis]
    return prior


def pool_shift(own: WeekdayProfiles, pool: Pool, index: FloatArray) -> FloatArray:
    """[S, C, 7], what the pool's profile adds to the index that forecasts use, less 1: k (p - 1) / (d + k).

    d: the units expected without a weekly pattern. index: [S, C, 7], as `shrunk_index` returned it.
    """
    prior = _prior(own, pool)[..., 0]
    usual_days = own.days[..., -1] * own.level[..., [-1]]
    usual = (own.units[..., -1] + prior * pool.index[..., -1]) / (usual_days + prior)
    has_changed = (index != usual).any(axis=2, keepdims=True)
    recent_days = own.days[..., RECENT_PROFILE] * own.level[..., [RECENT_PROFILE]]
    recent = RECENT_PRIOR_UNITS * (pool.index[..., RECENT_PROFILE] - 1.0) / (recent_days + RECENT_PRIOR_UNITS)
    return np.where(has_changed, recent, prior * (pool.index[..., -1] - 1.0) / (usual_days + prior))


def _following_changes(own: WeekdayProfiles, pool: Pool, usual: FloatArray) -> FloatArray:
    """[S, C, 7], the usual index, or the recent one where that explains the last four weeks much better.

    Both are compared by the Poisson likelihood of the units of these weeks, over the dispersion around the
    usual weekdays. If the pool's week has changed, any gain is enough. usual: [S, C, 7].
    """
    units, days = own.units[..., RECENT_PROFILE], own.days[..., RECENT_PROFILE]
    of_pool = pool.index[..., RECENT_PROFILE]
    expected = days * own.level[..., [RECENT_PROFILE]]
    recent = (units + RECENT_PRIOR_UNITS * of_pool) / (expected + RECENT_PRIOR_UNITS)
    shares = [ratio(index * days, np.sum(index * days, axis=2, keepdims=True)) for index in (usual, recent)]
    before, after = (np.log(np.maximum(share, np.finfo(np.float64).tiny)) for share in shares)
    gain = np.sum(units * (after - before), axis=2, where=units > 0) / _dispersion_around_weekdays(own)
    moved = np.abs(of_pool - pool.index[..., -1]).sum(axis=1) / (2 * SEASON_LENGTH)
    has_changed = gain > np.where(moved > LARGE_CHANGE, 0.0, MIN_GAIN)
    return np.where(has_changed[:, :, np.newaxis], recent, usual)


def _dispersion_around_weekdays(own: WeekdayProfiles) -> FloatArray:
    """[S, C], variance over mean without the variance between weekdays, at least 1."""
    units, days, level = own.units[..., -1], own.days[..., -1], own.level[..., -1]
    between = np.sum(days * (ratio(units, days) - level[:, :, np.newaxis]) ** 2, axis=2)
    explained = ratio(ratio(between, days.sum(axis=2)), level)
    return np.maximum(np.exp(own.log_dispersion) - explained, 1.0)


def averaged_level(
    history: History, cutoffs: IntArray, settings: PooledSettings = DEFAULT_SETTINGS
) -> FloatArray:
    """[S, C], units per column: the mean of decayed means with half-lives from 7 to 224 days.

    Where other locations sell the product, each mean is shrunk to the product's.
    """
    weight = decay_weights(history.n_days, cutoffs, LEVEL_HALF_LIVES, history.period)
    units = weighted_sums(history.filled_damped, weight)
    columns = weighted_sums(history.known_weight, weight)
    means = ratio(units, columns)
    if history.elsewhere is not None:
        others = sums_elsewhere(history.elsewhere, history.days[cutoffs])
        shrunk = _shrunk_means(units, columns, *others, settings)
        means = np.where((others[1] > 0) & np.isfinite(shrunk), shrunk, means)
    level: FloatArray = means.mean(axis=2)
    return level


def sums_elsewhere(elsewhere: Elsewhere, days: IntArray) -> tuple[FloatArray, FloatArray]:
    """[S, C, L] each, decayed units and known columns at other locations in the weeks that ended by each day.

    days: [C], epoch days.
    """
    last_week = np.searchsorted(elsewhere.days, days, side="right") - 1
    weight = decay_weights(len(elsewhere.days), last_week, LEVEL_HALF_LIVES, SEASON_LENGTH)
    return weighted_sums(elsewhere.units, weight), weighted_sums(elsewhere.columns, weight)


def _shrunk_means(
    units: FloatArray,
    columns: FloatArray,
    other_units: FloatArray,
    other_columns: FloatArray,
    settings: PooledSettings,
) -> FloatArray:
    """[S, C, L], decayed means of a location's units, shrunk to what the product sells at all locations.

    The share of a location is its units over those of a mean location in the same columns, at the longest
    half-life, shrunk to 1. That share of the product's decayed mean is the prior of the location's own.

    units, columns, other_units, other_columns: [S, C, L], decayed sums here and elsewhere.
    """
    product = ratio(units + other_units, columns + other_columns)
    k = settings.location_prior_units
    share = (units[..., -1:] + k) / (product[..., -1:] * columns[..., -1:] + k)
    k, expected = settings.product_prior_units, product * share
    return expected * ratio(units + k, expected * columns + k)


def index_on_days(index: FloatArray, days: IntArray) -> FloatArray:
    """[S, C, H, L], a weekday index [S, C, 7, L] on the epoch days [C, H]."""
    picked: FloatArray = index[:, np.arange(len(days))[:, np.newaxis], weekdays(days)]
    return picked
