"""Backtest windows: one test window that no choice sees, and validation windows before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What the errors of a window are used for."""

    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True)
class Window:
    """A cutoff `cutoff_offset` columns before the run's own; `index` is its position in the plan."""

    index: int
    role: Role
    cutoff_offset: int


def plan_windows(horizon: int, n_validation: int, stride: int) -> tuple[Window, ...]:
    """The test window over the last `horizon` columns, then validation windows back in time.

    No outcome of a validation window lies in the test window.

    >>> [window.cutoff_offset for window in plan_windows(horizon=28, n_validation=2, stride=7)]
    [28, 56, 63]
    """
    test = Window(0, Role.TEST, horizon)
    offsets = range(2 * horizon, 2 * horizon + n_validation * stride, stride)
    return (test, *(Window(i, Role.VALIDATION, offset) for i, offset in enumerate(offsets, start=1)))


def of_role(windows: Sequence[Window], role: Role) -> list[int]:
    """Positions in `windows` of those with a role."""
    return [position for position, window in enumerate(windows) if window.role == role]
