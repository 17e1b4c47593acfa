"""What a pool's weeks ahead were a year ago against the weeks before them, as far as that told the truth.

Only where more than a year is known; how much of last year comes back is learnt from cutoffs before.
"""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import SEASON_LENGTH, History
from lepton_spark.models.pooled.factors.pool_totals import usual_totals

YEAR_DAYS = 364
"""52 weeks: the same weekday a year ago."""

N_WEEKS = 13
"""Weeks ahead that are looked up; later ones go unchanged."""

BEFORE_DAYS = 56
"""Days before a cutoff that its weeks ahead are held against."""

LEARNT_STRIDE = 7
LEAST_CUTOFFS = 8
"""Past cutoffs needed, of which a year later is known too, to learn how much of last year comes back."""

PRIOR_SPREAD = 0.1
"""How far weeks differ from those before them, in logs, that says nothing: below it little is taken over."""

LARGEST_LOG = 1.1
"""A week counts at most as three times, or a third, of the weeks before."""


def year_weeks(history: History, cutoffs: IntArray) -> FloatArray:
    """[C, W], factors of the weeks ahead of each cutoff, from days up to it; 1 where too little is known.

    The log of last year's ratio, times the share of it that came back so far (least squares through 0 over
    past cutoffs, drawn to none; between 0 and 1).

    cutoffs: [C], columns of the history.
    """
    factors = np.ones((len(cutoffs), N_WEEKS))
    if history.period > 1:
        return factors
    for place, cutoff in enumerate(cutoffs.tolist()):
        if cutoff < YEAR_DAYS + BEFORE_DAYS:
            continue
        ratios = _ratios(usual_totals(history, cutoff))
        factors[place] = np.exp(_share(ratios) * np.nan_to_num(ratios[cutoff - YEAR_DAYS]))
    return factors


def _ratios(total: FloatArray) -> FloatArray:
    """[T, W], log of the mean day of each week after a day over that of the weeks before it; NaN = unknown.

    total: [T], NaN on unknown days.
    """
    n_days = len(total)
    padded = np.concatenate([np.full(BEFORE_DAYS, np.nan), total, np.full(N_WEEKS * SEASON_LENGTH, np.nan)])
    known = ~np.isnan(padded)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, padded, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    after = np.arange(n_days) + BEFORE_DAYS + 1
    before = _mean(sums, counts, after - BEFORE_DAYS, after, BEFORE_DAYS // 2)
    weeks = [
        _mean(
            sums, counts, after + SEASON_LENGTH * week, after + SEASON_LENGTH * (week + 1), SEASON_LENGTH // 2
        )
        for week in range(N_WEEKS)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.stack(weeks, axis=1) / before[:, np.newaxis])
    clipped: FloatArray = np.clip(np.where(np.isfinite(logs), logs, np.nan), -LARGEST_LOG, LARGEST_LOG)
    return clipped


def _mean(sums: FloatArray, counts: IntArray, start: IntArray, end: IntArray, least: int) -> FloatArray:
    """Mean of the known days from `start` to before `end`; NaN where fewer than `least` are known."""
    count = counts[end] - counts[start]
    enough = count >= least
    mean: FloatArray = np.divide(
        sums[end] - sums[start], count, out=np.full(len(start), np.nan), where=enough
    )
    return mean


def _share(ratios: FloatArray) -> float:
    """How much of a week's ratio came back a year later, over all cutoffs for which both are known."""
    last, now = ratios[:-YEAR_DAYS:LEARNT_STRIDE], ratios[YEAR_DAYS::LEARNT_STRIDE]
    both = ~np.isnan(last) & ~np.isnan(now)
    if np.count_nonzero(both.any(axis=1)) < LEAST_CUTOFFS:
        return 0.0
    x, y = last[both], now[both]
    share = float(x @ y / (x @ x + len(x) * PRIOR_SPREAD**2))
    return min(max(share, 0.0), 1.0)
