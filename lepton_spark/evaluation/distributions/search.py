"""The least number for which a condition holds, for many series at once."""

from collections.abc import Callable

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray

Condition = Callable[[IntArray, FloatArray], BoolArray]
"""Whether it holds, for some rows and a number for each; it must hold for all numbers above one that does."""

TOLERANCE = 1e-9
"""Of fractional results, relative to the start and the step."""

MAX_DOUBLINGS = 64
"""Of the step, after which no number is expected to do."""

MAX_HALVINGS = 128


def least(holds: Condition, start: FloatArray, step: FloatArray, whole: BoolArray) -> FloatArray:
    """[S], the least number for which the condition holds: whole where `whole`, else within the tolerance.

    From the start, steps that double enclose it, and halving finds it. NaN where no number is found. A row's
    result depends on that row only.

    start: [S], a guess. step: [S], at least 0, the size of the first step.
    """
    tolerance = np.where(whole, 1.0, TOLERANCE * (np.abs(start) + step) + 1e-12)
    start = np.where(whole, np.floor(start), start)
    step = np.where(whole, np.maximum(np.floor(step), 1.0), np.maximum(step, tolerance))
    below, above = _enclosed(holds, start, step)
    for _ in range(MAX_HALVINGS):
        rows = np.flatnonzero(above - below > tolerance)
        if not rows.size:
            break
        middle = 0.5 * (below[rows] + above[rows])
        middle = np.where(whole[rows], np.floor(middle), middle)
        reached = holds(rows, middle)
        above[rows] = np.where(reached, middle, above[rows])
        below[rows] = np.where(reached, below[rows], middle)
    return above


def _enclosed(holds: Condition, start: FloatArray, step: FloatArray) -> tuple[FloatArray, FloatArray]:
    """[S], [S]: a number for which the condition does not hold, and a greater one for which it does.

    On the way down 0 is tried before a negative number, so that a least number of 0 is found exactly.
    """
    below, above = np.full_like(start, np.nan), np.full_like(start, np.nan)
    position, stride = start.copy(), step.copy()
    rows = np.flatnonzero(np.isfinite(start) & np.isfinite(step))
    for _ in range(MAX_DOUBLINGS):
        if not rows.size:
            break
        reached = holds(rows, position[rows])
        above[rows[reached]] = position[rows[reached]]
        below[rows[~reached]] = position[rows[~reached]]
        rows = rows[np.isnan(below[rows]) | np.isnan(above[rows])]
        downwards = np.isnan(below[rows])
        target = position[rows] + np.where(downwards, -stride[rows], stride[rows])
        position[rows] = np.where(downwards & (target < 0) & (position[rows] > 0), 0.0, target)
        stride[rows] *= 2.0
    return below, above
