"""Shared by the smoothing models: scaled series, day by day, and the choice of parameters from a grid."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.data.history import History

WARM_UP = 14
"""Known days at the start of a series that initialise the state and are not scored; weekly, two weeks."""

ALPHAS = (0.1, 0.05, 0.02)
"""Smoothing parameters to choose from; the first is used where nothing was scored.

None is above 0.1: larger ones are better one step ahead and worse four weeks ahead (docs/models.md).
"""

TIE = 1e-12
"""Errors that differ by less than this share of the scored sum of squares count as equal."""

LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True)
class ScaledDays:
    """A batch by day, each series divided by a power of two so that no square overflows.

    value: [T, S], the largest magnitude in [0.5, 1), 0 on unknown days.
    known, scored: [T, S], 1 or 0; scored are the known days after the first `n_warm_up`.
    size: [S], sum of squares of the scored days. start: [S], mean of the other known days.
    exponent: [S]; units are value * 2^exponent.
    fittable: [S], false without a known day or with an infinite one; such a series is all 0 here.
    """

    value: FloatArray
    known: FloatArray
    scored: FloatArray
    size: FloatArray
    start: FloatArray
    exponent: IntArray
    fittable: BoolArray
    n_warm_up: int

    def to_units(self, values: FloatArray) -> FloatArray:
        """Values [S] or [S, H] in units, at most the largest number; NaN rows where not fittable."""
        column = (slice(None),) + (np.newaxis,) * (values.ndim - 1)
        with np.errstate(over="ignore"):
            units = np.clip(np.ldexp(values, self.exponent[column]), -LARGEST, LARGEST)
        return self.where_fittable(units)

    def where_fittable(self, values: FloatArray) -> FloatArray:
        """Values [S, ...], NaN for series that are not fittable."""
        fitted: FloatArray = values.copy()
        fitted[~self.fittable] = np.nan
        return fitted

    def from_units(self, value: float) -> FloatArray:
        """[S], a number in units on each series' scale."""
        scaled: FloatArray = np.ldexp(value, -self.exponent)
        return scaled


def scaled_days(history: History) -> ScaledDays:
    """The history prepared for a recursion over days.

    Sums run over one contiguous row, so that a series gets the same bits whatever else is in its batch.
    """
    filled = np.ascontiguousarray(history.filled)
    fittable = (history.n_known > 0) & np.isfinite(filled).all(axis=1)
    filled = np.where(fittable[:, np.newaxis], filled, 0.0)
    exponent = np.frexp(np.max(np.abs(filled), axis=1, initial=0.0))[1].astype(np.int64)
    value = np.ldexp(filled, -exponent[:, np.newaxis])  # [S, T]
    known = np.ascontiguousarray(history.known_weight)
    n_warm_up = WARM_UP // history.period
    scored = known * (np.cumsum(known, axis=1) > n_warm_up)
    return ScaledDays(
        value=np.ascontiguousarray(value.T),
        known=np.ascontiguousarray(known.T),
        scored=np.ascontiguousarray(scored.T),
        size=np.sum(value**2 * scored, axis=1),
        start=warm_up_mean(value, known, n_warm_up),
        exponent=exponent,
        fittable=fittable,
        n_warm_up=n_warm_up,
    )


def warm_up_mean(value: FloatArray, known: FloatArray, n_warm_up: int) -> FloatArray:
    """[S], the mean of the first known days; value, known: [S, T]."""
    first = known * (np.cumsum(known, axis=1) <= n_warm_up)
    mean: FloatArray = np.sum(value * first, axis=1) / np.maximum(first.sum(axis=1), 1.0)
    return mean


def best_row(error: FloatArray, size: FloatArray) -> IntArray:
    """[S], the row of `error` [P, S] with the least error; the first of those within `TIE` of it.

    size: [S], the sum of squares that ties are measured against.
    """
    best: IntArray = np.argmax(error <= error.min(axis=0) + TIE * size, axis=0)
    return best


def pick(states: FloatArray, row: IntArray) -> FloatArray:
    """[S], from states [P, S] or [P, 1] the chosen row of each series."""
    picked: FloatArray = np.broadcast_to(states, (len(states), len(row)))[row, np.arange(len(row))]
    return picked


def of_period(alpha: float, period: int) -> float:
    """A daily smoothing parameter for columns of `period` days: it forgets as much in the same time."""
    return alpha if period == 1 else 1.0 - (1.0 - alpha) ** period


def as_column(values: Iterable[float]) -> FloatArray:
    """[P, 1], a parameter of each member of a grid."""
    return np.array(list(values), dtype=np.float64)[:, np.newaxis]
