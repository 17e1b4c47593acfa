import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from lepton_spark.models.pooled.boosting import BoostingSettings, grow, sample_rows, taken_out
from lepton_spark.models.pooled.trees import LEAF_BLOCK, LOWEST_BIT, Trees


def _rows(n_series: int, n_ahead: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    series, days = rng.normal(size=(n_series, 3)), rng.normal(size=(n_series, n_ahead, 2))
    calendar = np.arange(n_ahead)[:, np.newaxis] * np.ones(2)
    parts = (
        np.broadcast_to(series[:, np.newaxis], (n_series, n_ahead, 3)),
        days,
        np.broadcast_to(calendar, (n_series, n_ahead, 2)),
    )
    return series, days, calendar, np.concatenate(parts, axis=2).reshape(-1, 7)


@pytest.mark.parametrize("n_leaves", [8, 9, 16])
@pytest.mark.parametrize("loss", ["poisson", "quantile"])
def test_trees_sum_as_scikit_learn_does(loss: str, n_leaves: int) -> None:
    series, days, calendar, flat = _rows(LEAF_BLOCK + 7, 28)
    rng = np.random.default_rng(5)
    target = rng.poisson(np.exp(flat[:, 0] + flat[:, 3] * flat[:, 4] + 0.05 * flat[:, 5])).astype(float)
    fitted = HistGradientBoostingRegressor(
        loss=loss, quantile=0.7, max_iter=40, max_leaf_nodes=n_leaves, min_samples_leaf=5, random_state=0
    ).fit(flat, target)
    trees = taken_out(fitted)
    assert trees.mask is (np.uint8 if n_leaves == 8 else np.uint16)
    raw = trees.predict(series, days, calendar).ravel()
    expected = fitted.predict(flat)
    np.testing.assert_allclose(np.exp(raw) if loss == "poisson" else raw, expected, rtol=1e-12, atol=1e-12)


def test_a_value_on_the_threshold_goes_left() -> None:
    tree = Trees(
        1.0, np.array([0]), np.array([0.5]), np.array([0]), np.array([1], dtype=np.uint16), np.eye(1, 16) + 2
    )
    series = np.array([[0.5], [0.6]])
    # leaves 3 and 2, on a baseline of 1
    assert tree.predict(series, np.empty((2, 1, 0)), np.empty((1, 0))).tolist() == [[4.0], [3.0]]


def test_lowest_bit_is_the_leftmost_leaf() -> None:
    assert LOWEST_BIT[[1, 2, 3, 12, 0x8000]].tolist() == [0, 1, 0, 2, 15]


def test_grow_gives_the_same_trees_for_the_same_seed() -> None:
    rng = np.random.default_rng(1)
    features, target = rng.normal(size=(500, 3)), rng.poisson(3.0, 500).astype(float)
    settings = BoostingSettings(10, 4, 20, 0.1)
    first, second = (grow(features, target, np.ones(500), settings, 7) for _ in range(2))
    assert first.value.tolist() == second.value.tolist()
    assert first.threshold.tolist() == second.threshold.tolist()


def test_trees_of_a_constant_target_have_no_inner_node() -> None:
    trees = grow(np.zeros((50, 3)), np.full(50, 2.0), np.ones(50), BoostingSettings(3, 4, 5, 0.1), 0)
    raw = trees.predict(np.zeros((2, 1)), np.zeros((2, 4, 1)), np.zeros((4, 1)))
    np.testing.assert_allclose(np.exp(raw), 2.0)


def test_sample_rows_keeps_the_order() -> None:
    chosen = sample_rows(np.arange(100, 200), 10, 0)
    assert len(chosen) == 10
    assert (np.diff(chosen) > 0).all()


def test_grown_trees_part_values_as_binned_ones_do() -> None:
    """A feature whose distinct values are fewer than the bins is parted between the same values."""
    rng = np.random.default_rng(4)
    features = rng.integers(0, 20, size=(2_000, 2)) * 0.5
    target = rng.poisson(np.where(features[:, 0] > 4.0, 6.0, 1.0) + features[:, 1]).astype(float)
    settings = BoostingSettings(30, 8, 20, 0.1, feature_share=1.0)
    trees = grow(features, target, np.ones(2_000), settings, 0)
    fitted = HistGradientBoostingRegressor(
        loss="poisson", max_iter=30, max_leaf_nodes=8, min_samples_leaf=20, learning_rate=0.1,
        max_bins=63, early_stopping=False, random_state=0,
    ).fit(features, target)  # fmt: skip
    made = np.exp(trees.predict(features, np.empty((2_000, 1, 0)), np.empty((1, 0))))[:, 0]
    np.testing.assert_allclose(made, fitted.predict(features), rtol=1e-9)


def test_a_column_that_is_the_same_in_every_row_changes_nothing_but_places() -> None:
    rng = np.random.default_rng(3)
    features, settings = rng.normal(size=(2_000, 3)), BoostingSettings(10, 4, 20, 0.1)
    target = np.exp(features[:, 0] + (features[:, 2] > 0.5))
    with_constant = np.insert(features, 1, 7.0, axis=1)
    plain, wider = (grow(each, target, np.ones(2_000), settings, 0) for each in (features, with_constant))
    np.testing.assert_array_equal(wider.feature, np.array([0, 2, 3])[plain.feature])
    np.testing.assert_array_equal(wider.threshold, plain.threshold)
    np.testing.assert_array_equal(wider.value, plain.value)
