"""A measured figure of a stress case, and what the cases' shops have in common."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import FloatArray

HORIZON = 28


@dataclass(frozen=True)
class Figure:
    """One measured figure of a case, and the bounds between which it should be."""

    name: str
    value: float
    low: float
    high: float

    @property
    def passed(self) -> bool:
        """Whether the figure is within its bounds, both included."""
        return self.low <= self.value <= self.high


Case = Callable[[int], Iterator[Figure]]
"""From a seed to the figures of a case."""


def weekday_profile(n_days: int, first_weekday: int = 0) -> FloatArray:
    """[T], a usual week: weekends sell more."""
    profile = np.array([0.85, 0.85, 0.9, 0.95, 1.1, 1.3, 1.05])
    return profile[(np.arange(n_days) + first_weekday) % 7]


def mixed_levels(rng: np.random.Generator, n_series: int) -> FloatArray:
    """[S, 1], daily rates of a catalogue from slow movers to fast ones."""
    return np.exp(rng.normal(0.5, 1.2, (n_series, 1)))
