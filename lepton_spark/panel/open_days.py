"""Days without any line at a location, on which it was closed or just sold nothing.

A large shop that reports nothing was closed, or its data are missing; a small one often sells nothing at all.
The difference is how probable an empty day is by what the location usually sells on that weekday.
"""

import numpy as np
from scipy.special import bdtr

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.data.history import SEASON_LENGTH, weekdays

IMPLAUSIBLE = 0.01
"""Probability below which an empty day means that the location was closed."""

IMPLAUSIBLE_RUN = 1e-4
"""The same for several empty days in a row; lower, because a long history has many runs."""

RARELY_OPEN = 0.08
"""Largest share of its days on which a closed weekday has a line."""

USUAL_DAYS = 8
"""A day is compared with the last 8 days of its weekday that have lines."""

FEW_LINES = 3.0
"""Below so many lines a day, the share of empty days tells how probable these are."""

LARGEST_RATE = 700.0
"""Rate from which the probability of 0 would be too small for a floating-point number."""

ITERATIONS = 10
"""Fixed-point iterations, after which the rate of FEW_LINES and more is exact to a thousandth."""


def open_days(lines: IntArray, first_day: int) -> BoolArray:
    """[T], whether a location was open on each day; open days without a line are days of zero sales.

    A weekday is closed if it hardly ever has a line although that would be implausible on the others. Any
    other empty day, or run of them, is closed if it is implausible.
    lines: [T], product-days with a line, 0 on an empty day. first_day: epoch day of the first column.
    """
    empty = lines == 0
    if not empty.any():
        return np.ones(len(lines), dtype=np.bool_)
    weekday = weekdays(first_day + np.arange(len(lines)))
    closed = empty & _is_closed_weekday(lines, weekday)[weekday]
    unexplained = empty & ~closed
    log_probability = np.where(unexplained, np.log(_empty_probability(lines, weekday)), 0.0)
    in_run = _sums_of_runs(log_probability, ends=~unexplained)
    is_implausible = (log_probability < np.log(IMPLAUSIBLE)) | (in_run < np.log(IMPLAUSIBLE_RUN))
    is_open: BoolArray = ~(closed | (unexplained & is_implausible))
    return is_open


def _is_closed_weekday(lines: IntArray, weekday: IntArray) -> BoolArray:
    """[7], the weekdays that hardly ever have a line, implausibly so by the other weekdays."""
    closed = np.zeros(SEASON_LENGTH, dtype=np.bool_)
    by_rate = float(_zero_by_lines(np.array([lines[lines > 0].mean()]))[0])
    for day_of_week in range(SEASON_LENGTH):
        on_it = weekday == day_of_week
        n_days, n_open = np.count_nonzero(on_it), np.count_nonzero(lines[on_it])
        empty_by_chance = min(by_rate, _share_of_zeros(lines[~on_it]))
        so_few_open = bdtr(n_open, n_days, 1.0 - empty_by_chance)
        closed[day_of_week] = n_open <= RARELY_OPEN * n_days and so_few_open < IMPLAUSIBLE_RUN
    return closed


def _empty_probability(lines: IntArray, weekday: IntArray) -> FloatArray:
    """[T], the probability of an empty day: by the weekday's lines so far, and by its share of empty days.

    The smaller of the two, because the share of empty days of a large location is that of its closed days.
    """
    probability = np.ones(len(lines))
    for day_of_week in range(SEASON_LENGTH):
        on_it = np.flatnonzero(weekday == day_of_week)
        if on_it.size:
            by_rate = _zero_by_lines(_usual_lines(lines[on_it]))
            probability[on_it] = np.minimum(by_rate, _share_of_zeros(lines[on_it]))
    return probability


def _usual_lines(lines: IntArray) -> FloatArray:
    """[N], mean of the last `USUAL_DAYS` days with lines before each day; at the beginning, of the first."""
    sold = np.flatnonzero(lines)
    if not sold.size:
        return np.full(len(lines), 1.0)
    total = np.concatenate([[0], np.cumsum(lines[sold])])
    end = np.maximum(np.searchsorted(sold, np.arange(len(lines))), min(USUAL_DAYS, len(sold)))
    start = np.maximum(end - USUAL_DAYS, 0)
    mean: FloatArray = (total[end] - total[start]) / (end - start)
    return mean


def _zero_by_lines(mean: FloatArray) -> FloatArray:
    """The probability of 0 if the Poisson values that are not 0 have this mean; 1 for few lines.

    Of a rate r that mean is r / (1 - exp(-r)), solved for r by iteration. A mean near 1 tells nothing.
    """
    rate = np.asarray(mean, dtype=np.float64)
    for _ in range(ITERATIONS):
        rate = mean * -np.expm1(-rate)
    return np.where(mean >= FEW_LINES, np.exp(-np.minimum(rate, LARGEST_RATE)), 1.0)


def _share_of_zeros(lines: IntArray) -> float:
    """The share of empty days, with one empty day and one open day added."""
    return (np.count_nonzero(lines == 0) + 1) / (len(lines) + 2)


def _sums_of_runs(values: FloatArray, ends: BoolArray) -> FloatArray:
    """[T], the sum of the values between two `ends`, at each column between them."""
    run = np.cumsum(ends)
    sums = np.bincount(run, values, run[-1] + 1).astype(np.float64)
    return sums[run]
