"""Which goods are about to begin their season."""

import numpy as np
import pytest

from lepton_spark.evaluation.seasons import is_before_its_season
from lepton_spark.models.data.history import History

N_DAYS = 3 * 364
YEARS = (N_DAYS - 364, N_DAYS - 2 * 364)
"""The day after the cutoff, in the two past years."""


def found(units: np.ndarray, period: int = 1) -> list[bool]:
    history = History(units, 18_000 + period * np.arange(units.shape[1]), period=period)
    return is_before_its_season(history, 28 // period).tolist()


@pytest.mark.parametrize("period", [1, 7])
def test_goods_that_sold_only_on_these_days_in_two_past_years_begin_their_season(period: int) -> None:
    units = np.zeros((4, N_DAYS // period))
    for begin in YEARS:
        then, n_ahead = begin // period, 28 // period
        units[0, then : then + n_ahead] = 3.0 * period  # now
        units[1, then + n_ahead + 14 // period : then + 300 // period] = 3.0 * period  # later in the year
    units[2] = 3.0 * period  # always
    units[3, : YEARS[1] // period + 1] = 3.0 * period  # never again
    assert found(units, period) == [True, False, False, False]


def test_goods_that_sell_now_or_hardly_sold_then_do_not() -> None:
    units = np.zeros((3, N_DAYS))
    for begin in YEARS:
        units[:, begin : begin + 28] = 3.0
        units[1, begin : begin + 28] = 0.0
        units[1, begin] = 9.0
        units[2, begin - 40 : begin - 15] = 3.0  # sold well before, too
    units[0, -56:] = 1.0  # the rate in past years, two weeks around, was 1.5
    assert found(units) == [False, False, False]


def test_goods_need_two_seasons_of_which_the_first_may_be_their_launch() -> None:
    units = np.zeros((2, N_DAYS))
    units[:, YEARS[0] : YEARS[0] + 28] = units[:, YEARS[1] : YEARS[1] + 28] = 3.0
    units[0, : YEARS[1]] = np.nan
    units[1, : YEARS[0] - 100] = np.nan
    assert found(units) == [True, False]


def test_what_began_in_two_years_may_have_begun_again_but_not_what_failed_to_return_once() -> None:
    units = np.zeros((4, N_DAYS))
    for begin in YEARS:
        units[:, begin : begin + 28] = 3.0
    units[0, -7:] = 3.0  # one week into the season
    units[1, YEARS[0] : YEARS[0] + 28] = 0.0  # it did not return
    units[2, YEARS[0] - 56 : YEARS[0]] = 3.0  # it was on sale before, last year
    units[3, -56:] = 0.8  # half of its rate in the season, give or take two weeks
    assert found(units) == [True, False, False, False]


def test_without_a_known_year_nothing_is_before_its_season() -> None:
    assert found(np.ones((2, 364 + 55))) == [False, False]
