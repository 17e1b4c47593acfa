"""Dispersion of counts around their means: maximum a posteriori of a negative binomial.

Variance = dispersion x mean. Single outliers would dominate a sum of squares; the likelihood weighs zeros,
usual days and outliers alike.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from lepton_spark.models.data.arrays import BoolArray, FloatArray

LARGEST_DISPERSION = 1e8
"""Upper bound: that of a variation of a third around the largest count."""

MIN_MEAN = 1e-3
"""Lower bound of a mean in units: a sale where none was expected is unlikely, not impossible."""

LARGEST_COUNT = 1e9
"""Upper bound of units, above which the likelihood exceeds floating point precision."""

LOG_GRID = np.linspace(0.0, np.log(100.0), 13)
"""Log dispersions that are tried first; for larger ones the grid is moved up by its own length."""


@dataclass(frozen=True)
class DispersionSettings:
    """prior_deviation: prior standard deviation of a series' log dispersion around the pool's.

    Series with more than 20 sales of two retailers have 0.75 and 0.81, partly estimation noise.
    """

    prior_deviation: float = 0.7


DEFAULT_DISPERSION = DispersionSettings()


def likely_dispersion(
    mean: FloatArray,
    actual: FloatArray,
    scored: BoolArray,
    log_prior: float | FloatArray,
    settings: DispersionSettings = DEFAULT_DISPERSION,
) -> FloatArray:
    """[S], the most likely dispersion given the scored days and the prior, at least 1.

    mean, actual: [S, N], units. scored: [S, N], where both are known. log_prior: [S], log dispersion expected
    of each series, or one for all.
    """
    forecast = np.where(scored, np.clip(mean, MIN_MEAN, LARGEST_COUNT), 0.0)
    units = np.where(scored, np.clip(actual, 0.0, LARGEST_COUNT), 0.0)
    log_dispersion = np.zeros(len(forecast))
    expected = np.broadcast_to(log_prior, len(forecast))[:, np.newaxis]
    rows, begin = np.arange(len(forecast)), 0.0
    while rows.size and begin < np.log(LARGEST_DISPERSION):
        grid = LOG_GRID + begin
        prior = -0.5 * ((grid - expected[rows]) / settings.prior_deviation) ** 2
        log_dispersion[rows] = begin + peak(_log_likelihood(forecast[rows], units[rows], grid) + prior)
        begin = grid[-1]
        rows = rows[log_dispersion[rows] >= begin]
    return np.clip(np.exp(log_dispersion), 1.0, LARGEST_DISPERSION)


def peak(heights: FloatArray) -> FloatArray:
    """[S], the maximum of heights [S, G] over `LOG_GRID`, by a parabola through three neighbours.

    The end of the grid where the heights rise towards it.
    """
    series = np.arange(len(heights))
    position = np.clip(np.argmax(heights, axis=1), 1, len(LOG_GRID) - 2)
    left, middle, right = (heights[series, position + step] for step in (-1, 0, 1))
    bend = 2.0 * middle - left - right
    steps = np.divide(0.5 * (right - left), bend, out=np.sign(right - left), where=bend > 0)
    top: FloatArray = LOG_GRID[position] + np.clip(steps, -1.0, 1.0) * LOG_GRID[1]
    return top


def _log_likelihood(mean: FloatArray, units: FloatArray, log_grid: FloatArray) -> FloatArray:
    """[S, G], of counts [S, N] at each log dispersion of the grid, up to a constant per series.

    Days without a sale, which are most, need no gamma function.
    """
    row, day = np.nonzero(units)
    sold, expected = units[row, day], mean[row, day]
    all_units, all_mean = units.sum(axis=1), mean.sum(axis=1)
    columns = []
    for dispersion in np.exp(log_grid).tolist():
        if dispersion == 1.0:  # Poisson
            columns.append(np.bincount(row, sold * np.log(expected), len(units)) - all_mean)
            continue
        size = expected / (dispersion - 1.0)
        of_sales = np.bincount(row, gammaln(sold + size) - gammaln(size), len(units))
        of_zeros = all_mean / (dispersion - 1.0) * np.log(dispersion)
        columns.append(of_sales - of_zeros + all_units * np.log1p(-1.0 / dispersion))
    return np.stack(columns, axis=1)
