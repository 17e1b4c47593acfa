import datetime as dt

import numpy as np
import pytest

from lepton_spark.models.data.history import History, weekdays
from tests.unit.models.events import events

NAN = np.nan


def test_weekdays_agree_with_the_calendar() -> None:
    days = np.arange(19_000, 19_020)
    expected = [(dt.date(1970, 1, 1) + dt.timedelta(days=int(day))).weekday() for day in days]
    assert weekdays(days).tolist() == expected


def test_history_until_keeps_the_horizon_of_its_regressors() -> None:
    regressors = np.arange(8.0).reshape(1, 8, 1)  # T = 5, H = 3
    history = History(np.zeros((1, 5)), np.arange(5), regressors).until(2)
    assert history.quantity.shape == (1, 3)
    assert history.regressors is not None
    assert history.regressors[0, :, 0].tolist() == [0, 1, 2, 3, 4, 5]


def test_history_select_takes_rows_in_order() -> None:
    history = History(np.array([[1.0], [2.0], [3.0]]), np.arange(1), np.arange(6.0).reshape(3, 2, 1))
    selected = history.select(np.array([2, 0]))
    assert selected.quantity[:, 0].tolist() == [3.0, 1.0]
    assert selected.regressors is not None
    assert selected.regressors[:, 0, 0].tolist() == [4.0, 0.0]


def test_history_fills_unknown_days_with_zero_and_keeps_the_damped_quantity_apart() -> None:
    quantity, damped = np.array([[1.0, NAN, 90.0]]), np.array([[1.0, NAN, 5.0]])
    history = History(quantity, np.arange(3), damped=damped)
    assert history.filled.tolist() == [[1.0, 0.0, 90.0]]
    assert history.filled_damped.tolist() == [[1.0, 0.0, 5.0]]
    assert History(quantity, np.arange(3)).filled_damped.tolist() == [[1.0, 0.0, 90.0]]
    assert history.known_weight.tolist() == [[1.0, 0.0, 1.0]]
    assert history.n_known.tolist() == [2]


@pytest.mark.parametrize(("n_fractions", "whole"), [(0, True), (1, True), (2, False)])
def test_one_fraction_in_a_hundred_sales_is_a_typing_error(n_fractions: int, whole: bool) -> None:
    quantity = np.append(np.full(100, 3.0), np.zeros(50))[np.newaxis]
    quantity[0, :n_fractions] = 2.5
    assert History(quantity, np.arange(150)).sells_whole_units.tolist() == [whole]


def test_dispersion_is_that_of_the_known_days() -> None:
    quantity = np.array([[1.0, NAN, 3.0, 5.0], [0.0, 0.0, NAN, 0.0], [NAN, NAN, NAN, 7.0]])
    np.testing.assert_allclose(History(quantity, np.arange(4)).dispersion, [4.0 / 3.0, 1.0, 1.0])


def test_history_sells_whole_units_unless_a_known_quantity_is_fractional() -> None:
    quantity = np.array([[1.0, NAN, 3.0], [1.0, 2.5, 3.0], [NAN, NAN, NAN]])
    assert History(quantity, np.arange(3)).sells_whole_units.tolist() == [True, False, True]


def test_history_of_weeks_has_a_season_of_one_column_and_looks_ahead_in_weeks() -> None:
    weeks = History(np.zeros((1, 3)), np.array([7, 14, 21]), period=7)
    assert weeks.season_length == 1
    assert weeks.ahead(3).tolist() == [28, 35, 42]
    days = History(np.zeros((1, 3)), np.array([7, 8, 9]))
    assert days.season_length == 7
    assert days.ahead(3).tolist() == [10, 11, 12]


def test_history_does_not_pass_stock_out_sales_on() -> None:
    history = History(np.zeros((2, 3)), np.arange(3), stock_out_sales=np.ones((2, 3)))
    assert history.until(1).stock_out_sales is None
    assert history.select(np.array([0])).stock_out_sales is None


def test_history_marks_the_days_of_events_that_are_over() -> None:
    history = History(np.zeros((1, 4)), np.arange(100, 104), events=events([101, 103], [4, 0], (0, 1)))
    assert history.is_event.tolist() == [False, True, True, False]  # the day after the second is ahead
    assert not History(np.zeros((1, 4)), np.arange(100, 104)).is_event.any()


def test_parts_of_a_history_keep_its_events() -> None:
    given = events([101], [0])
    history = History(np.zeros((2, 4)), np.arange(100, 104), events=given)
    assert history.until(2).events is given
    assert history.select(np.array([1])).events is given


def _shop_with_event() -> History:
    """Steady sales, goods of the event of days 20 to 29, and a product with few ordinary days."""
    quantity = np.full((3, 50), 4.0)
    quantity[1, :20] = quantity[1, 30:] = 0.0
    quantity[2, :20] = np.nan
    quantity[2, 36:] = np.nan
    return History(quantity, np.arange(50), damped=quantity, events=events(np.arange(20, 30), [0] * 10))


def test_history_without_events_lacks_their_days_for_series_that_follow_them() -> None:
    history = _shop_with_event()
    assert history.follows_events.tolist() == [True, False, False]
    ordinary = history.without_events
    assert np.flatnonzero(~ordinary.known[0]).tolist() == list(range(20, 30))
    np.testing.assert_array_equal(ordinary.quantity[1:], history.quantity[1:])
    assert np.isnan(ordinary.filled_damped[0, 20:30]).sum() == 0
    assert ordinary.filled_damped.sum(axis=1).tolist() == [160.0, 40.0, 64.0]
    assert ordinary.events is None


def test_product_of_a_few_ordinary_days_follows_events() -> None:
    quantity = np.full((1, 50), np.nan)
    quantity[0, 40:] = 1.0
    for day in (30, 45):
        history = History(quantity, np.arange(50), events=events([day], [0]))
        assert history.follows_events.tolist() == [True]


def test_products_of_a_great_day_follow_events_as_long_as_they_sell_more_on_other_days() -> None:
    quantity = np.ones((2, 50))
    quantity[:, 30] = 40.0, 60.0
    history = History(quantity, np.arange(50), events=events([30], [0]))
    assert history.follows_events.tolist() == [True, False]


def test_sales_of_events_still_count_as_sales() -> None:
    quantity = np.ones((1, 40))
    quantity[0, 31:] = 0.0
    history = History(quantity, np.arange(40), events=events([31, 35], [0, 0]))
    history.quantity[0, 35] = 3.0
    ordinary = history.without_events
    assert np.flatnonzero(ordinary.is_sold[0])[-1] == 35
    assert np.flatnonzero(ordinary.until(38).select(np.array([0])).is_sold[0])[-1] == 35


def test_mask_that_reads_like_row_numbers_selects_its_rows() -> None:
    history = History(np.array([[1.0], [2.0]]), np.arange(1))
    assert history.select(np.array([False, True])).quantity.tolist() == [[2.0]]
    assert history.select(np.array([0, 1])) is history
    assert history.select(np.array([1, 0])).quantity.tolist() == [[2.0], [1.0]]


def test_selecting_all_series_drops_what_no_model_may_see() -> None:
    zeros = np.zeros((2, 3))
    for hidden in ({"stock_out_sales": zeros}, {"rejected": zeros > 0}):
        selected = History(zeros, np.arange(3), **hidden).select(np.arange(2))
        assert selected.stock_out_sales is None
        assert selected.rejected is None
