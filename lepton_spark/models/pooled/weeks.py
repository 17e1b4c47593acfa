"""The weeks ahead as pooled models are told of them: weekdays are the profile's business."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import SEASON_LENGTH
from lepton_spark.models.pooled.features import LEAST_LEVEL, PooledFeatures
from lepton_spark.models.pooled.linear import LARGEST_RATIO, PooledLinear, over_forecast

WEEK_DAYS = SEASON_LENGTH


def week_sums(values: FloatArray, period: int = 1) -> FloatArray:
    """Sums over weeks of columns of `period` days, on the last axis; the last week may be shorter."""
    starts: IntArray = np.arange(0, values.shape[-1], WEEK_DAYS // period)
    sums: FloatArray = np.add.reduceat(values, starts, axis=-1)
    return sums


def week_means(values: FloatArray, period: int = 1) -> FloatArray:
    """Means over the same weeks, [..., B] of [..., H]."""
    return week_sums(values, period) / week_sums(np.ones(values.shape[-1]), period)


def week_of(features: PooledFeatures) -> IntArray:
    """[H], the week of each column ahead."""
    weeks: IntArray = np.arange(features.shrunk.shape[2]) * features.period // WEEK_DAYS
    return weeks


def over_level(features: PooledFeatures) -> FloatArray:
    """[S, C, B], the weekday forecast of each week, a day, over the level."""
    base = week_means(features.shrunk, features.period)
    ratio: FloatArray = np.maximum(base, LEAST_LEVEL) / features.level[..., np.newaxis]
    return ratio


def week_features(features: PooledFeatures) -> FloatArray:
    """[S, C, B, 3], what trees are told of each week: log of the forecast over the level, last year."""
    return np.concatenate([np.log(over_level(features))[..., np.newaxis], features.last_year], axis=3)


def week_plans(features: PooledFeatures) -> FloatArray:
    """[S, C, B, P], means over each week of what is planned for its days."""
    return np.moveaxis(week_means(np.moveaxis(features.plans, 3, 2), features.period), 2, 3)


def linear_columns(features: PooledFeatures) -> FloatArray:
    """[S, C, B, K], what the linear regression weighs: averages over the forecast, last year, plans."""
    averages = over_forecast(features.averages, over_level(features))
    return np.concatenate([averages, features.last_year, week_plans(features)], axis=3)


def linear_ratio(features: PooledFeatures, linear: PooledLinear | None) -> FloatArray:
    """[S, C, H], units over the weekday forecast, 0 to 10; 1 without a regression. Plans are read by day."""
    if linear is None:
        return np.ones(features.shrunk.shape)
    averages = over_forecast(features.averages, over_level(features))
    n_averages, n_yearly = averages.shape[3], features.last_year.shape[3]
    by_week = linear.told_by(averages, 0) + linear.told_by(features.last_year, n_averages)
    by_plans = linear.told_by(features.plans, n_averages + n_yearly)
    return np.clip(1.0 + by_week[..., week_of(features)] + by_plans, 0.0, LARGEST_RATIO)
