"""What a product's own weeks ahead were a year ago, over what the pool's were: its season, if it has one.

One product's year is mostly noise, so this is a feature of the pooled trees, which learn from many products
how much of it comes back, and no factor by itself.
"""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import SEASON_LENGTH, History, PoolProfile
from lepton_spark.models.pooled.factors.year_weeks import BEFORE_DAYS, YEAR_DAYS

N_YEARS = 3
"""Years looked back at, all alike."""

AROUND_DAYS = (0, SEASON_LENGTH)
"""Days either side of a week that are taken with it: its own week, and the three around it.

A promotion comes back in its week or not at all, a season comes back in about its weeks.
"""

PRIOR_UNITS = 20.0
"""Units of Poisson demand that no season at all is worth; times the dispersion for lumpier demand."""


@dataclass(frozen=True)
class _Sums:
    """Running sums over some columns of a history, [S, N+1]: units, and known days. first: of the columns."""

    units: FloatArray
    days: FloatArray
    first: int

    def between(self, start: int, end: int) -> tuple[FloatArray, FloatArray]:
        """[S] units and known days of the columns from `start` to before `end`."""
        start, end = start - self.first, end - self.first
        return self.units[:, end] - self.units[:, start], self.days[:, end] - self.days[:, start]


def last_year(
    history: History, cutoffs: IntArray, horizon: int, pool: PoolProfile, log_dispersion: FloatArray
) -> FloatArray:
    """[S, C, B, 2], log of a product's own ratio over its pool's for each week ahead, drawn to 0.

    The ratio: units of the week a year before over what the 56 days before that time's cutoff told, summed
    over up to three years. One figure for each of `AROUND_DAYS`. 0 where a product was not known for half
    of those 56 days in any year.

    cutoffs: [C], columns of the history; log_dispersion: [S, C], the product's own.
    """
    week = SEASON_LENGTH // history.period
    n_weeks = -(-horizon // week)
    found = np.zeros((history.n_series, len(cutoffs), n_weeks, len(AROUND_DAYS)))
    if not (cutoffs + 1 >= (YEAR_DAYS + BEFORE_DAYS) // history.period).any():
        return found
    with np.errstate(over="ignore", invalid="ignore"):
        sums = _sums_of_past_years(history, cutoffs + 1, horizon)
        prior = PRIOR_UNITS * np.exp((log_dispersion + pool.log_dispersion) / 2.0)  # [S, C]
        for place, cutoff in enumerate(cutoffs.tolist()):
            for ahead in range(n_weeks):
                of_pool = _of_pool(pool, place, ahead)
                for column, around in enumerate(AROUND_DAYS):
                    sold, told = _summed(history.period, sums, cutoff + 1, ahead * week, around)
                    expected = (told + prior[:, place]) * of_pool  # of nothing known, the same bits as above
                    drawn = (sold + prior[:, place] * of_pool) / expected
                    found[:, place, ahead, column] = np.log(drawn)
    return np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0)


def _sums_of_past_years(history: History, today: IntArray, horizon: int) -> _Sums:
    """Of the columns that are looked at from the columns `today` [C]; of two years that is a tenth of all."""
    year, before = YEAR_DAYS // history.period, BEFORE_DAYS // history.period
    years = np.minimum(N_YEARS, (today - before) // year)
    first = max(int((today - before - years * year).min()), 0)
    last = int(np.minimum(today, today - year + horizon + 2 * SEASON_LENGTH).max())
    past = slice(first, max(last, first))
    return _Sums(_running(history.calm[:, past]), _running(history.known_weight[:, past]), first)


def _summed(
    period: int, sums: _Sums, today: int, ahead: int, around_days: int
) -> tuple[FloatArray, FloatArray]:
    """[S] units of a week `ahead` columns on, and what the days before told of it, summed over the years."""
    sold, told = np.zeros((2, len(sums.units)))
    around, before = around_days // period, BEFORE_DAYS // period
    for year in range(1, N_YEARS + 1):
        then = today - year * YEAR_DAYS // period
        if then < before:
            break
        units_before, days_before = sums.between(then - before, then)
        start, end = then + ahead - around, then + ahead + SEASON_LENGTH // period + around
        units, days = sums.between(min(start, today), min(end, today))
        known = days_before >= before / 2
        sold += np.where(known, units, 0.0)
        told += np.where(known, units_before / np.maximum(days_before, 1.0) * days, 0.0)
    return sold, told


def _of_pool(pool: PoolProfile, place: int, ahead: int) -> float:
    """The pool's factor of a week ahead, which the weekday forecast has already."""
    of_pool = pool.year_weeks
    return 1.0 if of_pool is None or ahead >= of_pool.shape[1] else float(of_pool[place, ahead])


def _running(values: FloatArray) -> FloatArray:
    """[S, T+1], sums of the columns before each."""
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
