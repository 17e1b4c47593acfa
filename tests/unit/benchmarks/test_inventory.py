import numpy as np
import pytest
from inventory_parts.forecasts import Forecasts
from inventory_parts.levels import LEPTON_P1, USUAL_P1, Interval, planned
from inventory_parts.service import Service, service_of, stock_at
from inventory_parts.simulation import simulate

EVERY_WEEK = Interval(lead_time=7, review_period=7)


def test_backorders_wait_and_are_met_from_the_next_arrival() -> None:
    # order up to 5 on days 0, 2, 4; an order arrives a day later; 4 units are asked for on day 1
    levels, demand = np.full((3, 1), 5.0), np.array([[1.0, 4.0, 2.0, 1.0, 0.0, 0.0]])
    course = simulate(levels, demand, lead_time=1, review_period=2, lost_sales=False)
    # net: 4, 0, -2, then 5 arrive: 3 - 1 = 2, 2, then 3 arrive: 5
    assert course.on_hand.tolist() == [[4.0, 0.0, 0.0, 2.0, 2.0, 5.0]]
    assert course.met.tolist() == [[1.0, 4.0, 0.0, 1.0, 0.0, 0.0]]
    assert course.is_short.tolist() == [[False, False, True, False, False, False]]


def test_lost_sales_do_not_wait() -> None:
    levels, demand = np.full((3, 1), 5.0), np.array([[1.0, 6.0, 2.0, 1.0, 0.0, 0.0]])
    course = simulate(levels, demand, lead_time=1, review_period=2, lost_sales=True)
    # on hand: 4, 4 of 6 met, 0 of 2 met, then 5 arrive: 4, 4, then 1 arrives: 5
    assert course.met.tolist() == [[1.0, 4.0, 0.0, 1.0, 0.0, 0.0]]
    assert course.on_hand.tolist() == [[4.0, 0.0, 0.0, 4.0, 4.0, 5.0]]


def test_stock_above_a_lower_level_is_kept_and_nothing_is_ordered() -> None:
    levels, demand = np.array([[9.0], [3.0]]), np.zeros((1, 14))
    course = simulate(levels, demand, lead_time=1, review_period=7, lost_sales=False)
    assert (course.on_hand == 9.0).all()


def _forecasts(mean: float, n_weeks: int = 6) -> Forecasts:
    return Forecasts(
        cutoffs=np.arange(n_weeks),
        mean=np.full((n_weeks, 1, 28), mean),
        dispersion=np.ones((n_weeks, 1, 3)),
        daily_error=np.full((n_weeks, 1), 1.5),
        whole=np.ones((n_weeks, 1), dtype=np.bool_),
        demand_class=np.array(["smooth"]),
        sold=np.full((1, 42), mean),
    )


def test_levels_are_those_of_poisson_and_of_the_square_root_of_the_days() -> None:
    by_counts = planned(_forecasts(0.5), EVERY_WEEK, LEPTON_P1, 0.95, lost_sales=False)
    assert by_counts.level.tolist() == [[12.0]] * 6  # Poisson of mean 7
    usual = planned(_forecasts(0.5), EVERY_WEEK, USUAL_P1, 0.95, lost_sales=False)
    assert usual.level.tolist() == [[17.0]] * 6  # 7 + 1.645 x 1.5 x sqrt(14) = 16.2


def test_service_counts_weeks_after_the_warm_up_with_the_plan_of_their_cycle() -> None:
    forecasts = _forecasts(1.0)
    plan = planned(forecasts, EVERY_WEEK, LEPTON_P1, 0.95, lost_sales=False)
    sold = forecasts.sold.copy()
    sold[0, 30] = 50.0
    course = simulate(plan.level, sold, lead_time=7, review_period=7, lost_sales=False)
    service = service_of(course, sold, plan, EVERY_WEEK)
    assert service.demand.tolist() == [[56.0], [7.0]]
    assert service.n_served.tolist() == [[0.0], [0.0]]  # the second week begins with units that wait
    assert service.planned_demand.tolist() == [[7.0], [7.0]]
    assert service.met[0, 0] < 56.0


def test_stock_at_a_fill_rate_lies_between_two_targets() -> None:
    def service(met: float, stock: float) -> Service:
        one = np.ones((1, 1))
        return Service(met * one, 100.0 * one, stock * one, one, one, one, one, one)

    curve = [service(90.0, 300.0), service(98.0, 700.0)]
    weeks = np.array([0])
    for by_product in (False, True):
        assert stock_at(curve, 0.94, weeks, by_product=by_product) == pytest.approx(5.0)
    assert np.isnan(stock_at(curve, 0.99, weeks, by_product=False))
