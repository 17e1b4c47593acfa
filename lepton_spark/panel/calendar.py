"""The days on which each location was open: without a line, zero sales then, unknown sales on other days."""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.models.data.arrays import BoolArray, IntArray
from lepton_spark.models.data.history import SEASON_LENGTH, weekdays
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
    """The days up to the cutoff on which each location was open, as sorted epoch days."""

    opened: Mapping[str, IntArray]
    cutoff: int

    @classmethod
    def until(cls, volumes: Sequence[DayVolume], cutoff: int) -> "Calendar":
        """The calendar without days after the cutoff; an empty day may be a day of zero sales."""
        lines: dict[str, dict[int, int]] = {}
        for volume in volumes:
            if volume.day <= cutoff:
                lines.setdefault(volume.location_id, {})[volume.day] = volume.n_series
        return cls({name: _open_days(by_day, cutoff) for name, by_day in lines.items()}, cutoff)

    @property
    def first_day(self) -> int:
        """The first day on which any location was open; the cutoff if there is none."""
        return min((int(days[0]) for days in self.opened.values() if days.size), default=self.cutoff)

    def is_open(self, locations: Sequence[str], first_day: int) -> BoolArray:
        """[S, T], whether the location of a series was open, on each day from `first_day` to the cutoff."""
        return self._by_location(locations, lambda days: self._mask(days, first_day))

    def is_closed(self, locations: Sequence[str], horizon: int) -> BoolArray:
        """[S, H], whether a future day is a weekday on which the location is closed.

        A weekday is judged by the last four of it, of which only one may have been an open day, and not the
        last; weeks in which the location was never open do not count. A location without an open day in the
        last 56 days is closed on all.
        """
        return self._by_location(locations, lambda days: self._closed(days, horizon))

    def _by_location(self, locations: Sequence[str], rows: Callable[[IntArray], BoolArray]) -> BoolArray:
        names = sorted(set(locations))
        unknown = np.array([], dtype=np.int64)
        found = np.array([rows(self.opened.get(name, unknown)) for name in names])
        index = {name: row for row, name in enumerate(names)}
        by_series: BoolArray = found[[index[name] for name in locations]]
        return by_series

    def _mask(self, days: IntArray, first_day: int) -> BoolArray:
        mask = np.zeros(self.cutoff - first_day + 1, dtype=np.bool_)
        mask[days[days >= first_day] - first_day] = True
        return mask

    def _closed(self, days: IntArray, horizon: int) -> BoolArray:
        if not days.size:
            return np.zeros(horizon, dtype=np.bool_)
        closed = np.full(SEASON_LENGTH, days[-1] <= self.cutoff - CLOSED_LOOKBACK_DAYS)
        within_a_week = np.unique(days[:, np.newaxis] + np.arange(1 - SEASON_LENGTH, SEASON_LENGTH))
        seen = within_a_week[(within_a_week >= days[0]) & (within_a_week <= self.cutoff)]
        for weekday in range(SEASON_LENGTH):
            is_open = np.isin(seen[weekdays(seen) == weekday][-N_WEEKDAYS:], days)
            if len(is_open) == N_WEEKDAYS and not is_open[-1] and np.count_nonzero(is_open) <= MAX_OPEN:
                closed[weekday] = True
        future: BoolArray = closed[weekdays(self.cutoff + 1 + np.arange(horizon))]
        return future


def _open_days(lines: Mapping[int, int], cutoff: int) -> IntArray:
    """The days from a location's first line to the cutoff on which it was open; lines: by epoch day."""
    first = min(lines)
    by_day = np.zeros(cutoff - first + 1, dtype=np.int64)
    for day, count in lines.items():
        by_day[day - first] = count
    opened: IntArray = first + np.flatnonzero(open_days(by_day, first))
    return opened
