from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.features.pooled_features import PooledFeatures, pooled_features
from lepton_spark.models.pooled.features.weeks import regression_ratio
from lepton_spark.models.pooled.model import (
    Pooled,
    correction_ratio,
    median_forecast,
    own_history_weight,
    tree_share,
)
from lepton_spark.models.pooled.pool import Pool, neutral_pool
from lepton_spark.models.pooled.pool_statistics import fit_pool
from lepton_spark.models.pooled.profiles import averaged_level
from lepton_spark.models.pooled.regressors.linear import PooledRegression
from lepton_spark.models.pooled.regressors.trees import PooledTrees, Trees
from lepton_spark.models.pooled.settings import BoostingSettings, PooledSettings
from lepton_spark.models.pooled.shrunk_weekday import ShrunkWeekday
from lepton_spark.models.pooled.training import train
from tests.unit.models.pooled.examples import HORIZON, random_sales, small_settings

SETTINGS = PooledSettings()
NONE = np.zeros(0, dtype=np.int64)


def _constant(value: float) -> Trees:
    """Trees that predict the same for every row."""
    return Trees(value, NONE, np.zeros(0), NONE, NONE.astype(np.uint16), np.zeros((1, 16)))


def _pool(history: History, trees: PooledTrees | None) -> Pool:
    return replace(fit_pool(history, np.array([history.n_days - 1])), trees=trees)


def _trained(history: History, **training: Any) -> Pooled:
    trees = train(history, HORIZON, small_settings(**training))
    assert trees is not None
    return Pooled(_pool(history, trees))


def _features(history: History, horizon: int = HORIZON) -> PooledFeatures:
    return pooled_features(history, np.array([history.n_days - 1]), horizon, neutral_pool())


@pytest.fixture(scope="module")
def history() -> History:
    return random_sales()


@pytest.fixture(scope="module")
def model(history: History) -> Pooled:
    return _trained(history)


def _steady(*ages: int, n_days: int = 140, horizon: int = 7, plans: bool = False) -> PooledFeatures:
    """Products that sell four units a day and have been known for so many days."""
    quantity = np.full((len(ages), n_days), 4.0)
    for row, age in enumerate(ages):
        quantity[row, : n_days - age] = np.nan
    planned = np.zeros((len(ages), n_days + horizon, 1)) if plans else None
    return _features(History(quantity, np.arange(n_days), planned), horizon)


def test_own_history_weight_grows_with_age_to_112_days() -> None:
    found = own_history_weight(_steady(1, 28, 56, 112, 140), SETTINGS)
    np.testing.assert_allclose(found[:, 0], [1 / 112, 0.25, 0.5, 1.0, 1.0])


def test_own_history_weight_is_zero_before_the_first_known_day() -> None:
    quantity = np.full((1, 140), 4.0)
    quantity[0, :100] = np.nan
    features = pooled_features(History(quantity, np.arange(140)), np.array([50, 113]), 7, neutral_pool(2))
    np.testing.assert_allclose(own_history_weight(features, SETTINGS), [[0.0, 0.125]])


def test_tree_share_falls_from_one_to_its_setting_with_age() -> None:
    # 1 - 0.6 x 56 / 112 = 0.7
    np.testing.assert_allclose(tree_share(_steady(7, 56, 112, 140), SETTINGS), [0.9625, 0.7, 0.4, 0.4])


def test_tree_share_has_a_minimum_where_promotions_are_planned() -> None:
    np.testing.assert_allclose(tree_share(_steady(7, 56, 112, plans=True), SETTINGS), [0.9625, 0.7, 0.6])


def test_tree_share_has_a_minimum_where_last_year_is_known() -> None:
    quantity = np.full((2, 500), 4.0)
    quantity[0, 150] = 9.0  # in the second week a year before those ahead
    quantity[1, :100] = np.nan
    np.testing.assert_allclose(
        tree_share(_features(History(quantity, np.arange(500))), SETTINGS), [0.75, 0.4]
    )


def test_tree_share_follows_the_settings() -> None:
    features = _steady(56, 112, plans=True)
    np.testing.assert_allclose(tree_share(features, PooledSettings(use_trees=False)), [0.0, 0.0])
    half = PooledSettings(tree_share=0.5, tree_share_with_plans=0.0, full_history_days=56)
    np.testing.assert_allclose(tree_share(features, half), [0.5, 0.5])


