"""A figure that a stress case measures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured figure of a case, and the bounds between which it should be.

    beside: what it is compared with, in words.
    """

    name: str
    value: float
    low: float
    high: float
    beside: str = ""

    @property
    def passed(self) -> bool:
        """Whether the figure is within its bounds, both included."""
        return self.low <= self.value <= self.high


Case = Callable[[int], Iterator[Figure]]
"""From a seed to the figures of a case."""
