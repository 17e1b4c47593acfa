"""Days from the cutoff to the delivery of the next order, and to that of the order after it."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class OrderingDays:
    """When orders can be made and received.

    first_order: days since 1970-01-01 of the first day on which an order can be made. ordering, receiving:
    weekdays, Monday = 0; empty: every day.
    """

    first_order: int
    ordering: tuple[int, ...] = ()
    receiving: tuple[int, ...] = ()

    @property
    def order_day(self) -> int:
        """The day of the next order, in days since 1970-01-01."""
        return int(on_weekday(np.array([self.first_order]), self.ordering)[0])


@dataclass(frozen=True)
class Protection:
    """Days of demand that an order must cover, for each of S series and K lead times.

    Demand counts from the day after the cutoff up to the day before a delivery, which is on the shelf when
    its day begins. until_receipt, until_next: [S, K], days. probability: [S, K], of the lead times.
    """

    until_receipt: IntArray
    until_next: IntArray
    probability: FloatArray

    @property
    def longest(self) -> IntArray:
        """[S], the most days that may pass until the second delivery."""
        return _longest(self.until_next, self.probability)

    @property
    def latest_receipt(self) -> IntArray:
        """[S], the most days that may pass until the first delivery."""
        return _longest(self.until_receipt, self.probability)

    @property
    def mean_days(self) -> FloatArray:
        """[S], expected days until the second delivery."""
        return _average(self.until_next, self.probability)

    @property
    def days_between(self) -> FloatArray:
        """[S], expected days between the deliveries."""
        return _average(self.until_next - self.until_receipt, self.probability)


def protection(
    cutoff: int, days: OrderingDays, lead_time: IntArray, probability: FloatArray, review: IntArray
) -> Protection:
    """Order on the next ordering day, and again on the first one after the review period.

    cutoff: days since 1970-01-01. lead_time: [S, K], days. probability: [S, K]. review: [S], days.
    """
    order = np.full(len(review), days.order_day)
    next_order = on_weekday(order + review, days.ordering)
    receipt = on_weekday(order[:, np.newaxis] + lead_time, days.receiving)
    next_receipt = on_weekday(next_order[:, np.newaxis] + lead_time, days.receiving)
    return Protection(receipt - cutoff - 1, next_receipt - cutoff - 1, probability)


def on_weekday(day: IntArray, weekdays: tuple[int, ...]) -> IntArray:
    """The days, or where they are on other weekdays the next day that is on one of these.

    day: days since 1970-01-01, a Thursday. weekdays: Monday = 0; empty: all.

    >>> on_weekday(np.array([0, 1, 2]), (3, 5)).tolist()
    [0, 2, 2]
    """
    if not weekdays:
        return day
    waits = np.array([min((wanted - weekday) % 7 for wanted in weekdays) for weekday in range(7)])
    later: IntArray = day + waits[(day + 3) % 7]
    return later


def _longest(days: IntArray, probability: FloatArray) -> IntArray:
    """[S], of the lead times that can occur."""
    longest: IntArray = np.where(probability > 0, days, 0).max(axis=1)
    return longest


def _average(days: IntArray, probability: FloatArray) -> FloatArray:
    """[S], in the order of the lead times."""
    total = np.zeros(len(days))
    for column in range(days.shape[1]):
        total += days[:, column] * probability[:, column]
    return total
