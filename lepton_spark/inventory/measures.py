"""Service measures and costs of a stock level, and the least level that reaches a target.

P1, cycle service: the probability that a replenishment cycle has no stock-out. P2, fill rate: the share of
demand met from stock at once. They differ: a fill rate of 98 % may need a cycle service of 85 % or of 99.9 %.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lepton_spark.evaluation.distributions.parametric import Demand, guessed_quantile
from lepton_spark.evaluation.distributions.search import least
from lepton_spark.inventory.positions import average_cdf, average_loss
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Cycle:
    """Demand of one replenishment cycle of each of S series, and how the order is made.

    until_receipt: over the lead time, until the order arrives. until_next: over the protection interval,
    until the next order arrives. lot: [S], units; after an order the position is spread evenly over the lot
    above the reorder point: s + 1 to s + lot for whole series. The lot of an order-up-to level S is 1 for
    whole series, with s = S - 1, and 0 for others, with s = S.
    """

    until_receipt: Demand
    until_next: Demand
    lot: FloatArray

    @property
    def mean_between(self) -> FloatArray:
        """[S], expected units between the two receipts."""
        return np.maximum(self.until_next.mean - self.until_receipt.mean, 0.0)

    def take(self, rows: IntArray) -> "Cycle":
        """The cycle of some of the series, in this order."""
        return Cycle(self.until_receipt.take(rows), self.until_next.take(rows), self.lot[rows])


def cycle_service(cycle: Cycle, point: FloatArray) -> FloatArray:
    """[S], P1: the probability of no stock-out before the next receipt, with reorder points [S]."""
    return average_cdf(cycle.until_next, point, cycle.lot)


def units_short(cycle: Cycle, point: FloatArray) -> FloatArray:
    """[S], expected units between the two receipts that are not met from stock, with reorder points [S]."""
    at_the_end = average_loss(cycle.until_next, point, cycle.lot)
    return np.maximum(at_the_end - average_loss(cycle.until_receipt, point, cycle.lot), 0.0)


def fill_rate(cycle: Cycle, point: FloatArray, lost_sales: BoolArray) -> FloatArray:
    """[S], P2: the share of demand between the two receipts that is met from stock; 1 without demand.

    lost_sales: [S], whether unmet demand is lost. Then demand is what is met plus what is lost, and a share x
    of unmet to met demand leaves 1 / (1 + x); else unmet demand waits, and leaves 1 - x.
    Source: Silver, Pyke and Thomas (2017), Inventory and Production Management in Supply Chains, section 6.7.
    """
    between = cycle.mean_between
    share = np.divide(units_short(cycle, point), between, out=np.zeros_like(between), where=between > 0)
    return np.where(lost_sales, 1.0 / (1.0 + share), np.maximum(1.0 - share, 0.0))


def point_for_cycle_service(cycle: Cycle, target: FloatArray) -> FloatArray:
    """[S], the least reorder point with a P1 of at least the target [S], in (0, 1)."""
    return _least_point(
        cycle, target, lambda rows, point: cycle_service(cycle.take(rows), point) >= target[rows]
    )


def point_for_fill_rate(cycle: Cycle, target: FloatArray, lost_sales: BoolArray) -> FloatArray:
    """[S], the least reorder point with a P2 of at least the target [S], in (0, 1); see `fill_rate`."""

    def reached(rows: IntArray, point: FloatArray) -> BoolArray:
        return fill_rate(cycle.take(rows), point, lost_sales[rows]) >= target[rows]

    return _least_point(cycle, target, reached)


def point_for_cost_per_day(
    cycle: Cycle, days: Sequence[Demand], weights: FloatArray, ratio: FloatArray
) -> FloatArray:
    """[S], the least reorder point for which the average of F over the days between receipts is the ratio.

    days: the demand until each of the N days after the receipt up to the next one. weights: [S, N], with
    sum 1; 0 after the next receipt. ratio: [S], b / (b + h) with b the cost of a unit that waits for a day
    and h that of a unit held for a day.
    """

    def reached(rows: IntArray, point: FloatArray) -> BoolArray:
        served = np.zeros(len(rows))
        for number, day in enumerate(days):
            served += weights[rows, number] * average_cdf(day.take(rows), point, cycle.lot[rows])
        return served >= ratio[rows]

    return _least_point(cycle, ratio, reached)


def ratio_for_cost_per_unit(per_unit: FloatArray, holding: FloatArray, n_days: FloatArray) -> FloatArray:
    """[S], the P1 that costs least where a unit short costs the same however long it is short.

    One more unit is held until the next receipt or meets demand that is short otherwise: the newsvendor
    ratio.

    per_unit: [S], cost of a unit short. holding: [S], cost of a unit held for a day. n_days: [S], days
    between receipts.
    """
    ratio: FloatArray = per_unit / (per_unit + holding * n_days)
    return ratio


def _least_point(
    cycle: Cycle, target: FloatArray, reached: Callable[[IntArray, FloatArray], BoolArray]
) -> FloatArray:
    """[S], by a search that starts at the quantile of a gamma distribution; it fills stock to at least 0."""

    def reached_from_zero(rows: IntArray, point: FloatArray) -> BoolArray:
        return reached(rows, point) & (point + cycle.lot[rows] >= 0)

    guess, step = guessed_quantile(cycle.until_next, target)
    return least(reached_from_zero, guess - cycle.lot, step, cycle.until_next.whole)
