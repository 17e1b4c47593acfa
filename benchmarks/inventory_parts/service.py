"""Achieved service and stock of a simulation, in sums by week and product that a bootstrap can resample."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from inventory_parts.levels import Interval, Planned
from inventory_parts.simulation import Course
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray

WARM_UP = 28
"""Days at the start that are not counted."""

WEEK = 7
N_DRAWS = 200
SEED = 7

Products = BoolArray | slice
"""Which products are counted."""

EVERY = slice(None)


@dataclass(frozen=True)
class Service:
    """Sums of W weeks and S products, [W, S] each.

    met, demand: units. stock: units on hand, summed over the days. n_cycles, n_served: cycles that end in the
    week, and those without a stock-out. planned_met: expected units met from stock, of planned_demand.
    planned_served: sum of the planned cycle service.
    """

    met: FloatArray
    demand: FloatArray
    stock: FloatArray
    n_cycles: FloatArray
    n_served: FloatArray
    planned_met: FloatArray
    planned_demand: FloatArray
    planned_served: FloatArray

    def fill_rate(self, weeks: IntArray, products: Products = EVERY) -> float:
        """Units met over units asked for."""
        return _ratio(self.met, self.demand, weeks, products)

    def planned_fill_rate(self, weeks: IntArray, products: Products = EVERY) -> float:
        """The fill rate that was planned, weighted by expected units."""
        return _ratio(self.planned_met, self.planned_demand, weeks, products)

    def cycle_service(self, weeks: IntArray, products: Products = EVERY) -> float:
        """Share of cycles without a stock-out."""
        return _ratio(self.n_served, self.n_cycles, weeks, products)

    def planned_cycle_service(self, weeks: IntArray, products: Products = EVERY) -> float:
        """Mean of the planned cycle service."""
        return _ratio(self.planned_served, self.n_cycles, weeks, products)

    def days_of_stock(self, weeks: IntArray, products: Products = EVERY) -> float:
        """Units on hand over units asked for in a day."""
        return _ratio(self.stock, self.demand, weeks, products)

    def mean_fill_rate(self, weeks: IntArray, products: Products = EVERY) -> float:
        """Mean of the products' fill rates, of those with demand."""
        met, demand = (values[weeks][:, products].sum(axis=0) for values in (self.met, self.demand))
        return float(np.mean(met[demand > 0] / demand[demand > 0]))

    def mean_days_of_stock(self, weeks: IntArray, products: Products = EVERY) -> float:
        """Mean of the products' units on hand over units asked for in a day, of those with demand."""
        stock, demand = (values[weeks][:, products].sum(axis=0) for values in (self.stock, self.demand))
        return float(np.mean(stock[demand > 0] / demand[demand > 0]))


def service_of(course: Course, sold: FloatArray, planned: Planned, interval: Interval) -> Service:
    """Sums by week after the warm-up. Lead time and review period are weeks, so that a cycle is one too."""
    n_series, n_days = sold.shape
    n_weeks = (n_days - WARM_UP) // WEEK
    days = slice(WARM_UP, WARM_UP + WEEK * n_weeks)

    def by_week(values: FloatArray) -> FloatArray:
        sums: FloatArray = values[:, days].reshape(n_series, n_weeks, WEEK).sum(axis=2).T
        return sums

    reviews = (WARM_UP - interval.lead_time) // WEEK + np.arange(n_weeks)
    is_short = course.is_short[:, days].reshape(n_series, n_weeks, WEEK).any(axis=2).T
    expected = planned.expected[reviews]
    return Service(
        by_week(course.met),
        by_week(sold),
        by_week(course.on_hand),
        np.ones(is_short.shape),
        (~is_short).astype(np.float64),
        planned.fill_rate[reviews] * expected,
        expected,
        planned.cycle_service[reviews],
    )


def all_weeks(service: Service) -> IntArray:
    """[W], every week once."""
    return np.arange(len(service.met))


def draws(n_weeks: int) -> list[IntArray]:
    """Weeks drawn with replacement, the same for every method."""
    rng = np.random.default_rng(SEED)
    return [rng.integers(0, n_weeks, n_weeks) for _ in range(N_DRAWS)]


def standard_error(measure: Callable[[IntArray], float], n_weeks: int) -> float:
    """The deviation of a measure of drawn weeks."""
    return float(np.std([measure(weeks) for weeks in draws(n_weeks)]))


def stock_at(curve: Sequence[Service], fill: float, weeks: IntArray, *, by_product: bool) -> float:
    """Days of stock at an achieved fill rate, between those of a method's targets; NaN outside of them."""
    if by_product:
        points = [(one.mean_fill_rate(weeks), one.mean_days_of_stock(weeks)) for one in curve]
    else:
        points = [(one.fill_rate(weeks), one.days_of_stock(weeks)) for one in curve]
    fills, stocks = np.array(sorted(points)).T
    return float(np.interp(fill, fills, stocks, left=np.nan, right=np.nan))


def _ratio(above: FloatArray, below: FloatArray, weeks: IntArray, products: Products = EVERY) -> float:
    return float(above[weeks][:, products].sum() / below[weeks][:, products].sum())
