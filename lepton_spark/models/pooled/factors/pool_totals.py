"""Daily totals of a pool, and how they deviate from the same weekday in neighbouring weeks."""

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray
from lepton_spark.models.data.history import SEASON_LENGTH, History

NEIGHBOURS = 4
"""Ordinary days of the same weekday, before a day and after it, that it is compared with."""

FARTHEST_WEEKS = 13.0
"""Largest mean distance of these neighbours."""

NORMAL_MAD = 1.4826
"""Standard deviation of a normal distribution divided by its median absolute deviation."""

YEAR_DAYS = 364
"""52 weeks: the same weekday a year later."""

MIN_DAYS = 60
"""Days with known neighbours needed to estimate the noise of daily totals."""

LARGEST_SHARE = 0.95
"""Quantile of the series' means above which a series is scaled down to it."""


def pool_totals(history: History, cutoff: int) -> FloatArray:
    """[cutoff + 1], daily units of all series, the largest ones scaled down; NaN where nothing was sold."""
    seen = history.filled[:, : cutoff + 1]
    with np.errstate(over="ignore", invalid="ignore"):
        mean = seen.mean(axis=1)
    usable = np.isfinite(mean) & (mean > 0)
    if not usable.any():
        return np.full(cutoff + 1, np.nan)
    share = np.minimum(np.quantile(mean[usable], LARGEST_SHARE) / mean[usable], 1.0)
    total = share @ seen[usable]
    return np.where(total > 0, total, np.nan)


def expected_logs(total: FloatArray, is_event: BoolArray) -> FloatArray:
    """[T], log total that the ordinary neighbours of a day let expect; NaN where too few are known.

    The neighbours are the nearest four of the same weekday on either side. What is expected lies on the
    straight line between their means; four on one side are enough, as are two on both.

    total: [T], NaN where unknown. is_event: [T].
    """
    logs = np.where(is_event, np.nan, np.log(total))
    expected = np.full(len(total), np.nan)
    for weekday in range(min(SEASON_LENGTH, len(total))):
        of_weekday = logs[weekday::SEASON_LENGTH]
        expected[weekday::SEASON_LENGTH] = _between_neighbours(of_weekday)
    return expected


def _between_neighbours(values: FloatArray) -> FloatArray:
    """[N], each value as expected from its known neighbours; values: [N], NaN where unknown."""
    at = np.arange(len(values))
    known = np.flatnonzero(~np.isnan(values))
    begin, end = np.searchsorted(known, at, side="left"), np.searchsorted(known, at, side="right")
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(np.stack([values[known], known], axis=1), axis=0)])
    means, weeks, counts = [], [], []
    for first, last in (
        (np.maximum(begin - NEIGHBOURS, 0), begin),
        (end, np.minimum(end + NEIGHBOURS, len(known))),
    ):
        count = last - first
        value, position = ((sums[last] - sums[first]) / np.maximum(count, 1)[:, np.newaxis]).T
        distance = np.abs(position - at)
        means.append(value)
        weeks.append(distance)
        counts.append(np.where(distance <= FARTHEST_WEEKS, count, 0))
    share = weeks[0] / np.maximum(weeks[0] + weeks[1], 1.0)
    both = np.minimum(*counts) >= NEIGHBOURS // 2
    before, after = (count >= NEIGHBOURS for count in counts)
    one_side = np.where(before, means[0], np.where(after, means[1], np.nan))
    return np.where(both, (1.0 - share) * means[0] + share * means[1], one_side)


def totals_without_events(history: History, cutoff: int) -> FloatArray:
    """[cutoff + 1], as `pool_totals`, with days of events replaced by what their neighbours let expect."""
    total = pool_totals(history, cutoff)
    is_event = history.is_event[: cutoff + 1]
    if not is_event.any():
        return total
    expected = np.exp(expected_logs(total, is_event))
    return np.where(is_event, expected, total)


def robust_deviation(values: FloatArray) -> float:
    """Standard deviation around 0 of values [N], estimated by the median absolute value."""
    return NORMAL_MAD * float(np.median(np.abs(values)))
