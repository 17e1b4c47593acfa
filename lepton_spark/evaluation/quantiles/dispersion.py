"""How far counts spread around their means: the dispersion under which what came true was likeliest.

Variance = dispersion x mean, as in `counts`. A sum of squares would be ruled by single spikes; the likelihood
weighs what each day says of zeros, of the usual and of spikes alike.
"""

import numpy as np
from scipy.special import gammaln

from lepton_spark.models.data.arrays import BoolArray, FloatArray

LARGEST_DISPERSION = 100.0
"""Beyond it demand is nothing at nearly all times and a spike at some: no quantile can tell that."""

PRIOR_SPREAD = 0.7
"""How far the logs of a pool's dispersions lie apart, a standard deviation.

0.75 and 0.81 on series of more than 20 sales of two retailers, partly from what their own days leave open.
"""

LEAST_MEAN = 1e-3
"""Units below which a mean counts as this: a sale where none was expected is unlikely, not impossible."""

LARGEST_COUNT = 1e9
"""Units above which the likelihood can no longer be told in floating point; larger ones count as this."""

LOG_GRID = np.linspace(0.0, np.log(LARGEST_DISPERSION), 13)


def likely_dispersion(
    mean: FloatArray, actual: FloatArray, scored: BoolArray, log_prior: float
) -> FloatArray:
    """[S], at least 1: the likeliest once the days are seen, before which its log lay around the pool's.

    mean, actual: [S, N], units; scored: [S, N], where both say something; log_prior: of the pool.
    """
    forecast = np.where(scored, np.clip(mean, LEAST_MEAN, LARGEST_COUNT), 0.0)
    units = np.where(scored, np.clip(actual, 0.0, LARGEST_COUNT), 0.0)
    prior = -0.5 * ((LOG_GRID - log_prior) / PRIOR_SPREAD) ** 2
    log_dispersion = peak(_log_likelihood(forecast, units) + prior)
    return np.clip(np.exp(log_dispersion), 1.0, LARGEST_DISPERSION)


def peak(heights: FloatArray) -> FloatArray:
    """[S], where heights [S, G] on the grid are greatest: the top of a parabola through three neighbours.

    Where they rise to an end of the grid, that end.
    """
    series = np.arange(len(heights))
    place = np.clip(np.argmax(heights, axis=1), 1, len(LOG_GRID) - 2)
    left, middle, right = (heights[series, place + step] for step in (-1, 0, 1))
    bend = 2.0 * middle - left - right
    steps = np.divide(0.5 * (right - left), bend, out=np.sign(right - left), where=bend > 0)
    top: FloatArray = LOG_GRID[place] + np.clip(steps, -1.0, 1.0) * LOG_GRID[1]
    return top


def _log_likelihood(mean: FloatArray, units: FloatArray) -> FloatArray:
    """[S, G], of counts [S, N] at each dispersion of the grid, less what is the same at all of them.

    Days without a sale need no gamma function, and most days of most products are such.
    """
    row, day = np.nonzero(units)
    sold, expected = units[row, day], mean[row, day]
    all_units, all_mean = units.sum(axis=1), mean.sum(axis=1)
    columns = [np.bincount(row, sold * np.log(expected), len(units)) - all_mean]  # Poisson
    for dispersion in np.exp(LOG_GRID[1:]).tolist():
        size = expected / (dispersion - 1.0)
        rising = np.bincount(row, gammaln(sold + size) - gammaln(size), len(units))
        never = all_mean / (dispersion - 1.0) * np.log(dispersion)
        columns.append(rising - never + all_units * np.log1p(-1.0 / dispersion))
    return np.stack(columns, axis=1)
