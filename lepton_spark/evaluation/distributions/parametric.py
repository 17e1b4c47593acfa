"""Distributions of demand over an interval, one for each of S series."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.special import betainc, gammainc, gammaincc, gammaincinv

from lepton_spark.evaluation.distributions.search import least
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray

POISSON_UP_TO = 1.0 + 1e-9
"""Dispersion up to which counts are Poisson."""


TINY = 1e-9
"""Units, for a mean or dispersion of 0 where a quantile is guessed."""

STEP = 0.06
"""First step of a search from the guessed quantile, in standard deviations."""


class Demand(Protocol):
    """The distribution of a demand D of each of S series, in units.

    mean, variance: [S]. whole: [S], whether only whole numbers occur.
    """

    @property
    def mean(self) -> FloatArray: ...  # noqa: D102
    @property
    def variance(self) -> FloatArray: ...  # noqa: D102
    @property
    def whole(self) -> BoolArray: ...  # noqa: D102

    def cdf(self, x: FloatArray) -> FloatArray:
        """[S], the probability of D <= x, for x [S]."""

    def loss(self, x: FloatArray) -> FloatArray:
        """[S], the expected excess E(D - x)+ over x [S]."""

    def quantile(self, levels: Sequence[float]) -> FloatArray:
        """[S, Q], the least value whose cumulative probability reaches each of the levels [Q]."""

    def take(self, rows: IntArray) -> "Demand":
        """The same of some of the series, in this order."""


@dataclass(frozen=True)
class Counts:
    """Negative binomial with variance = dispersion x mean, Poisson at dispersion 1; always 0 at mean 0.

    mean: [S], at least 0. dispersion: [S], at least 1.
    """

    mean: FloatArray
    dispersion: FloatArray

    @property
    def variance(self) -> FloatArray:
        """[S]."""
        return self.mean * self.dispersion

    @property
    def whole(self) -> BoolArray:
        """[S], all true."""
        return np.ones(len(self.mean), dtype=np.bool_)

    def cdf(self, x: FloatArray) -> FloatArray:
        """[S], the probability of D <= x, for x [S]."""
        count = np.maximum(np.floor(x), 0.0)
        return np.where(x < 0, 0.0, 1.0 - self._at_least(count + 1.0, 0.0))

    def loss(self, x: FloatArray) -> FloatArray:
        """[S], E(D - x)+ = E(D; D > x) - x P(D > x), where E(D; D > k) = mean P(D' >= k).

        D' has one more success, and for Poisson is D itself.
        """
        count = np.maximum(np.floor(x), 0.0)
        is_above = count > 0
        loss = self.mean * np.where(is_above, self._at_least(np.maximum(count, 1.0), 1.0), 1.0)
        return _bounded_loss(loss - x * self._at_least(count + 1.0, 0.0), self.mean, x)

    def quantile(self, levels: Sequence[float]) -> FloatArray:
        """[S, Q], the least count whose cumulative probability reaches each of the levels [Q]."""
        return searched_quantiles(self, levels)

    def take(self, rows: IntArray) -> "Counts":
        """The same of some of the series, in this order."""
        return Counts(self.mean[rows], self.dispersion[rows])

    def _at_least(self, count: FloatArray, more: float) -> FloatArray:
        """[S], the probability of a count from 1 on or more, with so many successes more; 0 at mean 0.

        Rows are selected because scipy's functions write outside their arrays with numpy's `where=`.
        """
        above = np.zeros(len(self.mean))
        poisson = self._is_poisson
        above[poisson] = gammainc(count[poisson], self.mean[poisson])
        others = self._is_negative_binomial
        mean, excess = self.mean[others], self.dispersion[others] - 1.0
        above[others] = betainc(count[others], mean / excess + more, excess / (1.0 + excess))
        return above

    @cached_property
    def _is_poisson(self) -> BoolArray:
        return (self.mean > 0) & (self.dispersion <= POISSON_UP_TO)

    @cached_property
    def _is_negative_binomial(self) -> BoolArray:
        return (self.mean > 0) & (self.dispersion > POISSON_UP_TO)


@dataclass(frozen=True)
class Gamma:
    """Gamma with variance = dispersion x mean, for fractional quantities; always 0 at mean 0.

    mean: [S], at least 0. dispersion: [S], above 0, in units.
    """

    mean: FloatArray
    dispersion: FloatArray

    @property
    def variance(self) -> FloatArray:
        """[S]."""
        return self.mean * self.dispersion

    @property
    def whole(self) -> BoolArray:
        """[S], all false."""
        return np.zeros(len(self.mean), dtype=np.bool_)

    def cdf(self, x: FloatArray) -> FloatArray:
        """[S], the probability of D <= x, for x [S]."""
        cdf = np.where(self.mean > 0, gammainc(self._shape, np.maximum(x, 0.0) / self.dispersion), 1.0)
        return np.where(x < 0, 0.0, cdf)

    def loss(self, x: FloatArray) -> FloatArray:
        """[S], the expected excess E(D - x)+ over x [S]."""
        scaled = np.maximum(x, 0.0) / self.dispersion
        loss = self.mean * gammaincc(self._shape + 1.0, scaled) - x * gammaincc(self._shape, scaled)
        return _bounded_loss(np.where(self.mean > 0, loss, 0.0), self.mean, x)

    def quantile(self, levels: Sequence[float]) -> FloatArray:
        """[S, Q], the least value whose cumulative probability reaches each of the levels [Q]."""
        scaled = gammaincinv(self._shape[:, np.newaxis], np.asarray(levels))
        quantiles: FloatArray = np.where(self.mean > 0, self.dispersion, 0.0)[:, np.newaxis] * scaled
        return quantiles

    def take(self, rows: IntArray) -> "Gamma":
        """The same of some of the series, in this order."""
        return Gamma(self.mean[rows], self.dispersion[rows])

    @cached_property
    def _shape(self) -> FloatArray:
        """[S], or 1 at mean 0, where it is not used."""
        return np.where(self.mean > 0, self.mean / self.dispersion, 1.0)


def searched_quantiles(demand: Demand, levels: Sequence[float]) -> FloatArray:
    """[S, Q], quantiles by a search; they do not fall with the level."""
    quantiles = [_searched_quantile(demand, level) for level in levels]
    return np.stack(quantiles, axis=1)


def _searched_quantile(demand: Demand, level: float) -> FloatArray:
    """[S]."""

    def reached(rows: IntArray, x: FloatArray) -> BoolArray:
        return demand.take(rows).cdf(x) >= level

    guess, step = guessed_quantile(demand, level)
    return least(reached, guess, step, demand.whole)


def guessed_quantile(demand: Demand, level: float | FloatArray) -> tuple[FloatArray, FloatArray]:
    """[S], the quantile of a gamma distribution with this mean and variance; [S], how far it may be off.

    level: one for all, or [S].
    """
    mean = np.maximum(demand.mean, TINY)
    scale = np.maximum(demand.variance / mean, TINY)
    deviation: FloatArray = np.sqrt(demand.variance)
    return gammaincinv(mean / scale, level) * scale, STEP * deviation


def _bounded_loss(loss: FloatArray, mean: FloatArray, x: FloatArray) -> FloatArray:
    """[S], at least max(mean - x, 0), its limit for a demand that does not vary, and at x < 0 equal to it."""
    least_loss = np.maximum(mean - x, 0.0)
    return np.where(x < 0, least_loss, np.maximum(loss, least_loss))