def test_mean_is_the_weighted_mean_of_the_ratios_of_trees_and_regression() -> None:
    """Two bags that predict ratios of 1 and 3, a regression that adds 0.5, for a product at 4 a day."""
    features = _steady(140)
    weights = np.zeros(21)
    weights[18] = 0.5  # of the level over the forecast, which is 1
    trees = PooledTrees((_constant(0.0), _constant(np.log(3.0))), None, PooledRegression(weights))
    found = correction_ratio(features, trees, np.array([0.25]))
    np.testing.assert_allclose(found, [[0.25 * 2.0 + 0.75 * 1.5] * 7])


def test_mean_counts_a_log_ratio_of_the_trees_as_three_at_most() -> None:
    found = correction_ratio(_steady(140), PooledTrees((_constant(100.0),), None), np.array([1.0]))
    np.testing.assert_allclose(found, [[np.exp(3.0)] * 7])


def test_mean_evaluates_the_trees_by_week_and_by_day_under_plans() -> None:
    """A split on the week, the last feature: the second week sells twice as much."""
    for plans, week_feature in ((False, 22 + 3), (True, 22 + 3 + 4)):
        value = np.zeros((1, 16))
        value[0, 1] = np.log(2.0)
        split = Trees(0.0, np.array([week_feature]), np.array([0.5]), np.array([0]), np.uint16([1]), value)
        features = _steady(140, horizon=10, plans=plans)
        found = correction_ratio(features, PooledTrees((split,), None), np.array([1.0]))
        np.testing.assert_allclose(found, [[1.0] * 7 + [2.0] * 3])


def test_forecast_is_the_mean_of_trees_and_regression_by_the_share(history: History, model: Pooled) -> None:
    fit = model.fit_forecast(history, HORIZON)
    features = pooled_features(history, np.array([139]), HORIZON, model.pool)
    trees = model.pool.trees
    assert trees is not None
    share = fit.coefficients["trees"][:, np.newaxis]
    ratio = regression_ratio(features, trees.regression)[:, 0]
    assert (np.abs(ratio - 1.0) > 0.01).any()
    plain = Pooled(replace(model.pool, trees=replace(trees, regression=None))).fit_forecast(history, HORIZON)
    added = features.weekday_forecast[:, 0] * (1.0 - share) * (ratio - 1.0)
    np.testing.assert_allclose(fit.forecast - plain.forecast, added, atol=1e-9)


def test_trees_without_an_effect_leave_the_weekday_forecast(history: History) -> None:
    pool = _pool(history, PooledTrees((_constant(0.0),), _constant(0.0)))
    fit = Pooled(pool).fit_forecast(history, HORIZON)
    expected = ShrunkWeekday(pool).fit_forecast(history, HORIZON).forecast
    np.testing.assert_allclose(fit.forecast, expected, rtol=1e-9)
    np.testing.assert_allclose(fit.coefficients["level"], averaged_level(history, np.array([139]))[:, 0])
    # all are older than 112 days but the fourth, which is 80 days old
    np.testing.assert_allclose(fit.coefficients["trees"], [*[0.4] * 3, 1 - 0.6 * 80 / 112, *[0.4] * 26])


def test_pool_without_trees_gives_the_weekday_forecast(history: History) -> None:
    pool = _pool(history, None)
    fit, expected = (model.fit_forecast(history, HORIZON) for model in (Pooled(pool), ShrunkWeekday(pool)))
    np.testing.assert_array_equal(fit.forecast, expected.forecast)
    np.testing.assert_array_equal(fit.coefficients["level"], expected.coefficients["level"])
    assert (fit.coefficients["trees"] == 0.0).all()
    assert fit.median is None


def test_pool_whose_trees_have_no_median_gives_none(history: History) -> None:
    pool = _pool(history, PooledTrees((_constant(0.0),), None))
    assert Pooled(pool).fit_forecast(history, HORIZON).median is None


def test_series_without_a_known_day_has_no_forecast(history: History, model: Pooled) -> None:
    fit = model.fit_forecast(replace(history, quantity=np.full((2, 140), np.nan)), HORIZON)
    assert np.isnan(fit.forecast).all()
    assert np.isnan(fit.coefficients["level"]).all()


def test_series_is_forecast_the_same_in_every_batch(history: History, model: Pooled) -> None:
    rows = np.array([20, 3, 7])
    part, batch = (model.fit_forecast(each, HORIZON) for each in (history.select(rows), history))
    np.testing.assert_allclose(part.forecast, batch.forecast[rows], rtol=1e-9)
    assert part.median is not None
    assert batch.median is not None
    np.testing.assert_allclose(part.median, batch.median[rows], rtol=1e-9)


