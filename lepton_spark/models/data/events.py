"""Named events that move from year to year, and which days are before, on and after them."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, IntArray

BEFORE, AFTER, CODES = 512, 768, 1024
"""Numbers of a kind of day within its event: 0 and up for the days of the event itself, then those before the
first day by their distance, then those after the last; `CODES` kinds for each event."""


@dataclass(frozen=True)
class EventDays:
    """The days that events affect, as known at one cutoff.

    days: [N], epoch days, ascending. kinds: [N], a number for each event and position in it, the same each
    time. is_past: [N], whether an occurrence of the event, all its days included, is over, so that its effect
    could be learned.
    """

    days: IntArray
    kinds: IntArray
    is_past: BoolArray

    def kinds_of(self, days: IntArray) -> IntArray:
        """The kind of each epoch day, -1 for an ordinary day; any shape."""
        position, found = self._positions(days)
        return np.where(found, self.kinds[position], -1) if self.days.size else np.full(days.shape, -1)

    def left_out(self, days: IntArray) -> BoolArray:
        """Whether each epoch day belongs to an event whose effect could be learned; any shape."""
        position, found = self._positions(days)
        if not self.days.size:
            return found
        left_out: BoolArray = found & self.is_past[position]
        return left_out

    def _positions(self, days: IntArray) -> tuple[IntArray, BoolArray]:
        if not self.days.size:
            return np.zeros(days.shape, dtype=np.int64), np.zeros(days.shape, dtype=np.bool_)
        position: IntArray = np.minimum(np.searchsorted(self.days, days), len(self.days) - 1)
        return position, self.days[position] == days


@dataclass(frozen=True)
class Events:
    """Announced events, one row for each day of an event, past and future.

    Consecutive days of one event are one occurrence.

    days: [N], epoch days. names: [N], a number for each event, the same each time. before, after: [N], days
    that the event affects before its first day and after its last. known_day: [N], the first cutoff at which
    the row is known. first_day: first epoch day of sales; nothing is learned from occurrences before it.
    """

    days: IntArray
    names: IntArray
    before: IntArray
    after: IntArray
    known_day: IntArray
    first_day: int

    def known_at(self, cutoff: int) -> EventDays:
        """The days that the events known at a cutoff affect.

        If several events affect a day, the nearest one counts: its own days first, then the day before one
        before the day after one, then the event with the smaller number.
        """
        name, first, last, before, after = self._occurrences(cutoff)
        length = last - first + 1 + before + after
        of = np.repeat(np.arange(len(name)), length)
        offset = np.arange(len(of)) - np.repeat(np.cumsum(length) - length + before, length)
        past_end = offset - (last - first)[of]  # above 0 after the last day
        distance = np.maximum(np.maximum(-offset, past_end), 0)
        position = np.where(offset < 0, BEFORE - offset, np.where(past_end > 0, AFTER + past_end, offset))
        is_past = np.isin(name, name[(last + after <= cutoff) & (last >= self.first_day)])
        day = first[of] + offset
        order = np.lexsort((name[of], past_end > 0, distance, day))
        order = order[np.append(True, np.diff(day[order]) > 0)] if order.size else order
        of_nearest = of[order]
        kinds = name[of_nearest] * CODES + np.minimum(position[order], CODES - 1)
        return EventDays(day[order], kinds, is_past[of_nearest])

    def _occurrences(self, cutoff: int) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray]:
        """Name, first and last day, days before and after of each occurrence known at the cutoff."""
        rows = np.flatnonzero(self.known_day <= cutoff)
        rows = rows[np.lexsort((self.known_day[rows], self.days[rows], self.names[rows]))]
        if rows.size:  # of several rows for a day the one known last
            days, names = np.diff(self.days[rows]), np.diff(self.names[rows])
            rows = rows[np.append((days != 0) | (names != 0), True)]
        days, names = self.days[rows], self.names[rows]
        begins = np.append(True, (np.diff(names) != 0) | (np.diff(days) != 1))[: len(rows)]
        starts = np.flatnonzero(begins)
        ends = np.append(starts[1:], len(rows))[: len(starts)] - 1
        return names[starts], days[starts], days[ends], self.before[rows][starts], self.after[rows][ends]
