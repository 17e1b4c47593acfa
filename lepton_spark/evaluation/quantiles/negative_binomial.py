"""Quantiles of counts around a mean: negative binomial, of which Poisson is the least spread out.

Variance = dispersion x mean throughout; a dispersion of 1 is Poisson.
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from lepton_spark.models.data.arrays import FloatArray

EXACT_UP_TO = 30.0
"""Means up to this many units take exact quantiles, larger ones approximations, unless they are skewed."""

SKEWED_BELOW = 4.0
"""Mean over dispersion below which the approximation is a fifth off in the upper tail."""

MAX_COUNT = 4096
"""No quantile is above this where it is found by counting."""

ROUNDS = 8
"""Counts between two looks at which rows are done."""


def count_quantiles(mean: FloatArray, dispersion: FloatArray, levels: Sequence[float]) -> FloatArray:
    """[..., Q], the least count whose probability to be reached or undershot is at least the level.

    mean: [...], units; dispersion: [...], at least 1. Exact up to a mean of 30 and for skewed
    demand; else the normal approximation with Cornish and Fisher's term for the skewness.
    """
    z = np.array([NormalDist().inv_cdf(level) for level in levels])
    spread = np.sqrt(mean * dispersion)[..., np.newaxis] * z
    skewed = (2.0 * dispersion[..., np.newaxis] - 1.0) * (z**2 - 1.0) / 6.0
    quantiles = np.maximum(np.ceil(mean[..., np.newaxis] + spread + skewed - 0.5), 0.0)
    exact = (mean <= EXACT_UP_TO) | (mean < SKEWED_BELOW * dispersion)
    quantiles[exact] = _exact(mean[exact], dispersion[exact], np.asarray(levels))
    return np.maximum.accumulate(quantiles, axis=-1)


def _exact(mean: FloatArray, dispersion: FloatArray, levels: FloatArray) -> FloatArray:
    """[N, Q] for means and dispersions [N], each pair that occurs worked out once."""
    both = np.empty(len(mean), dtype=np.complex128)  # sorts as pairs do, in a third of the time
    both.real, both.imag = mean, dispersion
    pairs, place = np.unique(both, return_inverse=True)
    return _by_counting(pairs.real, pairs.imag, levels)[place]


def _by_counting(mean: FloatArray, dispersion: FloatArray, levels: FloatArray) -> FloatArray:
    """How many counts have a distribution function below each level.

    p(0) = d^(-m / (d - 1)) and p(k + 1) = p(k) (m / d + k (1 - 1 / d)) / (k + 1); at d = 1 those of Poisson.
    """
    excess = dispersion - 1.0
    log_first = np.where(excess > 1e-9, -mean * np.log(dispersion) / np.maximum(excess, 1e-9), -mean)
    step = 1.0 - 1.0 / dispersion
    quantile = np.zeros((len(mean), len(levels)))
    rows = np.arange(len(mean))
    probability, base = np.exp(log_first), mean / dispersion
    reached = probability.copy()
    for count in range(MAX_COUNT):
        if count % ROUNDS == 0:
            open_rows = (reached[:, np.newaxis] < levels).any(axis=1)
            rows, probability, base = rows[open_rows], probability[open_rows], base[open_rows]
            reached, step = reached[open_rows], step[open_rows]
        if not rows.size:
            break
        quantile[rows] += reached[:, np.newaxis] < levels
        probability = probability * (base + count * step) / (count + 1)
        reached = reached + probability
    return quantile
