"""Whether a location was closed on a day without a line."""

import numpy as np
import pytest

from lepton_spark.panel.open_days import open_days

MONDAY = 19_723  # 1 January 2024


def closed(lines: np.ndarray) -> list[int]:
    return np.flatnonzero(~open_days(lines, MONDAY)).tolist()


def test_days_with_lines_are_open() -> None:
    assert closed(np.array([1, 2, 3])) == []


@pytest.mark.parametrize("lines_a_day", [30, 30_000])
def test_a_busy_shop_without_a_line_was_closed(lines_a_day: int) -> None:
    lines = np.full(200, lines_a_day)
    lines[[50, 51, 130]] = 0
    assert closed(lines) == [50, 51, 130]


@pytest.mark.parametrize("rate", [0.1, 0.5, 1.0, 2.0])
def test_a_small_shop_without_a_line_sold_nothing(rate: float) -> None:
    lines = np.random.default_rng(1).poisson(rate, 1000)
    lines[0] = 1
    assert len(closed(lines)) <= 0.01 * 1000


def test_a_long_closure_of_a_small_shop_is_seen() -> None:
    lines = np.random.default_rng(2).poisson(1.0, 400)
    lines[200:270] = 0
    assert set(range(200, 270)) <= set(closed(lines)) <= set(range(190, 280))


@pytest.mark.parametrize("lines_a_day", [1, 20])
def test_a_weekday_that_is_hardly_ever_open_is_closed(lines_a_day: int) -> None:
    lines = np.full(140, lines_a_day)
    lines[6::7] = 0
    lines[6 + 7 * 5] = 1  # one Sunday before Christmas
    assert closed(lines) == [day for day in range(6, 140, 7) if day != 41]


def test_a_small_shop_is_closed_on_the_weekday_on_which_it_never_sells() -> None:
    lines = np.random.default_rng(3).poisson(1.0, 364)
    lines[6::7] = 0
    found = closed(lines)
    assert set(range(6, 364, 7)) <= set(found)
    assert len(found) <= 52 + 4


def test_a_weak_weekday_is_not_closed() -> None:
    lines = np.random.default_rng(4).poisson(np.tile([2.0, 2, 2, 2, 2, 2, 0.3], 60))
    assert len([day for day in closed(lines) if day % 7 == 6]) <= 2


def test_a_weekly_market_is_closed_on_other_days() -> None:
    lines = np.zeros(140, dtype=np.int64)
    lines[5::7] = 12
    assert closed(lines) == [day for day in range(140) if day % 7 != 5]


def test_a_location_that_stopped_is_closed_from_then_on() -> None:
    lines = np.append(np.full(100, 15), np.zeros(20, dtype=np.int64))
    assert closed(lines) == list(range(100, 120))
