"""The parts of the pooled model, with trees and a regression trained on made-up sales."""

from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.elsewhere import Elsewhere
from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.data.parts import NAMES
from lepton_spark.models.pooled.correction_parts import tree_groups
from lepton_spark.models.pooled.features.pooled_features import SERIES_FEATURES
from lepton_spark.models.pooled.model import Pooled
from lepton_spark.models.pooled.pool import neutral_pool
from lepton_spark.models.pooled.pool_statistics import fit_pool
from lepton_spark.models.pooled.regressors.linear import PooledRegression
from lepton_spark.models.pooled.regressors.trees import PooledTrees, Trees
from lepton_spark.models.pooled.settings import PooledSettings
from lepton_spark.models.pooled.shrunk_weekday import ShrunkWeekday
from lepton_spark.models.pooled.training import train
from tests.unit.models.pooled.examples import HORIZON, random_sales, small_settings

NONE = np.zeros(0, dtype=np.int64)


def _parts(fit: Fit, base: float = 0.0) -> dict[str, np.ndarray]:
    made = fit.parts.above(np.full(len(fit.forecast), base), fit.forecast.shape[1])
    np.testing.assert_allclose(base + made.sum(axis=0), fit.forecast, rtol=1e-10, atol=1e-10)
    return dict(zip(NAMES, made, strict=True))


def _trained(history: History, settings: PooledSettings) -> Pooled:
    pool = fit_pool(history, np.array([history.n_days - 1]), settings)
    return Pooled(replace(pool, trees=train(history, HORIZON, settings)))


def _promoted(history: History) -> History:
    planned = np.zeros((history.n_series, history.n_days + HORIZON, 1))
    planned[:, 5::9] = 1.0
    quantity = history.quantity * (1.0 + planned[:, : history.n_days, 0])
    return replace(history, quantity=quantity, regressors=planned)


@pytest.mark.parametrize("promoted", [False, True], ids=["without plans", "with plans"])
def test_parts_of_trained_trees_and_a_regression_add_up_to_the_forecast(*, promoted: bool) -> None:
    history = _promoted(random_sales()) if promoted else random_sales()
    model = _trained(history, small_settings())
    assert model.pool.trees is not None
    assert len(model.pool.trees.all_bags.feature) > 20
    parts = _parts(model.fit_forecast(history, HORIZON), base=2.0)
    assert {name for name, values in parts.items() if np.abs(values).max() > 1e-3} == {
        *("level", "trend", "weekday", "similar_products"),
        *(["promotion"] if promoted else []),
    }


