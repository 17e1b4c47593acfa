"""The reorder point of each series by the configured policy and service measure."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lepton_spark.evaluation.distributions.mixtures import Mixture
from lepton_spark.inventory.demand import demand_over, demand_until
from lepton_spark.inventory.measures import (
    Cycle,
    point_for_cost_per_day,
    point_for_cycle_service,
    point_for_fill_rate,
    ratio_for_cost_per_unit,
)
from lepton_spark.inventory.protection import Protection
from lepton_spark.inventory.terms import Terms
from lepton_spark.models.data.arrays import BoolArray, FloatArray

DAYS_OF_A_YEAR = 365.0


@dataclass(frozen=True)
class Policy:
    """How levels are set.

    in_lots: order whole packs at a reorder point, else the difference to a level. service: cycle_service,
    fill_rate or cost. lost_sales: whether unmet demand is lost. holding_rate, delay_rate: yearly cost of a
    unit in stock, or of one that a customer waits for, in unit costs.
    """

    in_lots: bool
    service: str
    lost_sales: bool
    holding_rate: float
    delay_rate: float | None

    @property
    def needs_prices(self) -> bool:
        """Whether levels depend on price and unit cost."""
        return self.service == "cost" and self.lost_sales


def cycle_of(rows: pd.DataFrame, protection: Protection, terms: Terms, policy: Policy) -> Cycle:
    """The demand of each series until the two deliveries, and its lot."""
    until_receipt = demand_until(rows, protection.until_receipt, protection)
    until_next = demand_until(rows, protection.until_next, protection)
    return Cycle(until_receipt, until_next, _lots(terms.pack, until_next.whole, policy))


def reorder_points(
    rows: pd.DataFrame, cycle: Cycle, protection: Protection, terms: Terms, policy: Policy
) -> FloatArray:
    """[S], units: an order is made when the position is at it or below; see `Cycle`."""
    if policy.service == "cycle_service":
        return point_for_cycle_service(cycle, terms.target)
    if policy.service == "fill_rate":
        return point_for_fill_rate(cycle, terms.target, np.full(len(rows), policy.lost_sales))
    if policy.lost_sales:
        holding = terms.cost * policy.holding_rate / DAYS_OF_A_YEAR
        ratio = ratio_for_cost_per_unit(terms.price - terms.cost, holding, protection.days_between)
        return point_for_cycle_service(cycle, ratio)
    return _for_waiting_customers(rows, cycle, protection, policy)


def _lots(pack: FloatArray, whole: BoolArray, policy: Policy) -> FloatArray:
    """[S], the lots of a cycle."""
    smallest = whole.astype(np.float64)
    return np.where(np.isnan(pack), smallest, pack) if policy.in_lots else smallest


def _for_waiting_customers(
    rows: pd.DataFrame, cycle: Cycle, protection: Protection, policy: Policy
) -> FloatArray:
    """[S], by the cost of each day that a customer waits."""
    delay = float(policy.delay_rate or 0.0)
    ratio = np.full(len(rows), delay / (delay + policy.holding_rate))
    n_days = np.maximum(np.rint(protection.days_between), 1.0)
    until, weights = [], []
    for number in range(1, int(n_days.max()) + 1):
        days = np.minimum(protection.until_receipt + number, protection.until_next)
        parts = tuple(demand_over(rows, days[:, column]) for column in range(days.shape[1]))
        until.append(Mixture(parts, protection.probability))
        weights.append(np.where(number <= n_days, 1.0 / n_days, 0.0))
    return point_for_cost_per_day(cycle, until, np.stack(weights, axis=1), ratio)
