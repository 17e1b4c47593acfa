"""Rows of the calendar: days on which locations are open or closed, and days of named events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.events import Events
from lepton_spark.tables.schemas.covariate_tables import EVERYWHERE

OPEN, CLOSED = "open", "closed"


@dataclass(frozen=True)
class CalendarRow:
    """One day of a location, or of all, as announced.

    status: `OPEN`, `CLOSED` or None. event: a name, or "" for none; it affects so many days `before` its
    first day and `after` its last. day: epoch day. known_day: the first cutoff at which the row counts.
    """

    location_id: str
    day: int
    known_day: int
    status: str | None = None
    event: str = ""
    before: int = 0
    after: int = 0


def events_of(rows: Sequence[CalendarRow], first_day: int) -> Events | None:
    """The events in the rows, None without any; events named first come first where several meet.

    first_day: first epoch day of sales.
    """
    named = [row for row in rows if row.event]
    if not named:
        return None
    numbers = {name: number for number, name in enumerate(dict.fromkeys(row.event for row in named))}
    table = [(row.day, numbers[row.event], row.before, row.after, row.known_day) for row in named]
    days, names, before, after, known_day = np.array(table, dtype=np.int64).T
    return Events(days, names, before, after, known_day, first_day)


def statuses_of(rows: Sequence[CalendarRow]) -> Mapping[str, Mapping[int, bool]]:
    """Whether each location, or `EVERYWHERE`, is open, by epoch day; of several rows the one known last."""
    statuses: dict[str, dict[int, bool]] = {}
    for row in sorted(rows, key=lambda row: (row.known_day, row.status == CLOSED)):
        if row.status is not None:
            statuses.setdefault(row.location_id, {})[row.day] = row.status == OPEN
    return statuses


def statuses_at(statuses: Mapping[str, Mapping[int, bool]], location: str) -> Mapping[int, bool]:
    """Those of one location; its own rows take precedence over those of every location."""
    return {**statuses.get(EVERYWHERE, {}), **statuses.get(location, {})}
