from datetime import date, timedelta

import numpy as np
import pytest

from lepton_spark.panel.calendar import Calendar, DayVolume, epoch_day, without_implausible_zeros

FRIDAY = date(2024, 3, 29)
CUTOFF = epoch_day(FRIDAY)


def calendar(days: list[int], cutoff: int = CUTOFF) -> Calendar:
    return Calendar.until([DayVolume("shop", day, 1, 1) for day in days], cutoff)


def without_saturdays(n_days: int) -> list[int]:
    days = [FRIDAY - timedelta(days=n) for n in range(n_days)]
    return [epoch_day(day) for day in days if day.weekday() != 5]


def test_epoch_day_counts_from_1970() -> None:
    assert (epoch_day(date(1970, 1, 1)), epoch_day(date(2000, 3, 1))) == (0, 11017)


def test_calendar_closes_a_weekday_without_deliveries() -> None:
    closed = calendar(without_saturdays(56)).is_closed(["shop"], 9)
    assert closed.tolist() == [[True, False, False, False, False, False, False, True, False]]


@pytest.mark.parametrize(
    ("n_days", "closed"), [(27, False), (29, True)], ids=["three saturdays", "four saturdays"]
)
def test_calendar_closes_a_weekday_only_after_four_of_it(n_days: int, closed: bool) -> None:
    assert calendar(without_saturdays(n_days)).is_closed(["shop"], 1).tolist() == [[closed]]


def test_calendar_ignores_deliveries_before_the_look_back() -> None:
    opened = epoch_day(FRIDAY - timedelta(days=6 + 56))
    assert calendar([opened, *without_saturdays(100)]).is_closed(["shop"], 1).tolist() == [[True]]


@pytest.mark.parametrize(
    ("open_weeks", "closed"),
    [
        ([3, 4, 5, 6, 7], True),
        ([2, 3, 4, 5, 6], False),
        ([2], True),
        ([0], False),
        ([1, 3], False),
    ],
    ids=["closed for three weeks", "for two", "one open Saturday", "open since a week", "every other week"],
)
def test_calendar_judges_a_weekday_by_its_last_four(open_weeks: list[int], closed: bool) -> None:
    """Saturdays are open in these weeks before the last Saturday, the other days in all."""
    saturdays = [epoch_day(FRIDAY - timedelta(days=6 + 7 * week)) for week in open_weeks]
    days = np.array(sorted([*without_saturdays(100), *saturdays]))
    assert Calendar({"shop": days}, CUTOFF).is_closed(["shop"], 1).item() is closed


@pytest.mark.parametrize("n_closed", [42, 70, 400])
def test_calendar_of_a_shop_that_opens_again_is_that_of_before(n_closed: int) -> None:
    """It was closed for weeks, and opened again on Wednesday; Saturdays were closed before."""
    before = [day for day in without_saturdays(n_closed + 100) if day < CUTOFF - 2 - n_closed]
    days = np.array([*sorted(before), CUTOFF - 2, CUTOFF - 1, CUTOFF])
    closed = Calendar({"shop": days}, CUTOFF).is_closed(["shop"], 9)
    assert closed.tolist() == [[True, False, False, False, False, False, False, True, False]]


def test_calendar_closes_a_shop_that_has_not_opened_for_56_days() -> None:
    days = np.arange(CUTOFF - 100, CUTOFF + 1)
    by_days_since = {n: Calendar({"shop": days[days <= CUTOFF - n]}, CUTOFF) for n in (55, 56)}
    assert not by_days_since[55].is_closed(["shop"], 7).any()
    assert by_days_since[56].is_closed(["shop"], 7).all()


def volumes_of(sold: list[int]) -> list[tuple[DayVolume, int]]:
    return [(DayVolume("shop", day, 20, 20), n_sold) for day, n_sold in enumerate(sold)]


@pytest.mark.parametrize(
    ("sold", "left_out"),
    [
        ([9] * 7 + [0, 9], [7]),
        ([9] * 7 + [0, 0, 0], [7, 8, 9]),  # a closure, and the end of the data
        ([9] * 6 + [0, 9], []),  # too few days to know what is usual
        ([4] * 30 + [0, 4], []),  # a small shop may sell nothing
        ([4] * 30 + [18] * 3 + [0], [33]),
        ([0, 0] + [9] * 9, []),  # later days do not matter
    ],
    ids=["one day", "closure", "begin", "small shop", "grown", "before the first sale"],
)
def test_zeros_of_all_products_are_no_fact_where_many_are_usually_sold(
    sold: list[int], left_out: list[int]
) -> None:
    kept = {volume.day for volume in without_implausible_zeros(volumes_of(sold))}
    assert sorted(set(range(len(sold))) - kept) == left_out


@pytest.mark.parametrize(
    ("n_series", "sold", "left_out"),
    [
        (1, [1] * 28, False),
        (2, [2] * 28, True),
        (2, [2] * 7, False),
        (5, [5] * 7, True),
        (5, [2] * 28, False),
    ],
    ids=["one product", "two products", "two products, a week", "five products, a week", "sold now and then"],
)
def test_zeros_of_few_products_are_judged_by_how_regularly_they_sell(
    n_series: int, sold: list[int], left_out: bool
) -> None:
    days = [(DayVolume("shop", day, n_series, n_series), n) for day, n in enumerate([*sold, 0])]
    assert (len(without_implausible_zeros(days)) == len(sold)) is left_out


def test_calendar_has_no_days_after_the_cutoff() -> None:
    assert calendar([CUTOFF, CUTOFF + 1]).opened["shop"].tolist() == [CUTOFF]


def test_calendar_of_an_unknown_location_has_no_delivered_or_closed_days() -> None:
    found = calendar(without_saturdays(56))
    assert found.is_open(["elsewhere"], CUTOFF - 2).tolist() == [[False, False, False]]
    assert not np.any(found.is_closed(["elsewhere"], 7))