def test_season_of_past_years_is_a_part_of_its_own() -> None:
    """A year and a half of sales that double in every second month."""
    history = random_sales(n_days=560)
    season = 1.0 + (np.arange(560) % 364 // 30 % 2)
    history = replace(history, quantity=np.floor(history.quantity * season))
    parts = _parts(_trained(history, small_settings(n_year_ago=4)).fit_forecast(history, HORIZON))
    assert np.abs(parts["season"]).mean() > 0.05


def test_promoted_days_of_a_promoted_product_get_more_than_others() -> None:
    history = _promoted(random_sales())
    parts = _parts(_trained(history, small_settings()).fit_forecast(history, HORIZON))
    assert history.regressors is not None
    on = history.regressors[0, history.n_days :, 0] > 0
    assert parts["promotion"][:, on].mean() > parts["promotion"][:, ~on].mean() + 0.5


def _constant(value: float) -> Trees:
    return Trees(value, NONE, np.zeros(0), NONE, NONE.astype(np.uint16), np.zeros((1, 16)))


def _steady(n_days: int = 140) -> History:
    return History(np.full((1, n_days), 4.0), np.arange(n_days))


def _with_trees(trees: PooledTrees, share: float) -> Pooled:
    settings = PooledSettings(tree_share=share)
    return Pooled(replace(neutral_pool(), trees=trees, settings=settings))


def test_steady_product_is_explained_by_hand() -> None:
    """Trees add 0.5 to the ratio, all of it the pool's; the regression adds 0.3 of the level: 1.4 in all."""
    weights = np.zeros(21)
    weights[18] = 0.3
    trees = PooledTrees((_constant(np.log(1.5)),), None, PooledRegression(weights))
    parts = _parts(_with_trees(trees, 0.5).fit_forecast(_steady(), 7), base=4.0)
    np.testing.assert_allclose(parts["similar_products"], 4.0 * 0.25)
    np.testing.assert_allclose(parts["level"], 4.0 * 0.15)


def test_short_averages_that_equal_the_long_ones_make_no_trend() -> None:
    weights = np.zeros(21)
    weights[4:8] = [0.3, -0.2, 0.1, 0.2]  # means of half-lives 3, 7, 14 and 28
    trees = PooledTrees((_constant(0.0),), None, PooledRegression(weights))
    parts = _parts(_with_trees(trees, 0.0).fit_forecast(_steady(), 7))
    np.testing.assert_allclose(parts["trend"], 0.0, atol=1e-12)
    np.testing.assert_allclose(parts["level"], 4.0 * 1.4)


@pytest.mark.parametrize(
    ("log", "weight", "ratio"),
    [(100.0, 0.0, np.exp(3.0)), (0.0, 100.0, 10.0), (0.0, -100.0, 0.0)],
    ids=["trees", "regression", "regression at 0"],
)
def test_parts_of_a_bounded_ratio_add_up(log: float, weight: float, ratio: float) -> None:
    weights = np.zeros(21)
    weights[18] = weight
    trees = PooledTrees((_constant(log),), None, PooledRegression(weights))
    fit = _with_trees(trees, 1.0 if log else 0.0).fit_forecast(_steady(), 7)
    np.testing.assert_allclose(fit.forecast, 4.0 * ratio)
    parts = _parts(fit, base=4.0)
    group = "similar_products" if log else "level" if ratio else "remainder"
    np.testing.assert_allclose(parts[group], 4.0 * (ratio - 1.0))


def test_weekday_of_a_new_product_is_that_of_other_products() -> None:
    """The pool sells thrice as much on Sundays; a product with one week has sold the same every day."""
    index = np.ones((1, 7, 4))
    index[:, 6] = 3.0
    history = History(np.full((2, 7), 2.0), np.arange(7))
    parts = _parts(ShrunkWeekday(replace(neutral_pool(), index=index)).fit_forecast(history, 7))
    sunday = 3  # 8 January 1970 is a Thursday
    np.testing.assert_allclose(parts["level"], 2.0)
    assert parts["similar_products"][0, sunday] > 3.5
    assert abs(parts["weekday"][0, sunday]) < 0.2


def test_weekday_of_an_old_product_is_its_own() -> None:
    quantity = np.tile([10.0, 10, 10, 10, 10, 10, 80], (1, 60))
    history = History(quantity, 4 + np.arange(quantity.shape[1]))  # from a Monday on
    parts = _parts(ShrunkWeekday(neutral_pool()).fit_forecast(history, 7))
    assert parts["weekday"][0, 6] > 55.0
    np.testing.assert_allclose(parts["similar_products"], 0.0, atol=1e-9)


def test_recent_week_is_explained_where_the_week_has_changed() -> None:
    """Four weeks with all sales on Mondays, after a year of equal days."""
    quantity = np.full((1, 364), 10.0)
    quantity[:, -28:] = np.tile([70.0, 0, 0, 0, 0, 0, 0], 4)
    history = History(quantity, 4 + np.arange(364))
    parts = _parts(ShrunkWeekday(neutral_pool()).fit_forecast(history, 7))
    assert parts["weekday"][0, 0] > 40.0
    np.testing.assert_allclose(parts["similar_products"], 0.0, atol=1e-9)


def test_sales_elsewhere_are_a_part_of_similar_products() -> None:
    """One sale here in four weeks, and twenty a week at another location."""
    quantity = np.zeros((1, 28))
    quantity[0, 3] = 1.0
    elsewhere = Elsewhere(np.full((1, 4), 20.0), np.full((1, 4), 7.0), np.arange(6, 28, 7))
    alone = History(quantity, np.arange(28))
    together = replace(alone, elsewhere=elsewhere)
    model = ShrunkWeekday(neutral_pool())
    before, after = (_parts(model.fit_forecast(history, 7)) for history in (alone, together))
    np.testing.assert_allclose(after["level"], before["level"])
    np.testing.assert_allclose(before["similar_products"], 0.0, atol=1e-12)
    assert (after["similar_products"] > 0).all()


def test_every_feature_of_the_trees_has_a_group() -> None:
    groups = dict(
        zip((*SERIES_FEATURES, "week", "year", "around", "plan", "number"), tree_groups(1), strict=True)
    )
    assert [name for name, group in groups.items() if group == "trend"] == [
        *("root_mean_14", "mean_3", "mean_7", "mean_14", "share_of_days_sold_14", "root_mean_square_14"),
        "days_since_sale",
    ]
    of_pool = [name for name, group in groups.items() if group == "similar_products"]
    assert of_pool == ["age", "log_dispersion", "log_level"]
    assert [groups[name] for name in ("week", "year", "around", "plan", "number")] == [
        *("level", "season", "season", "promotion", "other"),
    ]
