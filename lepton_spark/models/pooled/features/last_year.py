"""A series' own season: its weeks ahead a year earlier, relative to what the pool's season explains.

One series' year is mostly noise, so this is a feature of the pooled model, which learns from many series how
much of it repeats, and not a factor.
"""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import SEASON_LENGTH, History
from lepton_spark.models.pooled.factors.pool_totals import YEAR_DAYS
from lepton_spark.models.pooled.factors.year_weeks import BASE_DAYS, YearWeekFactor
from lepton_spark.models.pooled.pool import Pool

N_YEARS = 3
"""Past years that are added up."""

AROUND_DAYS = (0, SEASON_LENGTH)
"""Days before and after a week that are added to it: a promotion returns in its week, a season around it."""

PRIOR_UNITS = 20.0
"""Units of Poisson demand without a season that the prior is worth, times the dispersion."""


@dataclass(frozen=True)
class _Sums:
    """Cumulative sums over some columns of a history, [S, N+1]; `first` is the first of the columns."""

    units: FloatArray
    days: FloatArray
    first: int

    def between(self, start: int, end: int) -> tuple[FloatArray, FloatArray]:
        """[S], units and known days of the columns from `start` to before `end`."""
        start, end = start - self.first, end - self.first
        return self.units[:, end] - self.units[:, start], self.days[:, end] - self.days[:, start]


def last_year_features(
    history: History, cutoffs: IntArray, horizon: int, pool: Pool, log_dispersion: FloatArray
) -> FloatArray:
    """[S, C, B, 2], log ratio of a series' own season to its pool's for each week ahead, shrunk to 0.

    A season is the units of the week a year earlier over the rate of the 56 days before that year's cutoff,
    summed over up to three years; one value for each of `AROUND_DAYS`. 0 where a series was known on fewer
    than half of those 56 days in every year.

    cutoffs: [C], columns of the history. log_dispersion: [S, C], of each series.
    """
    week = SEASON_LENGTH // history.period
    n_weeks = -(-horizon // week)
    features = np.zeros((history.n_series, len(cutoffs), n_weeks, len(AROUND_DAYS)))
    has_year = (cutoffs + 1 >= (YEAR_DAYS + BASE_DAYS) // history.period).any()
    if not (has_year and pool.settings.use_last_year):
        return features
    with np.errstate(over="ignore", invalid="ignore"):
        sums = _sums_of_past_years(history, cutoffs + 1, horizon)
        prior = PRIOR_UNITS * np.exp((log_dispersion + pool.log_dispersion) / 2.0)  # [S, C]
        for position, cutoff in enumerate(cutoffs.tolist()):
            for ahead in range(n_weeks):
                pool_factor = _pool_factor(pool, position, ahead)
                for column, around in enumerate(AROUND_DAYS):
                    sold, base = _season(history.period, sums, cutoff + 1, ahead * week, around)
                    expected = (base + prior[:, position]) * pool_factor  # without data exactly the numerator
                    shrunk = (sold + prior[:, position] * pool_factor) / expected
                    features[:, position, ahead, column] = np.log(shrunk)
    return np.nan_to_num(features, nan=0.0, posinf=0.0, neginf=0.0)


def _sums_of_past_years(history: History, today: IntArray, horizon: int) -> _Sums:
    """Sums over the columns that the columns `today` [C] look back at; a tenth of two years of days."""
    year, base = YEAR_DAYS // history.period, BASE_DAYS // history.period
    years = np.minimum(N_YEARS, (today - base) // year)
    first = max(int((today - base - years * year).min()), 0)
    last = int(np.minimum(today, today - year + horizon + 2 * SEASON_LENGTH).max())
    past = slice(first, max(last, first))
    return _Sums(
        _cumulative(history.filled_damped[:, past]), _cumulative(history.known_weight[:, past]), first
    )


def _season(
    period: int, sums: _Sums, today: int, ahead: int, around_days: int
) -> tuple[FloatArray, FloatArray]:
    """[S], units of a week `ahead` columns on, and those expected from the base days, over all years."""
    sold, expected = np.zeros((2, len(sums.units)))
    around, base = around_days // period, BASE_DAYS // period
    for year in range(1, N_YEARS + 1):
        then = today - year * YEAR_DAYS // period
        if then < base:
            break
        base_units, base_days = sums.between(then - base, then)
        start, end = then + ahead - around, then + ahead + SEASON_LENGTH // period + around
        units, days = sums.between(min(start, today), min(end, today))
        is_known = base_days >= base / 2
        sold += np.where(is_known, units, 0.0)
        expected += np.where(is_known, base_units / np.maximum(base_days, 1.0) * days, 0.0)
    return sold, expected


def _pool_factor(pool: Pool, position: int, ahead: int) -> float:
    """The pool's factor of a week ahead, which is already part of the weekday forecast."""
    factors = pool.factors.get(YearWeekFactor.name)
    return 1.0 if factors is None or ahead >= factors.shape[1] else float(factors[position, ahead])


def _cumulative(values: FloatArray) -> FloatArray:
    """[S, T+1], sums of the columns before each."""
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
