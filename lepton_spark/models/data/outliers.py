"""Damping of outliers: days far beyond all earlier sales count less in fitting, never in scoring."""

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray

MIN_SALES = 8
"""Days with a sale needed before an outlier can be distinguished from demand."""

STANDARD_DEVIATIONS = 8.0
MIN_SPREAD = 0.5
"""Lower bound of the standard deviation as a share of the mean sale: a few equal sales have none."""

ROUNDING = 1.0 - 1e-9
"""Factor of a bound, so that rounding does not lift it above what it bounds."""


def damp_outliers(quantity: FloatArray, planned: FloatArray | None = None) -> FloatArray:
    """[S, T], each day capped at the mean of all earlier sales plus eight standard deviations.

    Only earlier days, themselves damped, enter the cap: nothing leaks from the future, and lasting growth
    raises the cap. Unknown days stay unknown; days under promotion are not capped.

    quantity: [S, T], units; NaN = unknown. planned: [S, >=T, K], promotion measures, 0 = none.
    """
    damped = quantity.copy()
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        rows = np.flatnonzero(_exceeds_least_cap(quantity))
        while rows.size:  # the first outlier left of each series at once
            cap = _caps(damped[rows])
            is_outlier = damped[rows] > cap
            if planned is not None:
                is_outlier &= ~(planned[rows, : quantity.shape[1]].max(axis=2) > 0)
            found = np.flatnonzero(is_outlier.any(axis=1))
            first = np.argmax(is_outlier[found], axis=1)
            rows = rows[found]
            damped[rows, first] = cap[found, first]
    return damped


def _exceeds_least_cap(quantity: FloatArray) -> BoolArray:
    """[S], whether a day is above the cap of a series whose sales are all equal; few are.

    Nothing is damped before the first outlier, so the sums of undamped days find every series with one.
    """
    units, count = _sales(quantity)
    total = np.cumsum(units, axis=1)[:, :-1]
    above = units[:, 1:] * count > (1.0 + STANDARD_DEVIATIONS * MIN_SPREAD) * ROUNDING * total
    return np.asarray((above & (count >= MIN_SALES)).any(axis=1))


def _caps(quantity: FloatArray) -> FloatArray:
    """[S, T], the cap of each day by the days before it; infinite after too few sales."""
    units, count = _sales(quantity)
    total, squares = (np.cumsum(values, axis=1)[:, :-1] for values in (units, units * units))
    mean = total / count
    spread = np.sqrt(np.maximum(squares / count - mean * mean, 0.0))
    cap = mean + STANDARD_DEVIATIONS * np.maximum(spread, MIN_SPREAD * mean)
    caps = np.full(quantity.shape, np.inf)
    caps[:, 1:] = np.where(count >= MIN_SALES, cap, np.inf)
    return caps


def _sales(quantity: FloatArray) -> tuple[FloatArray, IntArray]:
    """The units sold on each day, [S, T], and the number of days with a sale before each but the first."""
    units: FloatArray = np.where(quantity > 0, quantity, 0.0)
    count = np.cumsum(units > 0, axis=1, dtype=np.int64)[:, :-1]
    return units, count
