from collections.abc import Iterator

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from lepton_spark.models.pooled.regressors.boosting import as_arrays, grow_trees, sample_rows
from lepton_spark.models.pooled.regressors.trees import Trees
from lepton_spark.models.pooled.settings import BoostingSettings

SMALL = BoostingSettings(10, 4, 20, 0.1)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads of scikit-learn spin while they wait for a busy core."""
    with threadpool_limits(1):
        yield


def _predict(trees: Trees, features: np.ndarray) -> np.ndarray:
    """[N], the trees' sum for rows [N, K], all features being those of a series."""
    return trees.predict(features, np.empty((len(features), 1, 0)), np.empty((1, 0)))[:, 0]


@pytest.mark.parametrize("n_leaves", [8, 9, 16])
@pytest.mark.parametrize("loss", ["poisson", "quantile"])
def test_trees_as_arrays_predict_what_scikit_learn_predicts(loss: str, n_leaves: int) -> None:
    """Features of series, days and the calendar, and more series than one block holds."""
    rng = np.random.default_rng(3)
    n_series, n_ahead = 71, 28
    series, days = rng.normal(size=(n_series, 3)), rng.normal(size=(n_series, n_ahead, 2))
    calendar = np.arange(n_ahead)[:, np.newaxis] * np.ones(2)
    shape = (n_series, n_ahead)
    parts = (
        np.broadcast_to(series[:, np.newaxis], (*shape, 3)),
        days,
        np.broadcast_to(calendar, (*shape, 2)),
    )
    rows = np.concatenate(parts, axis=2).reshape(-1, 7)
    mean = np.exp(rows[:, 0] + rows[:, 3] * rows[:, 4] + 0.05 * rows[:, 5])
    fitted = HistGradientBoostingRegressor(
        loss=loss, quantile=0.7, max_iter=40, max_leaf_nodes=n_leaves, min_samples_leaf=5, random_state=0
    ).fit(rows, rng.poisson(mean).astype(float))
    trees = as_arrays(fitted)
    assert trees.mask is (np.uint8 if n_leaves == 8 else np.uint16)
    found = trees.predict(series, days, calendar).ravel()
    found = np.exp(found) if loss == "poisson" else found
    np.testing.assert_allclose(found, fitted.predict(rows), rtol=1e-12, atol=1e-12)


def _counts(n_rows: int = 2_000) -> tuple[np.ndarray, np.ndarray]:
    """Features with fewer distinct values than bins, so that binning loses nothing."""
    rng = np.random.default_rng(4)
    features = rng.integers(0, 20, size=(n_rows, 2)) * 0.5
    target = rng.poisson(np.where(features[:, 0] > 4.0, 6.0, 1.0) + features[:, 1]).astype(float)
    return features, target


@pytest.mark.parametrize("level", [None, 0.5, 0.8], ids=["mean", "median", "upper quantile"])
def test_grown_trees_predict_what_scikit_learn_predicts_of_the_same_rows(level: float | None) -> None:
    features, target = _counts()
    weight = np.random.default_rng(6).gamma(4.0, 10.0, 2_000)
    settings = BoostingSettings(30, 8, 20, 0.1, feature_share=1.0)
    found = _predict(grow_trees(features, target, weight, settings, 0, level), features)
    fitted = HistGradientBoostingRegressor(
        loss="poisson" if level is None else "quantile", quantile=level, max_iter=30, max_leaf_nodes=8,
        min_samples_leaf=20, learning_rate=0.1, max_bins=63, early_stopping=False, random_state=0,
    ).fit(features, target, sample_weight=weight / weight.mean())  # fmt: skip
    expected = fitted.predict(features)
    np.testing.assert_allclose(np.exp(found) if level is None else found, expected, rtol=1e-9)


