"""The days on which each location was open: without a line, zero sales then, unknown sales on other days."""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.models.data.arrays import BoolArray, IntArray
from lepton_spark.models.data.history import SEASON_LENGTH, weekdays
from lepton_spark.panel.calendar_rows import CalendarRow, statuses_at, statuses_of
from lepton_spark.panel.open_days import open_days

CLOSED_LOOKBACK_DAYS = 56
"""Days without any open one after which a location counts as closed."""

N_WEEKDAYS, MAX_OPEN = 4, 1
"""A weekday is closed if the location was open on at most one of the last four, and not on the last one."""

USUAL_DAYS, MIN_USUAL_DAYS, IMPLAUSIBLE = 28, 7, 0.01
"""A day of zeros is left out if it has a probability below 1 %, judged by the 7 to 28 days before it."""

EPOCH = date(1970, 1, 1)


def epoch_day(day: date) -> int:
    """Days since 1970-01-01.

    >>> epoch_day(date(1970, 1, 31))
    30
    """
    return (day - EPOCH).days


@dataclass(frozen=True)
class DayVolume:
    """The data that a location delivered for one day: `lines` transactions, `n_series` product-days."""

    location_id: str
    day: int
    lines: int
    n_series: int


def day_volumes(sales: DataFrame) -> list[DayVolume]:
    """Every delivered day of every location, sorted; collected, because there are few."""
    is_sold = (F.col("sold_quantity") > 0) | F.col("quantity").isNull()
    volumes = sales.groupBy("location_id", F.unix_date("date").alias("day")).agg(
        F.sum("n_transactions").alias("lines"),
        F.count("*").alias("n_series"),
        F.count_if(is_sold).alias("n_sold"),
    )
    rows = volumes.select("location_id", "day", "lines", "n_series", "n_sold").collect()
    sold = {DayVolume(*row[:4]): row["n_sold"] for row in rows}
    in_order = sorted(sold, key=lambda volume: (volume.location_id, volume.day))
    return without_implausible_zeros([(volume, sold[volume]) for volume in in_order])


def without_implausible_zeros(volumes: Sequence[tuple[DayVolume, int]]) -> list[DayVolume]:
    """The days without those on which nothing was sold although that is implausible at the location.

    Such a day is closed, or its feed was sent before the shop opened. It is judged by earlier days only.
    volumes: sorted, with the number of series that were sold.
    """
    kept, usual = [], dict[str, deque[tuple[int, int]]]()
    for volume, n_sold in volumes:
        recent = usual.setdefault(volume.location_id, deque(maxlen=USUAL_DAYS))
        if n_sold == 0 and len(recent) >= MIN_USUAL_DAYS and _zero_probability(recent) < IMPLAUSIBLE:
            continue
        recent.append((volume.n_series, n_sold))
        kept.append(volume)
    return kept


def _zero_probability(recent: Collection[tuple[int, int]]) -> float:
    """At most so probable is it that none of a location's series is sold, if they are sold independently.

    recent: series with a row, and series sold, by day. One further day without a sale is added, so that a few
    days do not make a sale certain.
    """
    n_series = max(n_rows for n_rows, _ in recent)
    share = sum(n_sold for _, n_sold in recent) / (n_series * (len(recent) + 1))
    return float((1.0 - share) ** n_series)


