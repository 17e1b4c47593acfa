"""Drift of series whose forecasts are too low or too high for longer than chance explains.

Each period gives a score: how surprising the units sold were under the forecast's own distribution. Sums of
the scores that never fall below 0 (CUSUM) grow where the forecast is off. As the scores are known to be
standard normal for right forecasts, so is the probability of each sum, whatever a product sells.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray

ALLOWANCE = 0.5
"""Half the shift, in standard deviations of a period, that is found soonest."""

LARGEST_SCORE = 4.0
"""Bound of a score, so that a single outlier is not taken for drift."""

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
    """How far the sums of S series have grown after the last of T periods.

    up, down: [S], for forecasts that are too low and too high. since: [S], the period in which the larger
    sum last left 0, -1 where it is 0.
    """

    up: FloatArray
    down: FloatArray
    since: IntArray

    @property
    def is_up(self) -> BoolArray:
        """[S], whether more was sold than forecast."""
        larger: BoolArray = self.up >= self.down
        return larger

    @property
    def p_value(self) -> FloatArray:
        """[S], how probable a sum as large is in any one period if forecasts are right, in either direction.

        Source: Siegmund (1985), Sequential Analysis, equation 10.36: exp(-2 k (c + 0.583)) for each.
        """
        largest = np.maximum(self.up, self.down)
        one_side = np.exp(-2.0 * ALLOWANCE * (largest + OVERSHOOT))
        return np.where(largest > 0.0, np.minimum(2.0 * one_side, 1.0), 1.0)


def drift(score: FloatArray) -> Drift:
    """The sums of scores [S, T]; an unknown period (NaN) leaves them as they are."""
    n_series = len(score)
    up, down = np.zeros(n_series), np.zeros(n_series)
    up_since, down_since = np.full(n_series, -1), np.full(n_series, -1)
    for period, value in enumerate(np.nan_to_num(score, nan=np.inf).T):
        known = np.isfinite(value)
        for total, since, sign in ((up, up_since, 1.0), (down, down_since, -1.0)):
            grown = np.maximum(total + sign * np.where(known, value, 0.0) - ALLOWANCE, 0.0)
            began = known & (total == 0.0) & (grown > 0.0)
            since[began] = period
            total[known] = grown[known]
            since[total == 0.0] = -1
    return Drift(up, down, np.where(up >= down, up_since, down_since))


def discoveries(p_value: FloatArray, rate: float) -> BoolArray:
    """[S], the series that drift; of those found, a share of at most `rate` is expected to be false.

    p_value: [S]; NaN is never found. Source: Benjamini and Hochberg (1995), Controlling the false discovery
    rate.
    """
    known = np.flatnonzero(~np.isnan(p_value))
    found = np.zeros(len(p_value), dtype=np.bool_)
    order = known[np.argsort(p_value[known], kind="stable")]
    limits = rate * np.arange(1, len(order) + 1) / max(len(order), 1)
    reached = np.flatnonzero(p_value[order] <= limits)
    if reached.size:
        found[order[: reached[-1] + 1]] = True
    return found
