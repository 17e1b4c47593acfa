"""Forecasts by what was trained over many series: plain arrays that serve any batch without training."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import Fit, History
from lepton_spark.models.pooled.features import PooledFeatures, pooled_features
from lepton_spark.models.pooled.shrunk_weekday import ShrunkWeekday
from lepton_spark.models.pooled.trees import PooledTrees, Trees
from lepton_spark.models.pooled.weeks import linear_ratio, week_features, week_of

TREES_SHARE = 0.4
"""The trees' part of the mean of a product with much to go by; the rest is the linear regression's."""

UNITS_TO_GO_BY = 20.0
"""Units of the last months at which the trees' part is halfway between all and `TREES_SHARE`.

A product that hardly sold tells its rate too high: its first sale is why it is known.
"""

GO_BY_DAYS = 112
"""Days from its first to when a product has told what it can of itself; before, the trees' part is more."""

PLANNED_SHARE = 0.6
"""The trees' least part of the mean where promotions are planned: how much more these sell is not linear."""

YEAR_SHARE = 0.75
"""The trees' least part of the mean of a product whose last year is known, for the same reason."""

LARGEST_LOG_RATIO = 3.0
"""Trees say at most e^3 times the weekday forecast, also of a series unlike any they were trained on."""

MEDIAN_FROM = 0.5
"""Units a day below which a median in whole units is 0: one day in two at most has a sale (Markov)."""

TREES = "trees"


class Pooled:
    """The shrunk weekday forecast, corrected by a linear regression and by trees, both over many series.

    The median comes from trees of its own. Where a history's pool has no trees the weekday forecast is all;
    the coefficient `trees` says how much of the mean is theirs. NaN rows where no day is known.
    """

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Forecast every series at once."""
        pool = history.pool
        if pool is None or pool.trees is None:
            weekday = ShrunkWeekday().fit_forecast(history, horizon)
            return Fit(weekday.forecast, {**weekday.coefficients, TREES: np.zeros(history.n_series)})
        features = pooled_features(history, np.array([history.n_days - 1]), horizon, pool)
        forecast = mean_forecast(features, pool.trees)
        median = median_forecast(features, pool.trees.median, forecast) if pool.trees.median else None
        unknown = history.n_known == 0
        forecast[unknown] = np.nan
        level = np.where(unknown, np.nan, features.shrunk_level[:, 0])
        return Fit(forecast, {"level": level, TREES: trees_share(features)}, median=median)


def mean_forecast(features: PooledFeatures, trees: PooledTrees) -> FloatArray:
    """[S, H], units, at the only cutoff of the features."""
    shrunk = features.shrunk[:, 0]
    days = week_features(features)[:, 0]  # [S, B, 3]
    of_day = week_of(features)
    weeks = np.arange(days.shape[1], dtype=np.float64)[:, np.newaxis]
    if features.plans.shape[3]:  # what is planned for a day is asked day by day
        days, weeks = np.concatenate([days[:, of_day], features.plans[:, 0]], axis=2), weeks[of_day]
    logs = [bag.predict(features.series[:, 0], days, weeks) for bag in trees.mean]
    ratio = np.mean([np.exp(np.minimum(log, LARGEST_LOG_RATIO)) for log in logs], axis=0)
    by_trees = ratio if features.plans.shape[3] else ratio[:, of_day]
    share = trees_share(features)[:, np.newaxis]
    by_linear = linear_ratio(features, trees.linear)[:, 0]
    forecast: FloatArray = shrunk * (share * by_trees + (1.0 - share) * by_linear)
    return forecast


def trees_share(features: PooledFeatures) -> FloatArray:
    """[S], the trees' part of the mean at the only cutoff.

    Nearly all of what is new or hardly sold, and of what they alone know more of.
    """
    share: FloatArray = 1.0 - (1.0 - TREES_SHARE) * told_of_itself(features)[:, 0]
    seasonal = (features.last_year[:, 0] != 0.0).any(axis=(1, 2))
    share = np.where(seasonal, np.maximum(share, YEAR_SHARE), share)
    return np.maximum(share, PLANNED_SHARE) if features.plans.shape[3] else share


def told_of_itself(features: PooledFeatures) -> FloatArray:
    """[S, C], how much of what there is to know a product has told by each cutoff, 0 to 1."""
    days = np.clip(features.age, 0, GO_BY_DAYS)
    units = features.level * days / features.period
    told: FloatArray = days / GO_BY_DAYS * units / (units + UNITS_TO_GO_BY)
    return told


def median_forecast(features: PooledFeatures, trees: Trees, forecast: FloatArray) -> FloatArray:
    """[S, H], whole units, never negative, from the mean [S, H] at the only cutoff of the features."""
    median = np.zeros(forecast.shape)
    rows = np.flatnonzero(forecast.max(axis=1, initial=0.0) >= MEDIAN_FROM)
    if rows.size:
        mean = forecast[rows]
        series, step = np.repeat(rows, mean.shape[1]), np.tile(np.arange(mean.shape[1]), len(rows))
        days = features.of_days(series, np.zeros_like(series), step, mean.ravel()).reshape(*mean.shape, -1)
        ratio = trees.predict(features.series[rows, 0], days, features.calendar[0])
        median[rows] = np.where(mean >= MEDIAN_FROM, np.round(np.maximum(ratio, 0.0) * mean), 0.0)
    return median


def median_over(history: History, forecast: FloatArray) -> FloatArray:
    """[S, H], what the trees of the median make of another model's mean [S, H]; NaN where there are none.

    How far the middle of a product's days lies below its mean is the same question whoever foretold the mean.
    """
    pool = history.pool
    if pool is None or pool.trees is None or pool.trees.median is None:
        return np.full(forecast.shape, np.nan)
    features = pooled_features(history, np.array([history.n_days - 1]), forecast.shape[1], pool)
    return median_forecast(features, pool.trees.median, forecast)
