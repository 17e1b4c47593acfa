"""Demand put together from other distributions: mixtures, whole and fractional series, sample paths."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from lepton_spark.inventory.distributions import Counts, Demand, Gamma, searched_quantiles
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Mixture:
    """Demand of one of K distributions, drawn with these probabilities: shared shocks, or lead times.

    parts: K distributions of the same series, whole for the same ones. weights: [K] or [S, K], at least 0,
    with sum 1.
    """

    parts: tuple[Demand, ...]
    weights: FloatArray

    @property
    def mean(self) -> FloatArray:
        """[S]."""
        return self._average([part.mean for part in self.parts])

    @property
    def variance(self) -> FloatArray:
        """[S], that within the parts and that between them."""
        mean = self.mean
        return self._average([part.variance + (part.mean - mean) ** 2 for part in self.parts])

    @property
    def whole(self) -> BoolArray:
        """[S], whether only whole numbers occur."""
        return self.parts[0].whole

    def cdf(self, x: FloatArray) -> FloatArray:
        """[S], the probability of D <= x, for x [S]."""
        return np.minimum(self._average([part.cdf(x) for part in self.parts]), 1.0)

    def loss(self, x: FloatArray) -> FloatArray:
        """[S], the expected excess E(D - x)+ over x [S]."""
        return self._average([part.loss(x) for part in self.parts])

    def quantile(self, levels: Sequence[float]) -> FloatArray:
        """[S, Q], the least value whose cumulative probability reaches each of the levels [Q]."""
        return searched_quantiles(self, levels)

    def take(self, rows: IntArray) -> "Mixture":
        """The same of some of the series, in this order."""
        weights = self.weights if self.weights.ndim == 1 else self.weights[rows]
        return Mixture(tuple(part.take(rows) for part in self.parts), weights)

    def _average(self, values: Sequence[FloatArray]) -> FloatArray:
        """[S], the weighted sum of K values [S], in the order of the parts."""
        return reduce(np.add, (self.weights[..., k] * value for k, value in enumerate(values)))


@dataclass(frozen=True)
class Either:
    """Whole series by one distribution, the others by another; both are defined for all series.

    whole: [S].
    """

    whole: BoolArray
    if_whole: Demand
    otherwise: Demand

    @property
    def mean(self) -> FloatArray:
        """[S]."""
        return np.where(self.whole, self.if_whole.mean, self.otherwise.mean)

    @property
    def variance(self) -> FloatArray:
        """[S]."""
        return np.where(self.whole, self.if_whole.variance, self.otherwise.variance)

    def cdf(self, x: FloatArray) -> FloatArray:
        """[S], the probability of D <= x, for x [S]."""
        return np.where(self.whole, self.if_whole.cdf(x), self.otherwise.cdf(x))

    def loss(self, x: FloatArray) -> FloatArray:
        """[S], the expected excess E(D - x)+ over x [S]."""
        return np.where(self.whole, self.if_whole.loss(x), self.otherwise.loss(x))

    def quantile(self, levels: Sequence[float]) -> FloatArray:
        """[S, Q], the least value whose cumulative probability reaches each of the levels [Q]."""
        is_whole = self.whole[:, np.newaxis]
        return np.where(is_whole, self.if_whole.quantile(levels), self.otherwise.quantile(levels))

    def take(self, rows: IntArray) -> "Either":
        """The same of some of the series, in this order."""
        return Either(self.whole[rows], self.if_whole.take(rows), self.otherwise.take(rows))


def units(mean: FloatArray, dispersion: FloatArray, whole: BoolArray) -> Demand:
    """Counts where the series is whole, gamma where it is not; variance = dispersion x mean.

    mean, dispersion: [S]; the dispersion of whole series counts as at least 1.
    """
    counts = Counts(mean, np.maximum(dispersion, 1.0))
    if whole.all():
        return counts
    return Either(whole, counts, Gamma(mean, dispersion))


@dataclass(frozen=True)
class Paths:
    """The empirical distribution of P equally likely sums.

    samples: [S, P], units. whole: [S], whether levels are to be whole; the samples need not be.
    """

    samples: FloatArray
    whole: BoolArray

    @property
    def mean(self) -> FloatArray:
        """[S]."""
        mean: FloatArray = self.samples.mean(axis=1)
        return mean

    @property
    def variance(self) -> FloatArray:
        """[S]."""
        variance: FloatArray = self.samples.var(axis=1)
        return variance

    def cdf(self, x: FloatArray) -> FloatArray:
        """[S], the share of samples up to x [S]."""
        share: FloatArray = np.count_nonzero(self.samples <= x[:, np.newaxis], axis=1) / self._n_paths
        return share

    def loss(self, x: FloatArray) -> FloatArray:
        """[S], the mean excess over x [S]."""
        loss: FloatArray = np.maximum(self.samples - x[:, np.newaxis], 0.0).sum(axis=1) / self._n_paths
        return loss

    def quantile(self, levels: Sequence[float]) -> FloatArray:
        """[S, Q], the least samples that reach the levels [Q], rounded up for whole series."""
        ranks = np.ceil(np.asarray(levels) * self._n_paths - 1e-9).astype(np.int64)
        chosen = np.sort(self.samples, axis=1)[:, np.maximum(ranks, 1) - 1]
        quantiles: FloatArray = np.where(self.whole[:, np.newaxis], np.ceil(chosen), chosen)
        return quantiles

    def take(self, rows: IntArray) -> "Paths":
        """The same of some of the series, in this order."""
        return Paths(self.samples[rows], self.whole[rows])

    @property
    def _n_paths(self) -> int:
        return int(self.samples.shape[1])
