"""Quantiles of forecasts whose mean is set by a planner."""

from collections.abc import Sequence

import numpy as np

from lepton_spark.evaluation.quantiles.negative_binomial import count_quantiles, gamma_quantiles
from lepton_spark.models.data.arrays import BoolArray, FloatArray

LARGEST_SHAPE = 1000.0
"""Highest quantile over the mean up to which a forecast has a shape; more are errors of a mean near 0."""


def moved_quantiles(
    quantiles: FloatArray,
    levels: Sequence[float],
    mean: FloatArray,
    new_mean: FloatArray,
    dispersion: FloatArray,
    whole: BoolArray,
) -> FloatArray:
    """[N, Q], the quantiles of N forecasts after their means have moved.

    They grow in proportion to the mean, rounded for series that are sold in whole units. Where the median is
    0 they have no shape that could grow: three quantiles of 0 would stay 0 whatever the planner expects.
    There they are those of the series' own distribution at the new mean: negative binomial if it is sold in
    whole units, else gamma.

    quantiles: [N, Q], of the model at the levels [Q]. mean, new_mean: [N], units. dispersion: [N], variance
    over mean of a forecast. whole: [N].
    """
    median = quantiles[:, list(levels).index(0.5)]
    keeps_shape = (median > 0) & (quantiles[:, -1] <= LARGEST_SHAPE * mean)
    by_mean = mean[:, np.newaxis]
    shape = np.divide(quantiles, by_mean, out=np.zeros_like(quantiles), where=keeps_shape[:, np.newaxis])
    moved = shape * new_mean[:, np.newaxis]
    moved[whole] = np.ceil(moved[whole] - 0.5)
    counts, fractions = ~keeps_shape & whole, ~keeps_shape & ~whole
    moved[counts] = count_quantiles(new_mean[counts], np.maximum(dispersion[counts], 1.0), levels)
    moved[fractions] = gamma_quantiles(new_mean[fractions], dispersion[fractions], levels)
    return moved
