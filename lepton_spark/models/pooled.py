"""Forecasts by trees trained over many series: plain arrays that serve any batch without training."""

import numpy as np

from lepton_spark.models.arrays import FloatArray, IntArray
from lepton_spark.models.batch import SEASON_LENGTH, Fit, History
from lepton_spark.models.pooled_features import LEAST_LEVEL, PooledFeatures, pooled_features
from lepton_spark.models.shrunk_weekday import ShrunkWeekday
from lepton_spark.models.trees import PooledTrees

TREES_SHARE = 0.6
"""The trees' part of the mean; the shrunk weekday forecast is the rest: docs/accuracy.md."""

LARGEST_LOG_RATIO = 3.0
"""Trees say at most e^3 times the weekday forecast, also of a series unlike any they were trained on."""

BLOCK_DAYS = SEASON_LENGTH
"""Days whose sum the trees of the mean foretell: weekdays are the profile's business, the level theirs."""

TREES = "trees"


class Pooled:
    """The shrunk weekday forecast, in part times what trees make of each week ahead.

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
        median = median_forecast(features, pool.trees, forecast)
        unknown = history.n_known == 0
        forecast[unknown], median[unknown] = np.nan, np.nan
        coefficients = {"level": features.level[:, 0], TREES: np.full(history.n_series, TREES_SHARE)}
        return Fit(forecast, coefficients, median=median)


def mean_forecast(features: PooledFeatures, trees: PooledTrees) -> FloatArray:
    """[S, H], units, at the only cutoff of the features."""
    shrunk = features.shrunk[:, 0]
    base, days = week_blocks(features)
    weeks = np.arange(base.shape[2], dtype=np.float64)[:, np.newaxis]
    logs = [bag.predict(features.series[:, 0], days[:, 0], weeks) for bag in trees.mean]
    ratio = np.mean([np.exp(np.minimum(log, LARGEST_LOG_RATIO)) for log in logs], axis=0)  # [S, B]
    by_day = ratio[:, np.arange(shrunk.shape[1]) // BLOCK_DAYS]
    forecast: FloatArray = shrunk * ((1.0 - TREES_SHARE) + TREES_SHARE * by_day)
    return forecast


def median_forecast(features: PooledFeatures, trees: PooledTrees, forecast: FloatArray) -> FloatArray:
    """[S, H], units, never negative, from the mean [S, H] at the only cutoff of the features."""
    days = features.days_over(forecast[:, np.newaxis])
    ratio = trees.median.predict(features.series[:, 0], days[:, 0], features.calendar[0])
    median: FloatArray = np.maximum(ratio, 0.0) * np.maximum(forecast, LEAST_LEVEL)
    return median


def week_blocks(features: PooledFeatures) -> tuple[FloatArray, FloatArray]:
    """The weekday forecast a day of each block [S, C, B], units, and its features [S, C, B, 1]."""
    base = block_sums(features.shrunk) / block_sums(np.ones(features.shrunk.shape[2]))
    over_level = np.maximum(base, LEAST_LEVEL) / features.level[..., np.newaxis]
    return base, np.log(over_level)[..., np.newaxis]


def block_sums(values: FloatArray) -> FloatArray:
    """Sums over blocks of seven days along the last axis; the last block may be shorter."""
    starts: IntArray = np.arange(0, values.shape[-1], BLOCK_DAYS)
    sums: FloatArray = np.add.reduceat(values, starts, axis=-1)
    return sums
