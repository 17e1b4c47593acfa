"""Routing of series to segments, by product, category and demand class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, IntArray, StringArray
from lepton_spark.panel.dense import PackedBatch
from lepton_spark.tables.schemas.error_tables import SEGMENT


@dataclass(frozen=True)
class Rule:
    """Which series a segment takes: those that have one of each kind of value that is listed.

    An empty set accepts every value.
    """

    name: str
    products: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    demand_classes: frozenset[str] = frozenset()

    def matches(self, packed: PackedBatch, demand_class: StringArray) -> BoolArray:
        """[S], whether the rule takes a series. demand_class: [S]."""
        n_series = len(packed.product_ids)
        accepted = np.ones(n_series, dtype=np.bool_)
        for listed, values in (
            (self.products, packed.product_ids),
            (self.categories, packed.categories or (None,) * n_series),
            (self.demand_classes, demand_class.tolist()),
        ):
            if listed:
                accepted &= np.array([value in listed for value in values], dtype=np.bool_)
        return accepted


def segments_of(rules: Sequence[Rule], packed: PackedBatch, demand_class: StringArray) -> IntArray:
    """[S], the position of the first rule that takes a series, from 1; 0 where none does."""
    found = np.zeros(len(packed.product_ids), dtype=np.int64)
    for position in range(len(rules), 0, -1):
        found[rules[position - 1].matches(packed, demand_class)] = position
    return found


def segment_names(rules: Sequence[Rule], segment: IntArray) -> list[str | None]:
    """[S], the name of each series' segment; None for none."""
    names = (None, *(rule.name for rule in rules))
    return [names[position] for position in segment.tolist()]


def level_in(level: str, segment: str | None) -> str:
    """A level of choice with the segment that the series is in.

    >>> level_in("class", "seasonal"), level_in("class", None)
    ('class (segment=seasonal)', 'class')
    """
    return level if segment is None else f"{level} ({SEGMENT}={segment})"


def level_alone(level: str) -> str:
    """The level without the segment.

    >>> level_alone("class (segment=seasonal)")
    'class'
    """
    return level.partition(" ")[0]
