"""Days until the next two deliveries, worked on a calendar: 2024-01-01 was a Monday."""

from datetime import date

import numpy as np
import pytest

from lepton_spark.inventory.protection import OrderingDays, Protection, protection

EPOCH = date(1970, 1, 1)
SUNDAY = (date(2023, 12, 31) - EPOCH).days
MONDAY, WEDNESDAY, FRIDAY = 0, 2, 4


def until(days: OrderingDays, lead_time: int, review: int) -> tuple[int, int]:
    one = np.array([[1.0]])
    made = protection(SUNDAY, days, np.array([[lead_time]]), one, np.array([review]))
    return int(made.until_receipt[0, 0]), int(made.until_next[0, 0])


@pytest.mark.parametrize(
    ("days", "lead_time", "review", "expected"),
    [
        (OrderingDays(SUNDAY + 1), 4, 1, (4, 5)),
        (OrderingDays(SUNDAY + 1), 0, 7, (0, 7)),
        (OrderingDays(SUNDAY + 2), 4, 1, (5, 6)),
        (OrderingDays(SUNDAY + 1, (WEDNESDAY,)), 2, 1, (4, 11)),
        (OrderingDays(SUNDAY + 1, (MONDAY, FRIDAY)), 2, 1, (2, 6)),
        (OrderingDays(SUNDAY + 2, (MONDAY, FRIDAY)), 2, 1, (6, 9)),
        (OrderingDays(SUNDAY + 1, (MONDAY, FRIDAY)), 2, 5, (2, 9)),
        (OrderingDays(SUNDAY + 1, (), (FRIDAY,)), 1, 7, (4, 11)),
        (OrderingDays(SUNDAY + 1, (), (FRIDAY,)), 4, 1, (4, 11)),
    ],
    ids=[
        *("any day", "received at once", "deadline missed", "orders on Wednesday"),
        *("orders on Monday and Friday", "Monday's deadline missed", "not before the review period"),
        *("received on Friday", "the next delivery waits a week"),
    ],
)
def test_days_count_from_the_cutoff_to_the_deliveries(
    days: OrderingDays, lead_time: int, review: int, expected: tuple[int, int]
) -> None:
    assert until(days, lead_time, review) == expected


def test_order_day_is_the_next_ordering_day() -> None:
    assert OrderingDays(SUNDAY + 2, (MONDAY, FRIDAY)).order_day == SUNDAY + 5


def test_lead_times_that_cannot_occur_do_not_count() -> None:
    made = Protection(
        np.array([[3, 9], [3, 9]]), np.array([[10, 16], [10, 18]]), np.array([[1, 0], [0.75, 0.25]])
    )
    assert made.longest.tolist() == [10, 18]
    assert made.latest_receipt.tolist() == [3, 9]
    assert made.mean_days.tolist() == [10.0, 12.0]
    assert made.days_between.tolist() == [7.0, 7.5]
