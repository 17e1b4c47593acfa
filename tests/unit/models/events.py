"""Events for tests."""

from collections.abc import Sequence

import numpy as np

from lepton_spark.models.data.arrays import IntArray
from lepton_spark.models.data.events import Events

ALWAYS = -100_000
"""An epoch day before all others."""


def events(
    days: Sequence[int] | IntArray,
    names: Sequence[int] | IntArray,
    window: tuple[int, int] = (0, 0),
    known_day: int = ALWAYS,
    first_day: int = ALWAYS,
) -> Events:
    """Events of some epoch days, all with one window of days before and after and one day of announcement."""
    day, name = (np.array(values, dtype=np.int64) for values in (days, names))
    before, after, known = (np.full(len(day), value) for value in (*window, known_day))
    return Events(day, name, before, after, known, first_day)
