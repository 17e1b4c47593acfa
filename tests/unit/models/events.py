"""Events for tests."""

import numpy as np

from lepton_spark.models.data.events import Events

ALWAYS = -100_000
"""An epoch day before all others."""


def events(
    days: np.ndarray | list[int],
    names: np.ndarray | list[int],
    window: tuple[int, int] = (0, 0),
    known_day: int = ALWAYS,
    first_day: int = ALWAYS,
) -> Events:
    """Events of some epoch days, each with a window of days before and after it."""
    every = np.ones(len(days), dtype=np.int64)
    before, after = window
    return Events(
        np.array(days), np.array(names), before * every, after * every, known_day * every, first_day
    )
