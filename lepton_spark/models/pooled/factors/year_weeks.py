"""Yearly season of a pool: last year's weeks relative to the weeks before, times the share that repeats."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import SEASON_LENGTH, History
from lepton_spark.models.pooled.factors.pool_totals import YEAR_DAYS, totals_without_events

N_WEEKS = 13
"""Weeks ahead that get a factor; later ones have 1."""

BASE_DAYS = 56
"""Days up to a cutoff whose mean the weeks ahead are compared with."""

CUTOFF_STRIDE = 7
MIN_CUTOFFS = 8
"""Past cutoffs, each with a known year after it, that are needed to estimate the share that repeats."""

PRIOR_DEVIATION = 0.1
"""Standard deviation of the noise of log ratios; it shrinks the share of seasons that are not larger."""

LARGEST_LOG = 1.1
"""Bound of a log ratio: three times, or a third of, the weeks before."""


class YearWeekFactor:
    """The factor is exp(share x log ratio), from last year's ratio of a week to the 56 days up to its cutoff.

    The share that repeats, 0 to 1, is a least squares slope through 0 over past cutoffs, shrunk to 0. All
    factors are 1 in the first 420 days of the history, and for weekly columns.
    """

    name = "year_weeks"
    meaning = "factors of the next 13 weeks from the same weeks a year earlier"

    def fit(self, history: History, cutoffs: IntArray) -> FloatArray:
        """[C, N_WEEKS], factors of the weeks after each cutoff; 1 where too little is known."""
        factors = np.ones((len(cutoffs), N_WEEKS))
        if history.period > 1:
            return factors
        for position, cutoff in enumerate(cutoffs.tolist()):
            if cutoff < YEAR_DAYS + BASE_DAYS:
                continue
            ratios = _log_ratios(totals_without_events(history, cutoff))
            last_year = np.nan_to_num(ratios[cutoff - YEAR_DAYS])
            factors[position] = np.exp(_repeating_share(ratios) * last_year)
        return factors

    def ahead(self, learned: FloatArray, days: IntArray) -> FloatArray:
        """[C, H], the factor of the week of each day ahead, 1 after the last week."""
        factors = np.ones(days.shape)
        n_days = min(days.shape[1], SEASON_LENGTH * learned.shape[1])
        factors[:, :n_days] = learned[:, np.arange(n_days) // SEASON_LENGTH]
        return factors


def _log_ratios(total: FloatArray) -> FloatArray:
    """[T, W], log ratio of the daily mean of each week after a day to that of the base days; NaN = unknown.

    total: [T], NaN on unknown days.
    """
    n_days = len(total)
    padded = np.concatenate([np.full(BASE_DAYS, np.nan), total, np.full(N_WEEKS * SEASON_LENGTH, np.nan)])
    known = ~np.isnan(padded)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, padded, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    after = np.arange(n_days) + BASE_DAYS + 1
    base = _mean(sums, counts, after - BASE_DAYS, after, BASE_DAYS // 2)
    starts = [after + SEASON_LENGTH * week for week in range(N_WEEKS)]
    weeks = [_mean(sums, counts, start, start + SEASON_LENGTH, SEASON_LENGTH // 2) for start in starts]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.stack(weeks, axis=1) / base[:, np.newaxis])
    clipped: FloatArray = np.clip(np.where(np.isfinite(logs), logs, np.nan), -LARGEST_LOG, LARGEST_LOG)
    return clipped


def _mean(sums: FloatArray, counts: IntArray, start: IntArray, end: IntArray, min_days: int) -> FloatArray:
    """Mean of the known days from `start` to before `end`; NaN where fewer than `min_days` are known."""
    count = counts[end] - counts[start]
    mean: FloatArray = np.divide(
        sums[end] - sums[start], count, out=np.full(len(start), np.nan), where=count >= min_days
    )
    return mean


def _repeating_share(ratios: FloatArray) -> float:
    """Share of a week's log ratio that repeated a year later, over all cutoffs where both are known."""
    earlier, later = ratios[:-YEAR_DAYS:CUTOFF_STRIDE], ratios[YEAR_DAYS::CUTOFF_STRIDE]
    both = ~np.isnan(earlier) & ~np.isnan(later)
    if np.count_nonzero(both.any(axis=1)) < MIN_CUTOFFS:
        return 0.0
    x, y = earlier[both], later[both]
    share = float(x @ y / (x @ x + len(x) * PRIOR_DEVIATION**2))
    return min(max(share, 0.0), 1.0)
