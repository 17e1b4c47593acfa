"""On which days of a period each location was open, closed as expected, or silent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from lepton_spark.models.data.arrays import BoolArray
from lepton_spark.panel.calendar import EPOCH, Calendar, DayVolume, epoch_day
from lepton_spark.panel.calendar_rows import CalendarRow
from lepton_spark.tables.schemas.monitoring_tables import CLOSED, LATE, OUTAGE

DAY_SCHEMA = "location_id STRING, date DATE, is_open BOOLEAN, is_closed BOOLEAN, is_silent BOOLEAN"


@dataclass(frozen=True)
class Interruption:
    """Why a location, or all of them, delivered no sales: a state, its first day, and words for planners."""

    state: str
    since: date | None
    reason: str


@dataclass(frozen=True)
class LocationDays:
    """What L locations did on T days, of which the period is the last part.

    first: the first day. n_before: days before the period. is_open: [L, T], whether sales are known.
    is_closed: [L, T], announced as closed. is_silent: [L, T], not open although neither an announcement nor
    the weeks before the period lead to expect that; False before the period. last_open: [L], the last open
    day as days since 1970-01-01.
    """

    names: Sequence[str]
    first: date
    n_before: int
    is_open: BoolArray
    is_closed: BoolArray
    is_silent: BoolArray
    last_open: Sequence[int]

    @property
    def last(self) -> date:
        """The last day of the period."""
        return self.first + timedelta(days=self.is_open.shape[1] - 1)

    def rows(self) -> list[tuple[object, ...]]:
        """One row for each location and day, by DAY_SCHEMA."""
        flags = (self.is_open, self.is_closed, self.is_silent)
        return [
            (name, self.first + timedelta(days=day), *(bool(flag[place, day]) for flag in flags))
            for place, name in enumerate(self.names)
            for day in range(self.is_open.shape[1])
        ]

    def interruptions(self) -> dict[str, Interruption]:
        """Of the locations that were not open on each day they should have been."""
        found = {name: self._interruption(place) for place, name in enumerate(self.names)}
        return {name: interruption for name, interruption in found.items() if interruption is not None}

    def of_everything(self) -> Interruption | None:
        """The days on which every location that should have been open was silent."""
        silent = np.asarray(self.is_silent.any(axis=0) & ~self.is_open.any(axis=0))
        return self._outage(silent) if silent.any() else None

    def _interruption(self, place: int) -> Interruption | None:
        silent = self.is_silent[place]
        last_open = EPOCH + timedelta(days=int(self.last_open[place]))
        if silent.any():
            if not self.is_open[place, int(np.flatnonzero(silent)[-1]) :].any():
                reason = f"no sales since {last_open}: sales are late, or it has closed"
                return Interruption(LATE, last_open + timedelta(days=1), reason)
            return self._outage(silent)
        if not self.is_open[place, self.n_before :].any():
            announced = self.is_closed[place, self.n_before :].all()
            reason = "announced as closed" if announced else f"closed: no sales since {last_open}"
            return Interruption(CLOSED, last_open + timedelta(days=1), reason)
        return None

    def _outage(self, silent: BoolArray) -> Interruption:
        """silent: [T]."""
        days = [self.first + timedelta(days=int(day)) for day in np.flatnonzero(silent)]
        reason = f"no sales on {', '.join(str(day) for day in days)}, though usually open"
        return Interruption(OUTAGE, days[0], reason)


def location_days(
    names: Sequence[str],
    volumes: Sequence[DayVolume],
    rows: Sequence[CalendarRow],
    cutoff: date,
    n_days: int,
) -> LocationDays:
    """The days of a period after a cutoff, and as many before it.

    rows: announcements known by the last day of the period.
    """
    first = cutoff - timedelta(days=n_days - 1)
    last = epoch_day(cutoff) + n_days
    calendar = Calendar.until(volumes, last, rows)
    is_open = calendar.is_open(names, epoch_day(first))
    is_closed = calendar.is_announced_closed(names, epoch_day(first), 2 * n_days)
    expected = Calendar.until(volumes, epoch_day(cutoff), rows).is_closed(names, n_days)
    is_silent = ~is_open & ~is_closed
    is_silent[:, :n_days] = False
    is_silent[:, n_days:] &= ~expected
    opened = [calendar.opened.get(name, np.array([], dtype=np.int64)) for name in names]
    last_open = [int(days[-1]) if days.size else epoch_day(first) - 1 for days in opened]
    return LocationDays(names, first, n_days, is_open, is_closed, is_silent, last_open)
