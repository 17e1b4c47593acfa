"""The normal distribution of demand, which is the usual practice."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Normal:
    """A normal distribution; negative demand has some probability.

    mean, deviation: [S], units.
    """

    mean: FloatArray
    deviation: FloatArray

    @property
    def variance(self) -> FloatArray:
        """[S]."""
        return self.deviation**2

    @property
    def whole(self) -> BoolArray:
        """[S], all false."""
        return np.zeros(len(self.mean), dtype=np.bool_)

    def cdf(self, x: FloatArray) -> FloatArray:
        """[S], the probability of D <= x, for x [S]."""
        cdf: FloatArray = np.where(self.deviation > 0, ndtr(self._scores(x)), x >= self.mean)
        return cdf

    def loss(self, x: FloatArray) -> FloatArray:
        """[S], the expected excess E(D - x)+ over x [S]."""
        scores = self._scores(x)
        density = np.exp(-0.5 * scores**2) / np.sqrt(2.0 * np.pi)
        loss = self.deviation * (density - scores * ndtr(-scores))
        return np.maximum(np.where(self.deviation > 0, loss, self.mean - x), 0.0)

    def quantile(self, levels: Sequence[float]) -> FloatArray:
        """[S, Q], the value whose cumulative probability is each of the levels [Q]."""
        quantiles: FloatArray = self.mean[:, np.newaxis] + self.deviation[:, np.newaxis] * ndtri(levels)
        return quantiles

    def take(self, rows: IntArray) -> "Normal":
        """The same of some of the series, in this order."""
        return Normal(self.mean[rows], self.deviation[rows])

    def _scores(self, x: FloatArray) -> FloatArray:
        return (x - self.mean) / np.where(self.deviation > 0, self.deviation, 1.0)
