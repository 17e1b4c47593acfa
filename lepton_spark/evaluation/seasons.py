"""Goods of one season: which of them are about to be sold again."""

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray
from lepton_spark.models.data.history import SEASON_LENGTH, History
from lepton_spark.models.data.past_years import BASE_DAYS, MIN_KNOWN, N_YEARS, weeks_of_years

AROUND_DAYS = 14
"""Days before and after the days ahead of a year ago on which a season may have begun."""

MIN_UNITS, RISE = 10.0, 3.0
"""Fewest units of a past season, and how many times the rate before it that must be."""

MIN_SEASONS = 2
"""Past seasons in which it must have sold: most goods that sold in one season only are never sold again."""


def is_before_its_season(history: History, horizon: int) -> BoolArray:
    """[S], whether a series hardly sells now, but began to sell at this time of the year in the past.

    In a past year it began if it sold at least 10 units on the days ahead, give or take two weeks, at three
    times the rate of the 56 days up to the cutoff, in this year and in that one. It must have begun in every
    past year that is known, and have sold so much in two; before its first season a series is unknown.
    """
    n_base = BASE_DAYS // history.period
    today, around = history.n_days, AROUND_DAYS // history.period
    _, recent = _units_and_rate(history, slice(max(today - n_base, 0), today))
    n_seasons = np.zeros(history.n_series, dtype=np.int64)
    began = np.ones(history.n_series, dtype=np.bool_)
    for year in range(1, N_YEARS + 1):
        begin = today - weeks_of_years(year) * (SEASON_LENGTH // history.period)
        if begin < n_base:
            break
        ahead = slice(max(begin - around, 0), min(begin + horizon + around, today))
        before = slice(begin - n_base, begin)
        is_known = history.known[:, before].mean(axis=1) >= MIN_KNOWN
        sold, rate = _units_and_rate(history, ahead)
        _, base = _units_and_rate(history, before)
        has_sold = sold >= MIN_UNITS
        began &= (has_sold & (rate > RISE * np.maximum(recent, base))) | ~is_known
        n_seasons += has_sold
    result: BoolArray = began & (n_seasons >= MIN_SEASONS)
    return result


def _units_and_rate(history: History, columns: slice) -> tuple[FloatArray, FloatArray]:
    """[S] each, units and units per known column."""
    units = history.filled[:, columns].sum(axis=1)
    return units, units / np.maximum(history.known[:, columns].sum(axis=1), 1)
