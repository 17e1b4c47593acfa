"""Demand put together from other distributions: mixtures, and whole beside fractional series."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from lepton_spark.evaluation.distributions.parametric import Counts, Demand, Gamma, searched_quantiles
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Mixture:
    """Demand of one of K distributions, drawn with these probabilities, such as lead times.

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
