"""Order-up-to levels of every weekly forecast, by this project's distributions and by the usual practice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from inventory_parts.forecasts import Forecasts
from inventory_parts.normal import Normal
from lepton_spark.evaluation.distributions.mixtures import units
from lepton_spark.evaluation.distributions.parametric import Demand
from lepton_spark.evaluation.quantiles.demand_sums import dispersion_at, sum_lengths
from lepton_spark.inventory.measures import (
    Cycle,
    cycle_service,
    fill_rate,
    point_for_cycle_service,
    point_for_fill_rate,
)
from lepton_spark.models.data.arrays import FloatArray

LEPTON_P1, LEPTON_P2 = "lepton, cycle service", "lepton, fill rate"
USUAL_P1, USUAL_P2 = "usual, cycle service", "usual, fill rate"


@dataclass(frozen=True)
class Interval:
    """Days from an order to its arrival, and from one order to the next."""

    lead_time: int = 7
    review_period: int = 7

    @property
    def protection(self) -> int:
        """Days from an order to the arrival of the next one."""
        return self.lead_time + self.review_period


@dataclass(frozen=True)
class Planned:
    """Order-up-to levels, and the service that was planned with them; [C, S] each.

    expected: units between two arrivals.
    """

    level: FloatArray
    fill_rate: FloatArray
    cycle_service: FloatArray
    expected: FloatArray


Method = Callable[[Forecasts, Interval, float, bool], FloatArray]


def planned(
    forecasts: Forecasts, interval: Interval, method: str, target: float, *, lost_sales: bool
) -> Planned:
    """The levels of a method for a target; planned service is by this project's distributions."""
    shape = forecasts.whole.shape
    level = METHODS[method](forecasts, interval, target, lost_sales).ravel()
    cycle = lepton_cycle(forecasts, interval)
    point = level - cycle.lot
    service = cycle_service(cycle, point)
    fill = fill_rate(cycle, point, np.full(len(level), lost_sales))
    values = (level, fill, service, cycle.mean_between)
    return Planned(*(value.reshape(shape) for value in values))


def lepton_cycle(forecasts: Forecasts, interval: Interval) -> Cycle:
    """All weeks and products in one list."""
    until_receipt, until_next = (
        demand_until(forecasts, n_days) for n_days in (interval.lead_time, interval.protection)
    )
    return Cycle(until_receipt, until_next, forecasts.whole.ravel().astype(np.float64))


def demand_until(forecasts: Forecasts, n_days: int) -> Demand:
    """Demand of the first days, of all weeks and products in one list."""
    whole = forecasts.whole.ravel()
    lengths = np.array(sum_lengths(forecasts.mean.shape[2]))
    dispersions = forecasts.dispersion.reshape(len(whole), -1)
    dispersion = dispersion_at(dispersions, lengths, np.full(len(whole), n_days))
    return units(_mean(forecasts, n_days), dispersion, whole)


def _usual_cycle(forecasts: Forecasts, interval: Interval) -> Cycle:
    """Normal, with the daily error times the square root of the days; without one, Poisson's deviation."""
    error = forecasts.daily_error.ravel()
    by_poisson = np.sqrt(forecasts.mean.mean(axis=2).ravel())
    deviation = np.where(np.isnan(error), by_poisson, error)
    until_receipt, until_next = (
        Normal(_mean(forecasts, n_days), deviation * np.sqrt(n_days))
        for n_days in (interval.lead_time, interval.protection)
    )
    return Cycle(until_receipt, until_next, np.zeros(len(error)))


def _mean(forecasts: Forecasts, n_days: int) -> FloatArray:
    """[C x S], units of the first days."""
    mean: FloatArray = forecasts.mean[:, :, :n_days].sum(axis=2).ravel()
    return mean


def _rounded_up(level: FloatArray, forecasts: Forecasts) -> FloatArray:
    """Levels of whole units, and never below 0."""
    return np.maximum(np.where(forecasts.whole.ravel(), np.ceil(level - 1e-9), level), 0.0)


def _lepton(forecasts: Forecasts, interval: Interval, target: float, lost_sales: bool) -> FloatArray:
    cycle = lepton_cycle(forecasts, interval)
    targets = np.full(len(cycle.lot), target)
    point = point_for_fill_rate(cycle, targets, np.full(len(targets), lost_sales))
    return np.maximum(point + cycle.lot, 0.0)


def _lepton_p1(forecasts: Forecasts, interval: Interval, target: float, _: bool) -> FloatArray:
    cycle = lepton_cycle(forecasts, interval)
    return point_for_cycle_service(cycle, np.full(len(cycle.lot), target)) + cycle.lot


def _usual(forecasts: Forecasts, interval: Interval, target: float, lost_sales: bool) -> FloatArray:
    cycle = _usual_cycle(forecasts, interval)
    targets = np.full(len(cycle.lot), target)
    return _rounded_up(point_for_fill_rate(cycle, targets, np.full(len(targets), lost_sales)), forecasts)


def _usual_p1(forecasts: Forecasts, interval: Interval, target: float, _: bool) -> FloatArray:
    demand = _usual_cycle(forecasts, interval).until_next
    return _rounded_up(demand.mean + ndtri(target) * np.sqrt(demand.variance), forecasts)


METHODS: Mapping[str, Method] = {
    LEPTON_P1: _lepton_p1,
    LEPTON_P2: _lepton,
    USUAL_P1: _usual_p1,
    USUAL_P2: _usual,
}
