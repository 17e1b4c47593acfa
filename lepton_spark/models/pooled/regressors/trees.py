"""Boosted trees as plain arrays, evaluated for many rows at once.

No row walks a tree. Each feature value rules out a set of leaves, stored as bits; the leftmost leaf that no
feature rules out is the row's leaf. Features of a series are looked up once for all days ahead.

Source: Lucchese et al. (2015), QuickScorer: a fast algorithm to rank documents.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.pooled.regressors.linear import PooledRegression

MAX_LEAVES = 16
"""Most leaves of a tree: one bit each in a mask."""

BLOCK_SERIES = 64
"""Series evaluated at once, so that their masks fit the processor's cache."""

MaskArray = NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class Trees:
    """A sum of M regression trees; a row goes left where its feature is at most the threshold.

    baseline: constant added to the sum.
    feature, threshold: [N], of the inner nodes of all trees.
    tree: [N], the tree of each node. ruled_out: [N], bits of the leaves on its left.
    value: [M, 16], leaf values of each tree from left to right.
    count: [M, 16], training rows of each leaf, for path contributions; None for trees of earlier versions.
    """

    baseline: float
    feature: IntArray
    threshold: FloatArray
    tree: IntArray
    ruled_out: MaskArray
    value: FloatArray
    count: FloatArray | None = None

    @cached_property
    def mask(self) -> type[np.uint16] | type[np.uint8]:
        """Smallest type with a bit for each leaf; eight bits are twice as fast as sixteen.

        The last leaf of a tree is on no node's left.
        """
        return np.uint8 if self.ruled_out.max(initial=0) < 1 << 7 else np.uint16

    @cached_property
    def tables(self) -> dict[int, tuple[FloatArray, MaskArray]]:
        """Feature -> its sorted thresholds [B] and the leaves that remain in each interval, [B+1, M]."""
        return {int(feature): self._table(int(feature)) for feature in np.unique(self.feature)}

    def _table(self, feature: int) -> tuple[FloatArray, MaskArray]:
        nodes = np.flatnonzero(self.feature == feature)
        edges, position = np.unique(self.threshold[nodes], return_inverse=True)
        remaining = np.full((len(edges) + 1, len(self.value)), np.iinfo(self.mask).max, self.mask)
        kept = np.invert(self.ruled_out[nodes].astype(self.mask))
        np.bitwise_and.at(remaining, (position + 1, self.tree[nodes]), kept)
        return edges, np.bitwise_and.accumulate(remaining, axis=0)

    @property
    def leaf_counts(self) -> FloatArray:
        """[M, 16], training rows of each leaf; all alike where they are unknown."""
        return np.ones(self.value.shape) if self.count is None else self.count

    @classmethod
    def joined(cls, parts: Sequence["Trees"]) -> "Trees":
        """All trees of some sums in order, without the constants."""
        first = np.cumsum([0, *(len(part.value) for part in parts)])
        return cls(
            0.0,
            np.concatenate([part.feature for part in parts]),
            np.concatenate([part.threshold for part in parts]),
            np.concatenate([part.tree + number for part, number in zip(parts, first[:-1], strict=True)]),
            np.concatenate([part.ruled_out for part in parts]),
            np.concatenate([part.value for part in parts]),
            np.concatenate([part.leaf_counts for part in parts]),
        )

    def predict(self, series: FloatArray, days: FloatArray, calendar: FloatArray) -> FloatArray:
        """[S, H], the sum of the trees for each series and day ahead.

        series: [S, K1]; days: [S, H, K2]; calendar: [H, K3]; features are numbered in this order.
        """
        total: FloatArray = self.sums(series, days, calendar, [len(self.value)])[0]
        return total + self.baseline

    def sums(
        self, series: FloatArray, days: FloatArray, calendar: FloatArray, sizes: Sequence[int]
    ) -> FloatArray:
        """[P, S, H], the sums of the first `sizes[0]` trees, of the next `sizes[1]` and so on."""
        total: FloatArray = self.sums_of(self.value[..., np.newaxis], series, days, calendar, sizes)[0]
        return total

    def sums_of(
        self,
        tables: FloatArray,
        series: FloatArray,
        days: FloatArray,
        calendar: FloatArray,
        sizes: Sequence[int],
    ) -> FloatArray:
        """[G, P, S, H], the same sums of each of several values of a leaf; tables: [M, 16, G]."""
        n_series, n_ahead = days.shape[:2]
        by_group = [np.ascontiguousarray(table) for table in np.moveaxis(tables, 2, 0)]
        by_series = self._remaining(series, 0)  # [S, M]
        by_calendar = self._remaining(calendar, series.shape[1] + days.shape[2])  # [H, M]
        ends = np.cumsum(sizes).tolist()
        total = np.empty((len(by_group), len(sizes), n_series, n_ahead))
        for start in range(0, n_series, BLOCK_SERIES):
            block = slice(start, start + BLOCK_SERIES)
            rows = days[block].reshape(min(BLOCK_SERIES, n_series - start) * n_ahead, days.shape[2])
            masks = self._remaining(rows, series.shape[1]).reshape(-1, n_ahead, len(self.value))
            masks &= by_series[block, np.newaxis]
            masks &= by_calendar
            leaf = self._leaves(masks)
            for group, table in enumerate(by_group):
                values = np.take(table, leaf)
                for part, (size, end) in enumerate(zip(sizes, ends, strict=True)):
                    total[group, part, block] = values[..., end - size : end].sum(axis=-1)
        return total

    def _remaining(self, columns: FloatArray, first: int) -> MaskArray:
        """[R, M], the leaves that features [R, K], numbered from `first`, do not rule out."""
        masks = np.full((len(columns), len(self.value)), np.iinfo(self.mask).max, self.mask)
        for feature, (edges, remaining) in self.tables.items():
            if first <= feature < first + columns.shape[1]:
                masks &= np.take(remaining, np.searchsorted(edges, columns[:, feature - first]), axis=0)
        return masks

    def _leaves(self, masks: MaskArray) -> IntArray:
        """[..., M], the number of each tree's leftmost remaining leaf, 16 to a tree."""
        leaf = np.take(LOWEST_BIT, masks)  # a third of the time of LOWEST_BIT[masks]
        leaf += np.arange(len(self.value)) * MAX_LEAVES
        return leaf


@dataclass(frozen=True)
class PooledTrees:
    """The trained part of the pooled model.

    mean: bags of trees for the log ratio of a week to its weekday forecast.
    median: trees for the ratio of the median to the mean; None where too few days have enough demand.
    regression: predicts the same ratio as `mean`; None where it was not fitted.
    """

    mean: tuple[Trees, ...]
    median: Trees | None
    regression: PooledRegression | None = None

    @cached_property
    def all_bags(self) -> Trees:
        """The trees of all bags, without their constants."""
        return Trees.joined(self.mean)

    def log_ratios(self, series: FloatArray, weeks: FloatArray, calendar: FloatArray) -> list[FloatArray]:
        """[S, B] of each bag; the bags look up each feature together. Arguments as of `Trees.predict`."""
        sums = self.all_bags.sums(series, weeks, calendar, [len(bag.value) for bag in self.mean])
        return [total + bag.baseline for total, bag in zip(sums, self.mean, strict=True)]


def _lowest_bits() -> IntArray:
    """[65536], the position of the lowest bit that is set."""
    masks = np.arange(1 << MAX_LEAVES)
    lowest = np.zeros(len(masks), dtype=np.int64)
    lowest[1:] = np.round(np.log2(masks[1:] & -masks[1:]))
    return lowest


LOWEST_BIT = _lowest_bits()
