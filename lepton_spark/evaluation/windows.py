"""The cutoffs of a backtest: one test window that no choice sees, and validation windows before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a window's errors may be used for."""

    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True)
class Window:
    """A cutoff of a backtest, `cutoff_offset` columns before the run's own; `index`: place in the plan."""

    index: int
    role: Role
    cutoff_offset: int


def plan_windows(horizon: int, n_validation: int, stride: int) -> tuple[Window, ...]:
    """The test window over the last `horizon` days, then validation windows going back in time.

    No validation target reaches into the test window.
    """
    test = Window(0, Role.TEST, horizon)
    offsets = range(2 * horizon, 2 * horizon + n_validation * stride, stride)
    return (test, *(Window(i, Role.VALIDATION, offset) for i, offset in enumerate(offsets, start=1)))


def of_role(windows: Sequence[Window], role: Role) -> list[int]:
    """Places in `windows` of those with a role."""
    return [place for place, window in enumerate(windows) if window.role == role]
