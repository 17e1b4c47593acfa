from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.features.pooled_features import AVERAGES, PooledFeatures, pooled_features
from lepton_spark.models.pooled.features.weeks import (
    forecast_over_level,
    regression_columns,
    regression_ratio,
    week_features,
    week_means,
    week_of_column,
    week_plans,
    week_sums,
)
from lepton_spark.models.pooled.pool import neutral_pool
from lepton_spark.models.pooled.regressors.linear import PooledRegression

N_DAYS = 504
"""Long enough for a last year."""


def _history() -> History:
    rng = np.random.default_rng(8)
    level = rng.uniform(5.0, 20.0, (20, 1))
    return History(rng.poisson(level * np.ones(N_DAYS)).astype(float), 20_000 + np.arange(N_DAYS))


def _features(history: History, cutoffs: tuple[int, ...], horizon: int) -> PooledFeatures:
    return pooled_features(history, np.array(cutoffs), horizon, neutral_pool(len(cutoffs)))


@pytest.fixture(scope="module")
def features() -> PooledFeatures:
    found = _features(_history(), (460, 503), 17)
    assert (found.last_year != 0.0).any()
    return found


def test_week_sums_run_over_seven_days_and_a_shorter_last_week() -> None:
    assert week_sums(np.arange(10.0)).tolist() == [21.0, 24.0]
    assert week_sums(np.arange(3.0), period=7).tolist() == [0.0, 1.0, 2.0]


def test_week_means_divide_by_the_days_of_each_week() -> None:
    assert week_means(np.arange(10.0)).tolist() == [3.0, 8.0]
    assert week_means(np.arange(3.0), period=7).tolist() == [0.0, 1.0, 2.0]


def test_week_of_column_counts_weeks_ahead(features: PooledFeatures) -> None:
    assert week_of_column(features).tolist() == [0] * 7 + [1] * 7 + [2] * 3


def test_forecast_over_level_is_the_daily_mean_of_a_week_over_the_level(features: PooledFeatures) -> None:
    found = forecast_over_level(features)
    assert found.shape == (20, 2, 3)
    expected = features.weekday_forecast[:, 1, 14:17].sum(axis=1) / 3.0 / features.level[:, 1]
    np.testing.assert_allclose(found[:, 1, 2], expected)


def test_week_features_are_the_log_forecast_over_the_level_and_last_year(features: PooledFeatures) -> None:
    found = week_features(features)
    assert found.shape == (20, 2, 3, 3)
    np.testing.assert_allclose(np.exp(found[..., 0]), forecast_over_level(features), rtol=1e-9)
    np.testing.assert_array_equal(found[..., 1:], features.last_year)


def test_regression_columns_are_averages_and_level_over_the_forecast_then_last_year(
    features: PooledFeatures,
) -> None:
    found = regression_columns(features)
    assert found.shape == (20, 2, 3, 19 + 2)
    over = forecast_over_level(features)
    for column, name in enumerate(AVERAGES):
        expected = np.minimum(features.series[name][..., np.newaxis] / over, 2.0)
        np.testing.assert_allclose(found[..., column], expected, err_msg=name)
    np.testing.assert_allclose(found[..., 18], np.minimum(1.0 / over, 2.0))
    np.testing.assert_array_equal(found[..., 19:], features.last_year)


def test_regression_ratio_is_one_plus_the_weighted_columns_of_the_week(features: PooledFeatures) -> None:
    """The ratio that is forecast is the ratio that was trained on."""
    weights = np.random.default_rng(5).normal(0.0, 0.02, 21)
    found = regression_ratio(features, PooledRegression(weights))
    expected = 1.0 + regression_columns(features) @ weights
    np.testing.assert_allclose(found[..., ::7], expected, rtol=1e-9)
    np.testing.assert_array_equal(found[..., :7], np.repeat(found[..., :1], 7, axis=2))


@pytest.mark.parametrize(("weight", "bound"), [(100.0, 10.0), (-100.0, 0.0)])
def test_regression_ratio_is_bounded(features: PooledFeatures, weight: float, bound: float) -> None:
    weights = np.zeros(21)
    weights[18] = weight
    assert (regression_ratio(features, PooledRegression(weights)) == bound).all()


def test_regression_ratio_is_one_without_a_regression(features: PooledFeatures) -> None:
    assert (regression_ratio(features, None) == 1.0).all()


def _promoted() -> PooledFeatures:
    """The fourth of twenty products is promoted on the third day ahead and never before."""
    history = _history()
    planned = np.zeros((20, N_DAYS + 14, 1))
    planned[3, N_DAYS + 2] = 1.0
    return _features(replace(history, regressors=planned), (N_DAYS - 1,), 14)


def test_week_plans_are_means_over_the_days_of_each_week() -> None:
    found = week_plans(_promoted())
    assert found.shape == (20, 1, 2, 4)
    expected = np.zeros((2, 4))
    expected[0, [0, 2]] = 1.0 / 7.0  # the day's own measure and its difference from the usual
    np.testing.assert_allclose(found[3, 0], expected)
    assert (np.delete(found, 3, axis=0) == 0.0).all()


def test_regression_ratio_of_a_promotion_is_that_of_its_day() -> None:
    features = _promoted()
    weights = np.zeros(21 + 4)
    weights[21:] = 2.0, 5.0, -0.5, 9.0  # the day itself, recent, beyond the usual, times the own uplift
    ratio = regression_ratio(features, PooledRegression(weights))[:, 0]
    assert ratio[3, 2] == 1.0 + 2.0 - 0.5
    assert np.count_nonzero(ratio != 1.0) == 1
