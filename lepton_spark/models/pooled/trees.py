"""Boosted trees as plain arrays, and their sums for many rows at once.

A row meets a tree without walking it: each feature's interval rules out a set of leaves, stored as bits, and
the leftmost leaf that no feature rules out is the row's. Features of a series are looked up once for all the
days ahead. Source: Lucchese et al. (2015), QuickScorer: a fast algorithm to rank documents.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.pooled.linear import PooledLinear

MAX_LEAVES = 16
"""Leaves of a tree at most: one bit each in a mask."""

LEAF_BLOCK = 64
"""Series summed at once, so that their masks stay in the processor's cache."""

MaskArray = NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class Trees:
    """A sum of regression trees; a row goes left where its feature is at most the threshold.

    baseline: what is added to the sum.
    feature, threshold: [N], of the inner nodes of all trees.
    tree: [N], which tree the node is of; ruled_out: [N], bits of the leaves on its left.
    value: [M, 16], of each tree's leaves from left to right.
    """

    baseline: float
    feature: IntArray
    threshold: FloatArray
    tree: IntArray
    ruled_out: MaskArray
    value: FloatArray

    @cached_property
    def mask(self) -> type[np.uint16] | type[np.uint8]:
        """What holds a bit for each leaf of the largest tree: eight do twice as fast as sixteen.

        The last leaf of a tree is on no node's left.
        """
        return np.uint8 if self.ruled_out.max(initial=0) < 1 << 7 else np.uint16

    @cached_property
    def tables(self) -> dict[int, tuple[FloatArray, MaskArray]]:
        """Feature -> its sorted thresholds [B] and the leaves left over in each interval, [B+1, M]."""
        return {int(feature): self._table(int(feature)) for feature in np.unique(self.feature)}

    def _table(self, feature: int) -> tuple[FloatArray, MaskArray]:
        nodes = np.flatnonzero(self.feature == feature)
        edges, place = np.unique(self.threshold[nodes], return_inverse=True)
        left_over = np.full((len(edges) + 1, len(self.value)), np.iinfo(self.mask).max, self.mask)
        kept = np.invert(self.ruled_out[nodes].astype(self.mask))
        np.bitwise_and.at(left_over, (place + 1, self.tree[nodes]), kept)
        return edges, np.bitwise_and.accumulate(left_over, axis=0)

    def predict(self, series: FloatArray, days: FloatArray, calendar: FloatArray) -> FloatArray:
        """[S, H], the sum for each series and day ahead.

        series: [S, K1]; days: [S, H, K2]; calendar: [H, K3]; features are numbered in this order.
        """
        n_series, n_ahead = days.shape[:2]
        by_day = self._left_over(calendar, series.shape[1] + days.shape[2])  # [H, M]
        total = np.empty((n_series, n_ahead))
        for start in range(0, n_series, LEAF_BLOCK):
            block = slice(start, start + LEAF_BLOCK)
            rows = days[block].reshape(min(LEAF_BLOCK, n_series - start) * n_ahead, days.shape[2])
            masks = self._left_over(rows, series.shape[1]).reshape(-1, n_ahead, len(self.value))
            masks &= self._left_over(series[block], 0)[:, np.newaxis]
            masks &= by_day
            total[block] = self._sum(masks)
        return total + self.baseline

    def _left_over(self, columns: FloatArray, first: int) -> MaskArray:
        """[R, M], leaves that some features [R, K], numbered from `first`, leave over."""
        masks = np.full((len(columns), len(self.value)), np.iinfo(self.mask).max, self.mask)
        for feature, (edges, left_over) in self.tables.items():
            if first <= feature < first + columns.shape[1]:
                masks &= np.take(left_over, np.searchsorted(edges, columns[:, feature - first]), axis=0)
        return masks

    def _sum(self, masks: MaskArray) -> FloatArray:
        """[..., ], the values of each tree's leftmost leaf left over, summed over the trees."""
        leaf = np.take(LOWEST_BIT, masks)  # a third of the time of LOWEST_BIT[masks]
        leaf += np.arange(len(self.value), dtype=np.int32) * MAX_LEAVES
        total: FloatArray = np.take(self.value.ravel(), leaf).sum(axis=-1)
        return total


@dataclass(frozen=True)
class PooledTrees:
    """What is trained over many series: bags of trees for the mean's ratio, and trees for the median's.

    median: None where too few days had demand enough for a median above 0.
    linear: the regression beside the trees of the mean; None: the weekday forecast stands in its place.
    """

    mean: tuple[Trees, ...]
    median: Trees | None
    linear: PooledLinear | None = None


def _lowest_bits() -> NDArray[np.int32]:
    """[65536], the place of the lowest bit that is set."""
    masks = np.arange(1 << MAX_LEAVES)
    lowest = np.zeros(len(masks), dtype=np.int32)
    lowest[1:] = np.round(np.log2(masks[1:] & -masks[1:]))
    return lowest


LOWEST_BIT = _lowest_bits()
