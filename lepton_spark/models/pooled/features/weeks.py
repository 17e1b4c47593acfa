"""Weeks ahead, the unit in which the pooled model corrects the weekday forecast."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import SEASON_LENGTH
from lepton_spark.models.pooled.features.pooled_features import AVERAGES, MIN_LEVEL, PooledFeatures
from lepton_spark.models.pooled.regressors.linear import LARGEST_RATIO, PooledRegression, over_forecast


def week_sums(values: FloatArray, period: int = 1) -> FloatArray:
    """Sums over weeks of columns of `period` days, on the last axis; the last week may be shorter.

    >>> week_sums(np.arange(10.0))
    array([21., 24.])
    """
    starts: IntArray = np.arange(0, values.shape[-1], SEASON_LENGTH // period)
    sums: FloatArray = np.add.reduceat(values, starts, axis=-1)
    return sums


def week_means(values: FloatArray, period: int = 1) -> FloatArray:
    """Means over the same weeks, [..., B] of [..., H]."""
    return week_sums(values, period) / week_sums(np.ones(values.shape[-1]), period)


def week_of_column(features: PooledFeatures) -> IntArray:
    """[H], the week of each column ahead."""
    weeks: IntArray = np.arange(features.weekday_forecast.shape[2]) * features.period // SEASON_LENGTH
    return weeks


def forecast_over_level(features: PooledFeatures) -> FloatArray:
    """[S, C, B], daily mean of each week's weekday forecast over the level."""
    mean = week_means(features.weekday_forecast, features.period)
    ratio: FloatArray = np.maximum(mean, MIN_LEVEL) / features.level[..., np.newaxis]
    return ratio


def week_features(features: PooledFeatures) -> FloatArray:
    """[S, C, B, 3], features of each week for the trees: log forecast over level, last year."""
    over_level = np.log(forecast_over_level(features))[..., np.newaxis]
    return np.concatenate([over_level, features.last_year], axis=3)


def tree_inputs(features: PooledFeatures) -> tuple[FloatArray, FloatArray]:
    """What the trees for the mean see of one cutoff: features [S, B, K] and the number [B, 1] of each week.

    Plans differ by day, so with plans there is one row for each column ahead, [S, H, K] and [H, 1].
    """
    weekly = week_features(features)[:, 0]
    weeks = np.arange(weekly.shape[1], dtype=np.float64)[:, np.newaxis]
    if features.has_plans:
        of_column = week_of_column(features)
        weekly = np.concatenate([weekly[:, of_column], features.plans[:, 0]], axis=2)
        weeks = weeks[of_column]
    return weekly, weeks


def week_plans(features: PooledFeatures) -> FloatArray:
    """[S, C, B, P], means over each week of the plan features of its days."""
    return np.moveaxis(week_means(np.moveaxis(features.plans, 3, 2), features.period), 2, 3)


def regression_columns(features: PooledFeatures) -> FloatArray:
    """[S, C, B, K], columns of the regression: averages over the forecast, last year, plans."""
    averages = over_forecast(features.series.select(AVERAGES), forecast_over_level(features))
    return np.concatenate([averages, features.last_year, week_plans(features)], axis=3)


def regression_ratio(features: PooledFeatures, regression: PooledRegression | None) -> FloatArray:
    """[S, C, H], units over the weekday forecast, 0 to 10; 1 without a regression. Plans count by day."""
    if regression is None:
        return np.ones(features.weekday_forecast.shape)
    averages = over_forecast(features.series.select(AVERAGES), forecast_over_level(features))
    n_averages, n_yearly = averages.shape[3], features.last_year.shape[3]
    by_week = regression.contribution(averages, 0) + regression.contribution(features.last_year, n_averages)
    by_plans = regression.contribution(features.plans, n_averages + n_yearly)
    return np.clip(1.0 + by_week[..., week_of_column(features)] + by_plans, 0.0, LARGEST_RATIO)
