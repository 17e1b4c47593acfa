"""Published stock levels and fill rates, and comparison with simulation and sums over positions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inventory_parts.normal import Normal
from scipy import stats

from lepton_spark.evaluation.distributions.mixtures import Mixture
from lepton_spark.evaluation.distributions.parametric import Counts, Demand, Gamma
from lepton_spark.inventory.measures import (
    Cycle,
    cycle_service,
    fill_rate,
    point_for_cost_per_day,
    point_for_cycle_service,
    point_for_fill_rate,
    ratio_for_cost_per_unit,
    units_short,
)
from lepton_spark.models.data.arrays import FloatArray

BACKORDERS, LOST = np.array([False]), np.array([True])


def floats(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


def normal(mean: float, deviation: float, days: int) -> Normal:
    return Normal(floats(mean * days), floats(deviation * days**0.5))


def normal_cycle(mean: float, deviation: float, lead_time: int, review: int) -> Cycle:
    both = normal(mean, deviation, lead_time), normal(mean, deviation, lead_time + review)
    return Cycle(*both, lot=floats(0))


def count_cycle(mean: float, variance: float, lead_time: int, review: int, lot: float = 1.0) -> Cycle:
    until = [Counts(floats(mean * days), floats(variance / mean)) for days in (lead_time, lead_time + review)]
    return Cycle(*until, lot=floats(lot))


@pytest.mark.parametrize(
    ("demand", "h", "b", "expected"),
    [
        (normal(50, 8, 1), 0.18, 0.7, 56.604),
        (normal(50, 8, 5), 0.18, 0.7, 264.767),
        (normal(900, 60, 1), 43, 79, 922.721),
        (Counts(floats(6), floats(1)), 1, 4, 8),
        (Counts(floats(18), floats(1)), 200, 270, 19),
    ],
    ids=["example 4.3", "example 4.4", "problem 4.1", "example 4.7", "problem 4.8a"],
)
def test_level_of_least_cost_is_that_of_snyder_and_shen(
    demand: Demand, h: float, b: float, expected: float
) -> None:
    lot = demand.whole.astype(np.float64)
    cycle = Cycle(demand, demand, lot)
    level = point_for_cost_per_day(cycle, [demand], np.ones((1, 1)), floats(b / (b + h))) + lot
    assert level[0] == pytest.approx(expected, abs=5e-4)
    in_one_day = ratio_for_cost_per_unit(floats(b), floats(h), floats(1))
    assert (point_for_cycle_service(cycle, in_one_day) + lot)[0] == pytest.approx(expected, abs=5e-4)


def test_least_cost_is_that_of_snyder_and_shen() -> None:
    demand, level = normal(50, 8, 1), floats(56.604)
    short = demand.loss(level)
    assert (0.18 * (level - 50 + short) + 0.7 * short)[0] == pytest.approx(1.9976, abs=5e-5)


@pytest.mark.parametrize(
    ("cycle", "target", "expected"),
    [
        (normal_cycle(50, 8, 4, 1), 0.95, 262.754),
        (normal_cycle(50, 8, 4, 1), 0.98, 271.497),
        (normal_cycle(50, 8, 4, 1), 0.99, 277.203),
        (normal_cycle(50, 8, 7, 7), 0.95, 690.162),
        (normal_cycle(50, 8, 7, 7), 0.98, 711.678),
        (normal_cycle(50, 8, 7, 7), 0.99, 724.415),
        (normal_cycle(10, 6, 7, 7), 0.95, 154.546),
        (normal_cycle(10, 6, 7, 7), 0.98, 165.771),
        (normal_cycle(10, 6, 7, 7), 0.99, 173.062),
    ],
)
def test_level_for_a_fill_rate_of_normal_demand_is_as_published(
    cycle: Cycle, target: float, expected: float
) -> None:
    assert point_for_fill_rate(cycle, floats(target), BACKORDERS)[0] == pytest.approx(expected, abs=5.1e-4)


@pytest.mark.parametrize(
    ("mean", "variance", "expected"),
    [(0.5, 0.5, [10, 11, 12]), (2, 2, [30, 33, 35]), (0.5, 1.5, [13, 16, 19]), (2, 6, [35, 39, 44])],
    ids=["poisson 0.5", "poisson 2", "negative binomial 0.5", "negative binomial 2"],
)
def test_level_for_a_fill_rate_of_counts_is_as_published(
    mean: float, variance: float, expected: list[float]
) -> None:
    cycle = count_cycle(mean, variance, 7, 7)
    levels = [point_for_fill_rate(cycle, floats(target), BACKORDERS)[0] + 1 for target in (0.90, 0.95, 0.98)]
    assert levels == expected


def test_fill_rate_of_a_level_is_as_published() -> None:
    cycle = count_cycle(0.5, 0.5, 7, 7)
    achieved = [fill_rate(cycle, floats(level - 1), BACKORDERS)[0] for level in (10, 11, 12)]
    assert achieved == pytest.approx([0.942882, 0.970740, 0.985900], abs=5e-7)


def test_level_for_a_cycle_service_is_as_published() -> None:
    cycle = count_cycle(0.5, 0.5, 7, 7)
    assert [point_for_cycle_service(cycle, floats(target))[0] + 1 for target in (0.90, 0.95, 0.98)] == [
        10,
        12,
        13,
    ]
    assert cycle_service(cycle, floats(9))[0] == pytest.approx(stats.poisson(7).cdf(10))


def test_fill_rate_of_lost_sales_counts_what_is_lost_as_demand() -> None:
    cycle = count_cycle(0.5, 0.5, 7, 7)
    waiting = 1 - fill_rate(cycle, floats(9), BACKORDERS)[0]
    assert fill_rate(cycle, floats(9), LOST)[0] == pytest.approx(1 / (1 + waiting))
    point, target = point_for_fill_rate(cycle, floats(0.8), LOST), floats(1 - 0.2 / 0.8)
    assert point == point_for_fill_rate(cycle, target, BACKORDERS)


def test_units_short_are_those_of_the_days_between_receipts() -> None:
    """No demand before the receipt, then 0 to 3 units with probabilities 0.4, 0.3, 0.2, 0.1; level 1."""
    none = Normal(floats(0), floats(0))
    sure = tuple(Normal(floats(units), floats(0)) for units in (0, 1, 2, 3))
    cycle = Cycle(none, Mixture(sure, np.array([0.4, 0.3, 0.2, 0.1])), lot=floats(0))
    assert units_short(cycle, floats(1))[0] == pytest.approx(0.2 * 1 + 0.1 * 2)
    assert fill_rate(cycle, floats(1), BACKORDERS)[0] == pytest.approx(1 - 0.4 / 1.0)
    assert cycle_service(cycle, floats(1))[0] == pytest.approx(0.7)


@pytest.mark.parametrize(("lot", "tolerance"), [(1, 1e-9), (6, 1e-9), (24, 1e-9), (25, 2e-3), (120, 2e-2)])
def test_packs_average_over_positions(lot: int, tolerance: float) -> None:
    cycle, point = count_cycle(2, 6, 3, 4, lot), 5.0
    until_next, until_receipt = stats.nbinom(7.0, 1 / 3), stats.nbinom(3.0, 1 / 3)
    counts = np.arange(400)
    positions = np.arange(point + 1, point + lot + 1)
    excess = np.maximum(counts - positions[:, np.newaxis], 0.0)
    short = excess @ until_next.pmf(counts) - excess @ until_receipt.pmf(counts)
    assert cycle_service(cycle, floats(point))[0] == pytest.approx(until_next.cdf(positions).mean())
    assert units_short(cycle, floats(point))[0] == pytest.approx(short.mean(), rel=tolerance)


def test_fractional_lots_average_over_an_interval() -> None:
    cycle = Cycle(Gamma(floats(6), floats(3)), Gamma(floats(14), floats(3)), lot=floats(8))
    grid, positions = np.linspace(0, 150, 15_001), np.linspace(10, 18, 81)
    below, above = (stats.gamma(mean / 3, scale=3) for mean in (6, 14))
    short = [np.trapezoid((above.sf(grid) - below.sf(grid)) * (grid > at), grid) for at in positions]
    assert cycle_service(cycle, floats(10))[0] == pytest.approx(above.cdf(positions).mean(), abs=1e-3)
    assert units_short(cycle, floats(10))[0] == pytest.approx(np.mean(short), rel=3e-3)


def test_cost_per_day_averages_over_the_days_between_receipts() -> None:
    """Poisson 2 a day, lead time 1, review 2: the average of F over days 2 and 3."""
    days = [Counts(floats(2.0 * day), floats(1)) for day in (2, 3)]
    cycle = Cycle(Counts(floats(2), floats(1)), days[1], lot=floats(1))
    average = [(stats.poisson(4).cdf(level) + stats.poisson(6).cdf(level)) / 2 for level in range(20)]
    level = point_for_cost_per_day(cycle, days, np.array([[0.5, 0.5]]), floats(0.9))[0] + 1
    assert level == float(np.argmax(np.array(average) >= 0.9))


def test_cost_per_unit_holds_what_is_left_until_the_next_receipt() -> None:
    assert ratio_for_cost_per_unit(floats(3), floats(0.1), floats(10))[0] == pytest.approx(0.75)


def test_no_demand_needs_no_stock() -> None:
    for zero, lot in ((Counts(floats(0), floats(1)), 1.0), (Gamma(floats(0), floats(1)), 0.0)):
        cycle = Cycle(zero, zero, floats(lot))
        assert (point_for_cycle_service(cycle, floats(0.95)) + lot).tolist() == [0.0]
        assert (point_for_fill_rate(cycle, floats(0.95), BACKORDERS) + lot).tolist() == [0.0]
        assert fill_rate(cycle, floats(0) - lot, BACKORDERS).tolist() == [1.0]


@given(
    mean=st.floats(1e-6, 1e6),
    dispersion=st.floats(1, 50),
    lead_time=st.integers(0, 20),
    review=st.integers(1, 14),
    target=st.floats(0.01, 0.999),
    lot=st.integers(1, 30),
)
def test_points_are_the_least_that_reach_the_target(
    mean: float, dispersion: float, lead_time: int, review: int, target: float, lot: int
) -> None:
    until = [Counts(floats(mean * days), floats(dispersion)) for days in (lead_time, lead_time + review)]
    cycle, aim = Cycle(*until, lot=floats(lot)), floats(target)
    for_p1, for_p2 = point_for_cycle_service(cycle, aim), point_for_fill_rate(cycle, aim, BACKORDERS)
    assert cycle_service(cycle, for_p1)[0] >= target
    assert cycle_service(cycle, for_p1 - 1)[0] < target
    assert fill_rate(cycle, for_p2, BACKORDERS)[0] >= target
    assert fill_rate(cycle, for_p2 - 1, BACKORDERS)[0] < target
