"""Averages over the inventory position after an order, which packs spread above the reorder point."""

import numpy as np

from lepton_spark.evaluation.distributions.parametric import Demand
from lepton_spark.models.data.arrays import FloatArray

MOST_POSITIONS = 24
"""Positions over which the excess of demand is averaged."""


def average_cdf(demand: Demand, point: FloatArray, lot: FloatArray) -> FloatArray:
    """[S], the average of F over the positions after an order.

    They are s + 1 to s + lot for whole series, and lie between s and s + lot for others. F is the slope of
    the expected excess plus 1, so that its average over a lot needs no sum.

    point: [S], the reorder point s. lot: [S], units; whole, from 1, for whole series.
    """
    lowest = point + demand.whole
    is_single = lot <= demand.whole
    if is_single.all():
        return demand.cdf(lowest)
    slope = (demand.loss(lowest) - demand.loss(lowest + lot)) / np.where(lot > 0, lot, 1.0)
    return np.where(is_single, demand.cdf(lowest), np.clip(1.0 - slope, 0.0, 1.0))


def average_loss(demand: Demand, point: FloatArray, lot: FloatArray) -> FloatArray:
    """[S], the average of the expected excess over the positions after an order, see `average_cdf`.

    Exact for lots of up to 24 whole units. The excess over larger lots, and over fractional ones, is taken at
    the middles of 24 equal parts: it is smooth, and linear between whole units.

    point: [S], the reorder point s. lot: [S], units; whole, from 1, for whole series.
    """
    is_fractional = ~demand.whole & (lot > 0)
    n_points = np.where(is_fractional, MOST_POSITIONS, np.clip(lot, 1.0, MOST_POSITIONS))
    first = point + 0.5 * demand.whole
    total = np.zeros_like(point)
    for number in range(int(n_points.max(initial=0.0))):
        excess = demand.loss(first + (number + 0.5) * lot / n_points)
        total += np.where(number < n_points, excess, 0.0)
    return total / n_points
