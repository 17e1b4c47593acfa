"""What a pool sells on stretches of the month, over what the weekday tells: paydays, benefits, habits."""

from collections.abc import Sequence

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.factors.pool_totals import (
    MIN_DAYS,
    expected_logs,
    pool_totals,
    public_until,
    robust_spread,
)

N_STRETCHES = 6
"""A month is cut into stretches of five days; the 31st belongs to the last."""

STRETCH_DAYS = 5

PRIOR_SPREAD = 0.05
"""How far stretches differ, in logs, before anything is known: what the days say is drawn to none by it."""

OUTLIER = 3.0
"""Days further off than so many standard deviations (by the median deviation) count as if they were there."""


def month_days(history: History, cutoffs: IntArray) -> FloatArray:
    """[C, M], factors of the stretches by days up to each cutoff; 1 where too little is known.

    A day's total is held against the same weekday four weeks either way. Series whose sums are no finite
    numbers are left out.

    cutoffs: [C], columns of the history.
    """
    if history.period > 1:
        return np.ones((len(cutoffs), N_STRETCHES))
    stretches = stretch_of(history.days)
    factors = [_factors(_surprise(history, int(cutoff)), stretches[: cutoff + 1]) for cutoff in cutoffs]
    return np.array(factors).reshape(len(cutoffs), N_STRETCHES)


def stretch_of(days: IntArray) -> IntArray:
    """The stretch of the month of each epoch day; any shape."""
    dates = days.astype("datetime64[D]")
    day_of_month: IntArray = (dates - dates.astype("datetime64[M]")).astype(np.int64)
    return np.minimum(day_of_month // STRETCH_DAYS, N_STRETCHES - 1)


def _surprise(history: History, cutoff: int) -> FloatArray:
    """[cutoff + 1], log of the pool's total over the mean log of its neighbours; NaN where unknown.

    Public days that have a factor of their own are left out.
    """
    total, public = pool_totals(history, cutoff), public_until(history, cutoff)
    surprise: FloatArray = np.log(total) - expected_logs(total, public)
    return np.where(public, np.nan, surprise)


def _factors(surprise: FloatArray, stretches: IntArray) -> Sequence[float]:
    """Each stretch's mean surprise, as if `PRIOR_SPREAD` were known of it beforehand."""
    known = ~np.isnan(surprise)
    if np.count_nonzero(known) < MIN_DAYS:
        return [1.0] * N_STRETCHES
    values = surprise[known]
    limit = OUTLIER * robust_spread(values)
    values = np.clip(values, -limit, limit)
    values = values - values.mean()
    prior = values.var() / PRIOR_SPREAD**2
    stretch = stretches[known]
    total = np.bincount(stretch, values, N_STRETCHES)
    count = np.bincount(stretch, minlength=N_STRETCHES)
    factors: list[float] = np.exp(total / np.maximum(count + prior, 1.0)).tolist()
    return factors
