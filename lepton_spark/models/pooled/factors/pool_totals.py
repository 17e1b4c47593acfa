"""Daily totals of a pool, and how they deviate from the same weekday in neighbouring weeks."""

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray
from lepton_spark.models.data.history import SEASON_LENGTH, History

NEIGHBOUR_WEEKS = (-4, -3, -2, -1, 1, 2, 3, 4)
"""Weeks before and after a day whose same weekday it is compared with; half of them must be known."""

NORMAL_MAD = 1.4826
"""Standard deviation of a normal distribution divided by its median absolute deviation."""

YEAR_DAYS = 364
"""52 weeks: the same weekday a year later. Holidays count as ordinary days in the first year."""

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


def expected_logs(total: FloatArray, is_holiday: BoolArray) -> FloatArray:
    """[T], mean log total of a day's neighbours that are not holidays; NaN where fewer than half are known.

    total: [T], NaN where unknown. is_holiday: [T].
    """
    logs = np.where(is_holiday, np.nan, np.log(total))
    neighbours = np.stack([_shifted(logs, SEASON_LENGTH * weeks) for weeks in NEIGHBOUR_WEEKS])
    known: BoolArray = ~np.isnan(neighbours)
    count = known.sum(axis=0)
    mean = np.where(known, neighbours, 0.0).sum(axis=0) / np.maximum(count, 1)
    return np.where(count >= len(NEIGHBOUR_WEEKS) // 2, mean, np.nan)


def totals_without_holidays(history: History, cutoff: int) -> FloatArray:
    """[cutoff + 1], as `pool_totals`, with holidays replaced by what their neighbours let expect.

    In the first year holidays have no factor of their own and stay as they are.
    """
    total = pool_totals(history, cutoff)
    is_holiday: BoolArray = history.is_holiday[: cutoff + 1] & (cutoff >= YEAR_DAYS)
    if not is_holiday.any():
        return total
    expected = np.exp(expected_logs(total, is_holiday))
    return np.where(is_holiday & ~np.isnan(total), expected, total)


def robust_deviation(values: FloatArray) -> float:
    """Standard deviation around 0 of values [N], estimated by the median absolute value."""
    return NORMAL_MAD * float(np.median(np.abs(values)))


def _shifted(values: FloatArray, by: int) -> FloatArray:
    """[T], at each day the value `by` days later; NaN beyond the ends."""
    shifted = np.full(len(values), np.nan)
    if abs(by) < len(values):
        if by > 0:
            shifted[:-by] = values[by:]
        else:
            shifted[-by:] = values[:by]
    return shifted
