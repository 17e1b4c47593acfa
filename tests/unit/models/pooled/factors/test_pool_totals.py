from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.factors.pool_totals import (
    expected_logs,
    pool_totals,
    robust_deviation,
    totals_without_events,
)
from tests.unit.models.events import events

NAN = np.nan
FIRST = 18_000


def _history(quantity: np.ndarray) -> History:
    return History(quantity, FIRST + np.arange(quantity.shape[1]))


def test_totals_add_all_series_up_to_the_cutoff_and_are_unknown_without_a_sale() -> None:
    quantity = np.array([[1.0, 0.0, NAN, 3.0, 9.0], [3.0, 0.0, 1.0, NAN, 9.0]])  # 4 units each by then
    np.testing.assert_array_equal(pool_totals(_history(quantity), 3), [4.0, NAN, 1.0, 3.0])


def test_totals_scale_the_largest_series_down_to_the_95_percent_quantile() -> None:
    quantity = np.tile(np.append(np.ones(20), 1000.0)[:, np.newaxis], (1, 4))
    # of 21 sorted means the quantile is the 20th, a 1
    np.testing.assert_allclose(pool_totals(_history(quantity), 3), 21.0)


def test_totals_leave_out_series_whose_sum_is_not_finite() -> None:
    quantity = np.array([[1.0, 2.0, 3.0], [1e308, 1e308, 1e308]])
    assert pool_totals(_history(quantity), 2).tolist() == [1.0, 2.0, 3.0]
    assert np.isnan(pool_totals(_history(quantity[1:]), 2)).all()


def test_totals_of_no_series_are_unknown() -> None:
    assert np.isnan(pool_totals(_history(np.ones((0, 3))), 2)).all()


def test_expected_logs_average_the_same_weekday_of_four_weeks_before_and_after() -> None:
    total = np.exp(np.arange(63.0))
    none = np.zeros(63, dtype=bool)
    found = expected_logs(total, none)
    assert found[30] == pytest.approx(30.0)  # all eight neighbours
    assert found[0] == pytest.approx((7 + 14 + 21 + 28) / 4)  # four of them are enough
    assert found[62] == pytest.approx(62 - (7 + 14 + 21 + 28) / 4)


def test_expected_logs_leave_holidays_out_and_need_half_of_the_neighbours() -> None:
    total, is_holiday = np.full(35, np.e), np.zeros(35, dtype=bool)
    total[28], is_holiday[28] = 1e9, True
    found = expected_logs(total, is_holiday)
    assert found[28] == found[1] == pytest.approx(1.0)
    assert np.isnan(found[[0, 7]]).all()  # three neighbours after it; one before and two after


def test_robust_deviation_is_the_scaled_median_of_absolute_values() -> None:
    assert robust_deviation(np.array([-3.0, 1.0, 2.0, -2.0, 100.0])) == pytest.approx(2.0 * 1.4826)


def _with_holiday(day: int, n_days: int = 420) -> History:
    """Ten units a day, and 70 on a holiday."""
    quantity = np.full((1, n_days), 10.0)
    quantity[0, day] = 70.0
    return replace(_history(quantity), events=events([FIRST + day], [0]))


def test_holidays_are_replaced_by_what_their_neighbours_sold() -> None:
    np.testing.assert_allclose(totals_without_events(_with_holiday(200), 400), 10.0)


def test_event_stays_until_it_is_over() -> None:
    quantity = np.full((1, 300), 10.0)
    quantity[0, 200:203] = 70.0
    history = replace(_history(quantity), events=events(FIRST + np.arange(200, 203), [0, 0, 0], (1, 1)))
    for cutoff, of_day in ((202, 70.0), (203, 10.0)):
        found = totals_without_events(history.until(cutoff), cutoff)
        assert found[201] == pytest.approx(of_day)


def test_long_event_is_compared_with_the_nearest_ordinary_weeks_on_a_straight_line() -> None:
    total, is_event = np.exp(np.arange(200.0) / 100.0), np.zeros(200, dtype=bool)
    is_event[70:130] = True
    total[70:130] = 1e9
    found = expected_logs(total, is_event)
    np.testing.assert_allclose(found[70:130], np.arange(70, 130) / 100.0)
    is_event[70:] = True
    assert np.isnan(expected_logs(total, is_event)[170])  # fourteen weeks after the nearest four


def test_closed_day_of_an_event_is_as_expected_too() -> None:
    history = _with_holiday(200)
    history.quantity[0, 200] = 0.0
    assert totals_without_events(history, 400)[200] == pytest.approx(10.0)
