"""Dispersion of counts around their means: maximum a posteriori of a negative binomial.

Variance = dispersion x mean. Single outliers would dominate a sum of squares; the likelihood weighs zeros,
usual days and outliers alike.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from lepton_spark.models.data.arrays import BoolArray, FloatArray

LARGEST_DISPERSION = 100.0
"""Upper bound: beyond it nearly all days are 0 and a few are outliers."""

MIN_MEAN = 1e-3
"""Lower bound of a mean in units: a sale where none was expected is unlikely, not impossible."""

LARGEST_COUNT = 1e9
"""Upper bound of units, above which the likelihood exceeds floating point precision."""

LOG_GRID = np.linspace(0.0, np.log(LARGEST_DISPERSION), 13)


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
    log_prior: float,
    settings: DispersionSettings = DEFAULT_DISPERSION,
) -> FloatArray:
    """[S], the most likely dispersion given the scored days and the prior, at least 1.

    mean, actual: [S, N], units. scored: [S, N], where both are known. log_prior: the pool's log dispersion.
    """
    forecast = np.where(scored, np.clip(mean, MIN_MEAN, LARGEST_COUNT), 0.0)
    units = np.where(scored, np.clip(actual, 0.0, LARGEST_COUNT), 0.0)
    prior = -0.5 * ((LOG_GRID - log_prior) / settings.prior_deviation) ** 2
    log_dispersion = peak(_log_likelihood(forecast, units) + prior)
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


def _log_likelihood(mean: FloatArray, units: FloatArray) -> FloatArray:
    """[S, G], of counts [S, N] at each dispersion of the grid, up to a constant per series.

    Days without a sale, which are most, need no gamma function.
    """
    row, day = np.nonzero(units)
    sold, expected = units[row, day], mean[row, day]
    all_units, all_mean = units.sum(axis=1), mean.sum(axis=1)
    columns = [np.bincount(row, sold * np.log(expected), len(units)) - all_mean]  # Poisson
    for dispersion in np.exp(LOG_GRID[1:]).tolist():
        size = expected / (dispersion - 1.0)
        of_sales = np.bincount(row, gammaln(sold + size) - gammaln(size), len(units))
        of_zeros = all_mean / (dispersion - 1.0) * np.log(dispersion)
        columns.append(of_sales - of_zeros + all_units * np.log1p(-1.0 / dispersion))
    return np.stack(columns, axis=1)
