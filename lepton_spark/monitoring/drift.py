"""Drift of series whose forecasts are too low or too high for longer than chance explains.

Each period gives a score: how surprising the units sold were under the forecast's own distribution. Sums of
the scores that never fall below 0 (CUSUM) grow where the forecast is off. As the scores are known to be
standard normal for right forecasts, so is the probability of each sum, whatever a product sells.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray

ALLOWANCE = 0.5
"""Half the shift, in standard deviations of a period, that is found soonest."""

LARGEST_SCORE = 4.0
"""Bound of a score, so that a single outlier is not taken for drift."""

LARGEST_SUM = 15.0
"""Bound of a sum, with a p-value of 3e-7, so that a forecast that is right again shows as such in time."""

OVERSHOOT = 0.583
"""Mean excess over a boundary of a random walk with standard normal steps (Siegmund 1985, section 10.2)."""


def scores(below: FloatArray, up_to: FloatArray) -> FloatArray:
    """Normal scores of what was sold, above 0 where it was more than expected; NaN where unknown.

    The middle of the probabilities of less and of at most as much is used, so that counts have mean 0 and
    a variance of at most about 1: alarms of rare sales are rarer than planned, never more frequent.

    below, up_to: any shape, P(D < sold) and P(D <= sold) under the forecast.
    Source: Czado, Gneiting and Held (2009), Predictive model assessment for count data.
    """
    middle: FloatArray = np.clip(ndtri(0.5 * (below + up_to)), -LARGEST_SCORE, LARGEST_SCORE)
    return middle


@dataclass(frozen=True)
class Drift:
    """How far the sums of S series have grown.

    up, down: [S], for forecasts that are too low and too high. up_since, down_since: [S], the period in which
    a sum left 0, a number such as its last day; -1 where it is 0.
    """

    up: FloatArray
    down: FloatArray
    up_since: IntArray
    down_since: IntArray

    @classmethod
    def none(cls, n_series: int) -> "Drift":
        """The sums before the first period."""
        zero, never = np.zeros(n_series), np.full(n_series, -1)
        return cls(zero, zero, never, never)

    def after(self, score: FloatArray, period: int) -> "Drift":
        """The sums after one more period with scores [S]; an unknown one (NaN) leaves them as they are."""
        up, up_since = _grown(self.up, self.up_since, score, period)
        down, down_since = _grown(self.down, self.down_since, -score, period)
        return Drift(up, down, up_since, down_since)

    @property
    def is_up(self) -> BoolArray:
        """[S], whether more was sold than forecast."""
        larger: BoolArray = self.up >= self.down
        return larger

    @property
    def since(self) -> IntArray:
        """[S], the period in which the larger sum left 0, -1 where it is 0."""
        return np.where(self.is_up, self.up_since, self.down_since)

    @property
    def p_value(self) -> FloatArray:
        """[S], how probable a sum as large is in any one period if forecasts are right, in either direction.

        Source: Siegmund (1985), Sequential Analysis, equation 10.36: exp(-2 k (c + 0.583)) for each.
        """
        largest = np.maximum(self.up, self.down)
        one_side = np.exp(-2.0 * ALLOWANCE * (largest + OVERSHOOT))
        return np.where(largest > 0.0, np.minimum(2.0 * one_side, 1.0), 1.0)


def _grown(total: FloatArray, since: IntArray, score: FloatArray, period: int) -> tuple[FloatArray, IntArray]:
    """A sum and its beginning, [S] each, after one more period."""
    added = np.clip(total + score - ALLOWANCE, 0.0, LARGEST_SUM)
    grown = np.where(np.isnan(score), total, added)
    begun = np.where(total > 0.0, since, period)
    return grown, np.where(grown > 0.0, begun, -1)


N_BINS = 50
"""Bins of p-values in each power of ten."""


def bin_of(p_value: FloatArray) -> IntArray:
    """The bin of each p-value, higher for smaller ones: those of bin b are at most 10 ** (-b / N_BINS)."""
    bins: IntArray = np.floor(-np.log10(p_value) * N_BINS).astype(np.int64)
    return bins


def limit_of(counts: Mapping[int, int], rate: float) -> float:
    """The p-value up to which series drift; of these, a share of at most `rate` is expected to be false.

    Never larger than the exact limit, since all p-values of a bin count as its upper end. 0 if none drifts.

    counts: number of series by bin. Source: Benjamini and Hochberg (1995), Controlling the false discovery
    rate.
    """
    n_series, reached = sum(counts.values()), 0
    limit = 0.0
    for number in sorted(counts, reverse=True):
        reached += counts[number]
        upper_end = float(10.0 ** (-number / N_BINS))
        if upper_end <= rate * reached / n_series:
            limit = upper_end
    return limit