@dataclass(frozen=True)
class Calendar:
    """The days up to the cutoff on which each location was open, as sorted epoch days.

    announced: whether a location, or every one, is open on a day, past or future, by location and epoch day.
    """

    opened: Mapping[str, IntArray]
    cutoff: int
    announced: Mapping[str, Mapping[int, bool]] = field(default_factory=dict)

    @classmethod
    def until(cls, volumes: Sequence[DayVolume], cutoff: int, rows: Sequence[CalendarRow] = ()) -> "Calendar":
        """The calendar without days after the cutoff; an empty day may be a day of zero sales.

        rows: those known by the cutoff; an announced day is as announced, whatever was sold on it.
        """
        lines: dict[str, dict[int, int]] = {}
        for volume in volumes:
            if volume.day <= cutoff:
                lines.setdefault(volume.location_id, {})[volume.day] = volume.n_series
        announced = statuses_of(rows)
        opened = {
            name: _open_days(by_day, cutoff, statuses_at(announced, name)) for name, by_day in lines.items()
        }
        return cls(opened, cutoff, announced)

    @property
    def first_day(self) -> int:
        """The first day on which any location was open; the cutoff if there is none."""
        return min((int(days[0]) for days in self.opened.values() if days.size), default=self.cutoff)

    def is_open(self, locations: Sequence[str], first_day: int) -> BoolArray:
        """[S, T], whether the location of a series was open, on each day from `first_day` to the cutoff."""
        return _by_location(locations, lambda name: self._mask(name, first_day))

    def is_announced_closed(self, locations: Sequence[str], first_day: int, n_days: int) -> BoolArray:
        """[S, T], whether a location was announced to be closed, on each of so many days."""
        return _by_location(locations, lambda name: self._announced(name, first_day, n_days, is_open=False))

    def is_closed(self, locations: Sequence[str], horizon: int) -> BoolArray:
        """[S, H], whether a future day is announced to be closed, or is a weekday on which nothing is sold.

        A weekday is judged by the last four of it, of which only one may have been an open day, and not the
        last; weeks in which the location was never open do not count. A location without an open day in the
        last 56 days is closed on all. An announced day is as announced.
        """
        return _by_location(locations, lambda name: self._closed(name, horizon))

    def _days(self, name: str) -> IntArray:
        return self.opened.get(name, np.array([], dtype=np.int64))

    def _mask(self, name: str, first_day: int) -> BoolArray:
        days = self._days(name)
        mask = np.zeros(self.cutoff - first_day + 1, dtype=np.bool_)
        mask[days[days >= first_day] - first_day] = True
        return mask

    def _announced(self, name: str, first_day: int, n_days: int, *, is_open: bool) -> BoolArray:
        """[T], whether a status was announced for each day."""
        announced = np.zeros(n_days, dtype=np.bool_)
        for day, status in statuses_at(self.announced, name).items():
            if status == is_open and first_day <= day < first_day + n_days:
                announced[day - first_day] = True
        return announced

    def _closed(self, name: str, horizon: int) -> BoolArray:
        ahead = self.cutoff + 1
        closed = self._closed_weekdays(name)[weekdays(ahead + np.arange(horizon))]
        closed &= ~self._announced(name, ahead, horizon, is_open=True)
        result: BoolArray = closed | self._announced(name, ahead, horizon, is_open=False)
        return result

    def _closed_weekdays(self, name: str) -> BoolArray:
        """[7], judged by days that were not announced to be closed."""
        days = self._days(name)
        if not days.size:
            return np.zeros(SEASON_LENGTH, dtype=np.bool_)
        since = self._announced(name, int(days[-1]) + 1, self.cutoff - int(days[-1]), is_open=False)
        closed = np.full(SEASON_LENGTH, np.count_nonzero(~since) >= CLOSED_LOOKBACK_DAYS)
        within_a_week = np.unique(days[:, np.newaxis] + np.arange(1 - SEASON_LENGTH, SEASON_LENGTH))
        seen = within_a_week[(within_a_week >= days[0]) & (within_a_week <= self.cutoff)]
        announced = self._announced(name, int(seen[0]), int(seen[-1] - seen[0]) + 1, is_open=False)
        seen = seen[~announced[seen - seen[0]]]
        for weekday in range(SEASON_LENGTH):
            is_open = np.isin(seen[weekdays(seen) == weekday][-N_WEEKDAYS:], days)
            if len(is_open) == N_WEEKDAYS and not is_open[-1] and np.count_nonzero(is_open) <= MAX_OPEN:
                closed[weekday] = True
        return closed


def _by_location(locations: Sequence[str], row_of: Callable[[str], BoolArray]) -> BoolArray:
    """[S, T], the row of each series' location."""
    names = sorted(set(locations))
    found = np.array([row_of(name) for name in names])
    index = {name: row for row, name in enumerate(names)}
    by_series: BoolArray = found[[index[name] for name in locations]]
    return by_series


def _open_days(lines: Mapping[int, int], cutoff: int, announced: Mapping[int, bool]) -> IntArray:
    """The days from a location's first line to the cutoff on which it was open; lines: by epoch day."""
    first = min(lines)
    by_day = np.zeros(cutoff - first + 1, dtype=np.int64)
    for day, count in lines.items():
        by_day[day - first] = count
    is_open = open_days(by_day, first)
    for day, status in announced.items():
        if first <= day <= cutoff:
            is_open[day - first] = status
    opened: IntArray = first + np.flatnonzero(is_open)
    return opened
