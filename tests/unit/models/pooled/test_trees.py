from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.pooled.regressors.trees import LOWEST_BIT, PooledTrees, Trees


def _tree(feature: list[int], threshold: list[float], ruled_out: list[int], value: list[float]) -> Trees:
    """One tree with a baseline of 1; `value` by leaf from left to right."""
    values = np.zeros((1, 16))
    values[0, : len(value)] = value
    nodes = np.zeros(len(feature), dtype=np.int64)
    bits = np.array(ruled_out, dtype=np.uint16)
    return Trees(1.0, np.array(feature), np.array(threshold), nodes, bits, values)


def test_value_on_the_threshold_goes_left() -> None:
    tree = _tree([0], [0.5], [0b1], [3.0, 2.0])
    series = np.array([[0.5], [0.6]])
    assert tree.predict(series, np.empty((2, 1, 0)), np.empty((1, 0))).tolist() == [[4.0], [3.0]]


def test_tree_splits_on_features_of_the_series_the_day_and_the_calendar() -> None:
    """The series parts {0, 1} from {2, 3}; the day parts 0 from 1; the calendar parts 2 from 3."""
    tree = _tree([0, 1, 2], [0.0, 0.0, 0.0], [0b0011, 0b0001, 0b0100], [10.0, 20.0, 30.0, 40.0])
    series = np.array([[-1.0], [1.0]])
    days = np.array([[[-1.0], [1.0], [1.0]], [[1.0], [-1.0], [1.0]]])
    calendar = np.array([[-1.0], [-1.0], [1.0]])
    found = tree.predict(series, days, calendar)
    assert found.tolist() == [[11.0, 21.0, 21.0], [31.0, 31.0, 41.0]]


def test_trees_are_summed_for_each_of_many_series() -> None:
    """Two trees of sixteen leaves, over a feature of the series and of the day, by plain comparisons."""
    rng = np.random.default_rng(2)
    edges, value = np.sort(rng.normal(size=(2, 15)), axis=1), rng.normal(size=(2, 16))
    # a chain: node i sends everything up to its edge to leaf i, which is on its left with all before it
    trees = Trees(
        0.5,
        np.repeat([0, 1], 15),
        edges.ravel(),
        np.repeat([0, 1], 15),
        np.tile([(1 << (leaf + 1)) - 1 for leaf in range(15)], 2).astype(np.uint16),
        value,
    )
    assert trees.mask is np.uint16
    series, days = rng.normal(size=(150, 1)), rng.normal(size=(150, 4, 1))  # more than one block of series
    found = trees.predict(series, days, np.empty((4, 0)))
    for row in range(150):
        for day in range(4):
            first = value[0, int((series[row, 0] > edges[0]).sum())]
            second = value[1, int((days[row, day, 0] > edges[1]).sum())]
            assert found[row, day] == pytest.approx(0.5 + first + second)


@pytest.mark.parametrize(("last_bit", "mask"), [(6, np.uint8), (7, np.uint16)])
def test_masks_are_as_small_as_the_leaves_allow(last_bit: int, mask: type) -> None:
    """A tree of eight leaves rules out the first seven at most."""
    assert _tree([0], [0.0], [1 << last_bit], [1.0]).mask is mask


def test_trees_without_a_node_predict_their_first_leaf() -> None:
    tree = _tree([], [], [], [2.0])
    assert tree.predict(np.zeros((2, 1)), np.zeros((2, 3, 1)), np.zeros((3, 1))).tolist() == [[3.0] * 3] * 2


def test_lowest_bit_is_the_leftmost_leaf() -> None:
    assert LOWEST_BIT[[1, 2, 3, 12, 0x8000]].tolist() == [0, 1, 0, 2, 15]


def test_bags_predict_together_what_each_predicts_alone() -> None:
    """Bags of different sizes and constants."""
    small = _tree([0], [0.5], [0b1], [3.0, 2.0])
    large = replace(Trees.joined([_tree([1], [0.0], [0b1], [10.0, 20.0]), small]), baseline=0.25)
    series, weeks = np.array([[0.5], [0.6]]), np.array([[[-1.0], [1.0]], [[1.0], [1.0]]])
    together = PooledTrees((large, small, small), None).log_ratios(series, weeks, np.empty((2, 0)))
    assert together[0].tolist() == [[13.25, 23.25], [22.25, 22.25]]
    assert together[1].tolist() == together[2].tolist() == [[4.0, 4.0], [3.0, 3.0]]