def test_grown_trees_predict_what_scikit_learn_predicts_on_the_binned_features() -> None:
    """More distinct values than bins: quantile edges, a value on an edge belongs to the bin below."""
    rng = np.random.default_rng(9)
    features = rng.normal(size=(1_000, 3))
    target = rng.poisson(np.exp(0.5 * features[:, 0])).astype(float)
    settings = BoostingSettings(20, 6, 10, 0.2, feature_share=1.0, n_bins=16)
    trees = grow_trees(features, target, np.ones(1_000), settings, 0)
    # 1000 / 16 = 62.5: edges are the sorted values at positions 62, 124, 187, ... (counted from 0)
    positions = np.ceil(np.arange(1, 16) * 62.5).astype(int) - 1
    edges = np.sort(features, axis=0)[positions]
    binned = (features[:, np.newaxis] > edges).sum(axis=1)
    fitted = HistGradientBoostingRegressor(
        loss="poisson", max_iter=20, max_leaf_nodes=6, min_samples_leaf=10, learning_rate=0.2,
        max_bins=16, early_stopping=False, random_state=0,
    ).fit(binned, target)  # fmt: skip
    np.testing.assert_allclose(np.exp(_predict(trees, features)), fitted.predict(binned), rtol=1e-9)
    assert np.isin(trees.threshold, edges).all()


def test_grown_trees_are_bounded_by_the_settings() -> None:
    features, target = _counts()
    trees = grow_trees(features, target, np.ones(2_000), BoostingSettings(7, 5, 20, 0.1), 0)
    assert trees.value.shape == (7, 16)
    assert np.bincount(trees.tree, minlength=7).max() <= 4  # inner nodes of five leaves
    assert (trees.value[:, 5:] == 0.0).all()


def test_growing_is_the_same_for_the_same_seed_and_differs_for_another() -> None:
    features, target = np.random.default_rng(1).normal(size=(500, 6)), np.arange(500.0) % 7
    first, again, other = (grow_trees(features, target, np.ones(500), SMALL, seed) for seed in (7, 7, 8))
    for name in ("feature", "threshold", "tree", "ruled_out", "value"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.value, other.value)  # each split considers other features


def test_growing_does_not_depend_on_the_unit_of_the_weights() -> None:
    features, target = _counts()
    one, thousand = (grow_trees(features, target, np.full(2_000, unit), SMALL, 0) for unit in (1.0, 1024.0))
    np.testing.assert_allclose(one.value, thousand.value)


def test_weight_of_a_row_is_worth_as_many_rows() -> None:
    """Without a split the mean is that of the weights: (3 x 1 + 1 x 9) / 4."""
    target, weight = np.tile([1.0, 9.0], 50), np.tile([3.0, 1.0], 50)
    trees = grow_trees(np.zeros((100, 1)), target, weight, SMALL, 0)
    np.testing.assert_allclose(np.exp(_predict(trees, np.zeros((1, 1)))), 3.0)


def test_constant_feature_is_left_out_without_renumbering_the_others() -> None:
    features = np.random.default_rng(3).normal(size=(2_000, 3))
    target = np.exp(features[:, 0] + (features[:, 2] > 0.5))
    with_constant = np.insert(features, 1, 7.0, axis=1)
    plain, wider = (grow_trees(each, target, np.ones(2_000), SMALL, 0) for each in (features, with_constant))
    np.testing.assert_array_equal(wider.feature, np.array([0, 2, 3])[plain.feature])
    np.testing.assert_array_equal(wider.threshold, plain.threshold)
    np.testing.assert_array_equal(wider.value, plain.value)


def test_trees_of_constant_features_have_no_inner_node() -> None:
    trees = grow_trees(np.zeros((50, 3)), np.full(50, 2.0), np.ones(50), BoostingSettings(3, 4, 5, 0.1), 0)
    assert len(trees.feature) == 0
    found = trees.predict(np.zeros((2, 1)), np.zeros((2, 4, 1)), np.zeros((4, 1)))
    np.testing.assert_allclose(np.exp(found), 2.0)


def test_sample_rows_draws_without_replacement_in_order() -> None:
    chosen = sample_rows(np.arange(100, 200), 60, 0)
    assert len(chosen) == 60
    assert (np.diff(chosen) > 0).all()
    assert chosen.min() >= 100
    assert chosen.max() < 200


def test_sample_rows_depends_on_the_seed_alone() -> None:
    rows = np.arange(100)
    first, again, other = (sample_rows(rows, 10, seed).tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_sample_rows_keeps_all_rows_up_to_the_limit() -> None:
    assert sample_rows(np.arange(10), 10, 0).tolist() == list(range(10))
    assert sample_rows(np.arange(10), 11, 0).tolist() == list(range(10))
