import numpy as np
import pytest

from lepton_spark.models.pooled.regressors.boosting import grow_trees
from lepton_spark.models.pooled.regressors.path_contributions import path_contributions
from lepton_spark.models.pooled.regressors.trees import Trees
from lepton_spark.models.pooled.settings import BoostingSettings


def _tree(count: list[float] | None) -> Trees:
    """Feature 0 parts leaves {0, 1} from {2, 3}; feature 1 parts 0 from 1; feature 2 parts 2 from 3."""
    value, counts = np.zeros((2, 1, 16))
    value[0, :4] = [10.0, 20.0, 30.0, 50.0]
    if count is not None:
        counts[0, :4] = count
    masks = np.array([0b0011, 0b0001, 0b0100], dtype=np.uint16)
    nodes = np.zeros(3, dtype=np.int64)
    return Trees(1.0, np.arange(3), np.zeros(3), nodes, masks, value, None if count is None else counts)


def test_each_node_adds_the_change_of_the_mean_over_the_training_rows() -> None:
    """Means: left (10 + 3 x 20) / 4 = 17.5, right 40, whole (4 x 17.5 + 4 x 40) / 8 = 28.75."""
    added = path_contributions(_tree([1.0, 3.0, 2.0, 2.0]), np.array([0, 1, 1]), 3, of_mean=2)
    np.testing.assert_allclose(added[0, :4, 2], 28.75)
    np.testing.assert_allclose(added[0, :4, 0], [-11.25, -11.25, 11.25, 11.25])
    np.testing.assert_allclose(added[0, :4, 1], [-7.5, 2.5, -10.0, 10.0])


def test_leaves_count_alike_in_trees_of_earlier_versions() -> None:
    added = path_contributions(_tree(None), np.array([0, 1, 1]), 3, of_mean=2)
    np.testing.assert_allclose(added[0, :4, 2], 27.5)
    np.testing.assert_allclose(added[0, :4, 0], [-12.5, -12.5, 12.5, 12.5])


def test_tree_without_a_node_adds_its_value_to_the_mean() -> None:
    none = np.zeros(0, dtype=np.int64)
    value = np.full((1, 16), 7.0)
    trees = Trees(0.0, none, np.zeros(0), none, np.zeros(0, np.uint16), value)
    assert path_contributions(trees, np.array([0]), 2, of_mean=1)[0, 0].tolist() == [0.0, 7.0]


def _leaves(trees: Trees, node: int) -> list[int]:
    """The leaves on a node's left."""
    return [leaf for leaf in range(16) if int(trees.ruled_out[node]) >> leaf & 1]


def _walked(trees: Trees, number: int, row: np.ndarray, n_groups: int) -> np.ndarray:
    """The contributions of one tree by walking down its nodes; features are their own groups."""
    assert trees.count is not None
    mine = np.flatnonzero(trees.tree == number)
    added = np.zeros(n_groups)
    below = range(len(mine) + 1)

    def mean(leaves: range) -> float:
        rows = trees.count[number, list(leaves)]
        return float(np.sum(rows * trees.value[number, list(leaves)]) / np.sum(rows))

    start = mean(below)
    while len(below) > 1:
        # the root of a subtree has the most leaves on its left, from the first on; never all of them
        sizes = {
            int(trees.ruled_out[node]).bit_count(): node
            for node in mine
            if _leaves(trees, node)[0] == below[0] and _leaves(trees, node)[-1] < below[-1]
        }
        size = max(sizes)
        node = sizes[size]
        goes_left = row[trees.feature[node]] <= trees.threshold[node]
        child = below[:size] if goes_left else below[size:]
        added[trees.feature[node]] += mean(child) - mean(below)
        below = child
    return np.append(added, start)


@pytest.mark.parametrize("n_leaves", [2, 8, 16])
def test_contributions_are_those_of_a_walk_down_each_tree(n_leaves: int) -> None:
    rng = np.random.default_rng(n_leaves)
    features = rng.normal(size=(3000, 5))
    target = np.exp(features[:, 0] - np.abs(features[:, 1]) + features[:, 2] * features[:, 3])
    trees = grow_trees(features, target, np.ones(3000), BoostingSettings(6, n_leaves, 20, 0.3), seed=1)
    assert trees.count is not None
    assert trees.count.sum(axis=1).tolist() == [3000.0] * 6
    tables = path_contributions(trees, np.arange(5), 6, of_mean=5)
    rows = features[:80]
    found = trees.sums_of(tables, rows, np.empty((80, 1, 0)), np.empty((1, 0)), [1] * 6)[..., 0]  # [G, M, S]
    for tree in range(6):
        for row in range(80):
            np.testing.assert_allclose(found[:, tree, row], _walked(trees, tree, rows[row], 5), atol=1e-12)
    total = trees.predict(rows, np.empty((80, 1, 0)), np.empty((1, 0)))[:, 0]
    np.testing.assert_allclose(found.sum(axis=(0, 1)) + trees.baseline, total, atol=1e-12)