def test_median_is_the_ratio_of_the_trees_times_the_mean_in_whole_units(history: History) -> None:
    features = _features(history, 4)
    mean = np.tile([1.0, 2.4, 3.0, 0.6], (30, 1))
    assert (median_forecast(features, _constant(0.8), mean) == np.array([1.0, 2.0, 2.0, 0.0])).all()
    assert (median_forecast(features, _constant(-1.0), mean) == 0.0).all()


def test_median_of_a_mean_below_half_a_unit_is_zero(history: History) -> None:
    mean = np.tile([0.4, 0.6, 0.4], (30, 1))
    mean[7] = 0.4
    found = median_forecast(_features(history, 3), _constant(5.0), mean)
    expected = np.tile([0.0, 3.0, 0.0], (30, 1))
    expected[7] = 0.0
    np.testing.assert_array_equal(found, expected)


def test_trees_of_the_median_are_evaluated_on_series_day_and_calendar_features(history: History) -> None:
    """Three trees that each split on one feature: an average, the log of the mean, and the step."""
    features = _features(history, 3)
    mean = np.tile([1.0, 8.0, 8.0], (30, 1))
    value = np.zeros((3, 16))
    value[:, 1] = 0.25, 0.5, 1.0
    share = features.series["share_of_days_sold_28"][:, 0]
    columns = np.array([features.series.names.index("share_of_days_sold_28"), 22 + 10, 22 + 11])
    thresholds = np.array([np.median(share), np.log(2.0), 2.5])
    trees = Trees(1.0, columns, thresholds, np.arange(3), np.full(3, 1, dtype=np.uint16), value)
    ratio = 1.0 + 0.25 * (share > np.median(share))[:, np.newaxis] + np.array([0.0, 0.5, 1.5])
    np.testing.assert_array_equal(median_forecast(features, trees, mean), np.round(ratio * mean))


def test_young_product_is_not_forecast_to_continue_as_its_first_days() -> None:
    """Products that sell on one day in twenty, each known from its first sale on."""
    n_days, rate = 200, 0.05
    rng = np.random.default_rng(4)
    age = rng.integers(1, n_days + 1, 600)
    quantity = (rng.random((600, n_days)) < rate).astype(float)
    quantity[np.arange(600), n_days - age] = 1.0
    quantity[np.arange(n_days) < n_days - age[:, np.newaxis]] = np.nan
    history = History(quantity, 20_000 + np.arange(n_days))
    forecast = _trained(history, n_cutoffs=16).fit_forecast(history, HORIZON).forecast
    young = age <= 14
    own = averaged_level(history, np.array([n_days - 1]))[young, 0]
    assert own.mean() > 4.0 * rate
    assert forecast[young].mean() < 2.0 * rate
    assert forecast[age > 112].mean() == pytest.approx(rate, rel=0.2)


def test_forecast_learns_what_follows_a_high_week() -> None:
    """Demand that halves after each high week, which no level can show."""
    rng = np.random.default_rng(1)
    high = rng.random((200, 30)) < 0.5
    rate = np.where(high, 20.0, 10.0)
    rate[:, 1:] *= np.where(high[:, :-1], 0.5, 1.5)
    quantity = rng.poisson(np.repeat(rate, 7, axis=1)).astype(float)
    history = History(quantity, 20_000 + np.arange(210))
    model = _trained(history, n_cutoffs=16, mean=BoostingSettings(60, 4, 20, 0.1))
    first = model.fit_forecast(history, HORIZON).forecast[:, :7].mean(axis=1)
    assert first[~high[:, -1]].mean() > 1.1 * first[high[:, -1]].mean()


@pytest.mark.parametrize("n_lumpy", [50, 90])
def test_median_is_below_the_mean_of_skewed_demand(n_lumpy: int) -> None:
    """However many products sell on few days, the median of the others is not drawn to 0."""
    rng = np.random.default_rng(2)
    quantity = rng.poisson(3.0, (100, 150)) * (rng.random((100, 150)) < 0.3) * 5.0
    quantity[n_lumpy:] = rng.poisson(6.0, (100 - n_lumpy, 150))
    history = History(quantity, 20_000 + np.arange(150))
    fit = _trained(history, median=BoostingSettings(60, 4, 50, 0.08)).fit_forecast(history, HORIZON)
    assert fit.median is not None
    assert (fit.median >= 0).all()
    assert fit.median[:n_lumpy].mean() < 0.5 * fit.forecast[:n_lumpy].mean()
    assert fit.median[n_lumpy:].mean() == pytest.approx(6.0, abs=0.5)
