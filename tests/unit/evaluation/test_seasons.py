"""Which goods are about to begin their season."""

import numpy as np
import pytest

from lepton_spark.evaluation.seasons import is_before_its_season
from lepton_spark.models.data.history import History

N_DAYS = 2 * 364
LAST_YEAR = N_DAYS - 364


def found(units: np.ndarray, period: int = 1) -> list[bool]:
    history = History(units, 18_000 + period * np.arange(units.shape[1]), period=period)
    return is_before_its_season(history, 28 // period).tolist()


@pytest.mark.parametrize("period", [1, 7])
def test_goods_that_sold_only_on_these_days_a_year_ago_begin_their_season(period: int) -> None:
    units = np.zeros((4, N_DAYS // period))
    last_year, n_ahead = LAST_YEAR // period, 28 // period
    units[0, last_year : last_year + n_ahead] = 3.0 * period  # now
    units[1, last_year + n_ahead + 14 // period :] = 3.0 * period  # later in the year
    units[2] = 3.0 * period  # always
    units[3, : last_year - 56 // period] = 3.0 * period  # never again
    assert found(units, period) == [True, False, False, False]


def test_goods_that_sell_now_or_hardly_sold_then_do_not() -> None:
    units = np.zeros((3, N_DAYS))
    units[:, LAST_YEAR : LAST_YEAR + 28] = 3.0
    units[0, -56:] = 1.0  # the rate a year ago, two weeks around, was 1.5
    units[1, LAST_YEAR : LAST_YEAR + 28] = 0.0
    units[1, LAST_YEAR] = 9.0
    units[2, LAST_YEAR - 40 : LAST_YEAR - 15] = 3.0  # sold well before, too
    assert found(units) == [False, False, False]


def test_what_began_in_two_years_may_have_begun_again_but_not_what_failed_to_return_once() -> None:
    units = np.zeros((5, 3 * 364))
    this_year, last_year = 2 * 364, 364
    for begin in (this_year, last_year):
        units[:, begin : begin + 28] = 3.0
    units[0, -7:] = 3.0  # one week into the season
    units[1, : this_year - 100] = np.nan  # only one year is known, and it sold last week
    units[1, -7:] = 1.0
    units[2, this_year : this_year + 28] = 0.0  # it did not return
    units[3, last_year : last_year + 28] = 0.0  # new in the second year, when it was on sale already
    units[4, -56:] = 0.8  # half of its rate in the season, give or take two weeks
    assert found(units) == [True, False, False, False, False]


def test_without_a_known_year_nothing_is_before_its_season() -> None:
    assert found(np.ones((2, 364 + 55))) == [False, False]
