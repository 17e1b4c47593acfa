"""What a pool sells a day in all, and how that differs from the same weekday in the weeks around."""

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray
from lepton_spark.models.data.history import SEASON_LENGTH, History

NEIGHBOURS = (-4, -3, -2, -1, 1, 2, 3, 4)
"""Weeks from a day to the same weekdays that it is held against; half of them must be known."""

TO_SD = 1.4826
"""Of a normal distribution: its standard deviation over the median of its absolute values."""

FIRST_YEAR = 364
"""Days within which no public day comes again: till then they are days like others."""

MIN_DAYS = 60
"""Days with known neighbours needed, to tell what is noise."""

LARGEST_SHARE = 0.95
"""Products above this quantile of the mean count as the one at it."""


def pool_totals(history: History, cutoff: int) -> FloatArray:
    """[cutoff + 1], units of all series by day, the largest products cut back; NaN where nothing was sold."""
    seen = history.filled[:, : cutoff + 1]
    with np.errstate(over="ignore", invalid="ignore"):
        mean = seen.mean(axis=1)
    sound = np.isfinite(mean) & (mean > 0)
    if not sound.any():
        return np.full(cutoff + 1, np.nan)
    share = np.minimum(np.quantile(mean[sound], LARGEST_SHARE) / mean[sound], 1.0)
    total = share @ seen[sound]
    return np.where(total > 0, total, np.nan)


def expected_logs(total: FloatArray, public: BoolArray) -> FloatArray:
    """[T], mean log of a day's neighbours that are no public days; NaN where half of them are not known.

    total: [T], NaN where unknown; public: [T], whether a day is one.
    """
    logs = np.where(public, np.nan, np.log(total))
    around = np.stack([_moved(logs, SEASON_LENGTH * weeks) for weeks in NEIGHBOURS])
    known: BoolArray = ~np.isnan(around)
    count = known.sum(axis=0)
    mean = np.where(known, around, 0.0).sum(axis=0) / np.maximum(count, 1)
    return np.where(count >= len(NEIGHBOURS) // 2, mean, np.nan)


def public_until(history: History, cutoff: int) -> BoolArray:
    """[cutoff + 1], whether a day is a public one that has a factor of its own; none in the first year."""
    public: BoolArray = history.public[: cutoff + 1] & (cutoff >= FIRST_YEAR)
    return public


def usual_totals(history: History, cutoff: int) -> FloatArray:
    """[cutoff + 1], as `pool_totals`, public days as they were expected; where nothing was, unknown."""
    total = pool_totals(history, cutoff)
    public = public_until(history, cutoff)
    if not public.any():
        return total
    expected = np.exp(expected_logs(total, public))
    return np.where(public & ~np.isnan(total), expected, total)


def robust_spread(values: FloatArray) -> float:
    """The standard deviation around 0 of values [N] that are normal but for outliers: by the median size."""
    return TO_SD * float(np.median(np.abs(values)))


def _moved(values: FloatArray, by: int) -> FloatArray:
    """Each day's value `by` days on."""
    found = np.full(len(values), np.nan)
    if abs(by) < len(values):
        if by > 0:
            found[:-by] = values[by:]
        else:
            found[-by:] = values[:by]
    return found
