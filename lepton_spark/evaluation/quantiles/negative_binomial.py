"""Quantiles of counts with a given mean and dispersion: negative binomial, Poisson at dispersion 1.

Variance = dispersion x mean throughout.
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from scipy.special import gammaincinv

from lepton_spark.models.data.arrays import FloatArray

EXACT_UP_TO = 30.0
"""Means in units up to which quantiles are exact; larger ones are approximated unless they are skewed."""

SKEWED_BELOW = 4.0
"""Mean over dispersion below which the approximation is off by a fifth in the upper tail."""

MAX_COUNT = 4096
"""Upper bound of a quantile that is found by counting; larger ones are those of a gamma distribution."""

DEVIATIONS = 12.0
"""A quantile is found by counting if it is below MAX_COUNT with so many standard deviations to spare."""

SMALLEST_SHAPE = 1e-6
"""Of a gamma distribution, of which all quantiles that are published are 0."""

CHECK_EVERY = 8
"""Counts between two checks of which rows are finished."""


def count_quantiles(mean: FloatArray, dispersion: FloatArray, levels: Sequence[float]) -> FloatArray:
    """[..., Q], the smallest count whose cumulative probability reaches the level.

    Exact for means up to 30 and for skewed demand; otherwise the normal approximation with the
    Cornish-Fisher term for skewness.

    mean: [...], units. dispersion: [...], at least 1.
    """
    is_skewed = mean < SKEWED_BELOW * dispersion
    is_large = is_skewed & (mean + DEVIATIONS * np.sqrt(mean * dispersion) > MAX_COUNT)
    exact = ((mean <= EXACT_UP_TO) | is_skewed) & ~is_large
    usual = ~(exact | is_large)
    quantiles = np.empty((*mean.shape, len(levels)))
    quantiles[usual] = _approximate(mean[usual], dispersion[usual], levels)
    quantiles[is_large] = np.ceil(gamma_quantiles(mean[is_large], dispersion[is_large], levels) - 0.5)
    quantiles[exact] = _exact(mean[exact], dispersion[exact], np.asarray(levels))
    return np.maximum.accumulate(quantiles, axis=-1)


def _approximate(mean: FloatArray, dispersion: FloatArray, levels: Sequence[float]) -> FloatArray:
    """[N, Q] for means and dispersions [N], by the first two terms of Cornish and Fisher."""
    z = np.array([NormalDist().inv_cdf(level) for level in levels])
    deviation = np.sqrt(mean * dispersion)[:, np.newaxis] * z
    skewness = (2.0 * dispersion[:, np.newaxis] - 1.0) * (z**2 - 1.0) / 6.0
    quantiles: FloatArray = np.maximum(np.ceil(mean[:, np.newaxis] + deviation + skewness - 0.5), 0.0)
    return quantiles


def gamma_quantiles(mean: FloatArray, dispersion: FloatArray, levels: Sequence[float]) -> FloatArray:
    """[..., Q], quantiles of a gamma distribution with this mean and variance = dispersion x mean.

    mean: [...], in any unit. dispersion: [...], in the same unit.
    """
    shape = np.maximum(mean / dispersion, SMALLEST_SHAPE)[..., np.newaxis]
    quantiles: FloatArray = gammaincinv(shape, np.asarray(levels)) * dispersion[..., np.newaxis]
    return np.where((mean > 0)[..., np.newaxis], quantiles, 0.0)


def _exact(mean: FloatArray, dispersion: FloatArray, levels: FloatArray) -> FloatArray:
    """[N, Q] for means and dispersions [N]; each distinct pair is computed once."""
    both = np.empty(len(mean), dtype=np.complex128)  # sorts like pairs, in a third of the time
    both.real, both.imag = mean, dispersion
    pairs, position = np.unique(both, return_inverse=True)
    return _by_counting(pairs.real, pairs.imag, levels)[position]


def _by_counting(mean: FloatArray, dispersion: FloatArray, levels: FloatArray) -> FloatArray:
    """[N, Q], the number of counts whose cumulative probability is below each level.

    p(0) = d^(-m / (d - 1)) and p(k + 1) = p(k) (m / d + k (1 - 1 / d)) / (k + 1); at d = 1 those of Poisson.
    """
    excess = dispersion - 1.0
    log_first = np.where(excess > 1e-9, -mean * np.log(dispersion) / np.maximum(excess, 1e-9), -mean)
    step = 1.0 - 1.0 / dispersion
    quantile = np.zeros((len(mean), len(levels)))
    rows, below = np.arange(len(mean)), np.zeros_like(quantile)  # unfinished rows, their quantiles so far
    probability, base = np.exp(log_first), mean / dispersion
    cumulative = probability.copy()
    for count in range(MAX_COUNT):
        if count % CHECK_EVERY == 0:
            quantile[rows] = below
            unfinished = (cumulative[:, np.newaxis] < levels).any(axis=1)
            rows, probability, base = rows[unfinished], probability[unfinished], base[unfinished]
            cumulative, step, below = cumulative[unfinished], step[unfinished], below[unfinished]
        if not rows.size:
            break
        below += cumulative[:, np.newaxis] < levels
        probability = probability * (base + count * step) / (count + 1)
        cumulative = cumulative + probability
    quantile[rows] = below
    return quantile
