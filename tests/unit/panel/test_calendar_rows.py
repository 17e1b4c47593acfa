import numpy as np

from lepton_spark.models.data.history import weekdays
from lepton_spark.panel.calendar import Calendar, DayVolume
from lepton_spark.panel.calendar_rows import CLOSED, OPEN, CalendarRow, events_of, statuses_at, statuses_of

ALWAYS = -1
CUTOFF = 160


def _calendar(*rows: CalendarRow, closed: range = range(0)) -> Calendar:
    """Two shops with 30 lines on every day from 100 to the cutoff but Sundays and the days `closed`."""
    days = [day for day in range(100, CUTOFF + 1) if weekdays(np.array([day]))[0] != 6 and day not in closed]
    volumes = [DayVolume(shop, day, 30, 30) for shop in ("east", "west") for day in days]
    return Calendar.until(volumes, CUTOFF, rows)


SUNDAY_AHEAD = 164


def test_announced_closures_are_closed_and_announced_openings_are_not() -> None:
    rows = (CalendarRow("*", 162, ALWAYS, CLOSED), CalendarRow("east", SUNDAY_AHEAD, ALWAYS, OPEN))
    closed = _calendar(*rows).is_closed(["east", "west"], 7)
    assert [np.flatnonzero(row).tolist() for row in closed] == [[1], [1, 3]]
    assert np.flatnonzero(_calendar().is_closed(["east"], 7)[0]).tolist() == [3]


def test_row_of_a_location_precedes_that_of_all_and_the_row_known_last_an_earlier_one() -> None:
    rows = [
        CalendarRow("*", 7, 5, CLOSED),
        CalendarRow("east", 7, 1, OPEN),
        CalendarRow("*", 8, 5, OPEN),
        CalendarRow("*", 8, 6, CLOSED),
        CalendarRow("*", 9, 5, CLOSED),
        CalendarRow("*", 9, 5, OPEN),
    ]
    statuses = statuses_of(rows)
    assert statuses_at(statuses, "east") == {7: True, 8: False, 9: False}
    assert statuses_at(statuses, "west") == {7: False, 8: False, 9: False}


def test_past_days_are_as_announced() -> None:
    rows = (CalendarRow("west", 151, ALWAYS, CLOSED), CalendarRow("west", 157, ALWAYS, OPEN))  # a Sunday
    calendar = _calendar(*rows)
    is_open = calendar.is_open(["east", "west"], 148)
    assert is_open[:, [3, 9]].tolist() == [[True, False], [False, True]]
    announced = calendar.is_announced_closed(["east", "west"], 148, 10)
    assert [np.flatnonzero(row).tolist() for row in announced] == [[], [3]]


def test_announced_closure_of_weeks_closes_no_weekday_after_it() -> None:
    renovation = range(100, CUTOFF + 1)
    rows = [CalendarRow("*", day, ALWAYS, CLOSED) for day in renovation[2:]]
    assert not _calendar(*rows).is_closed(["east"], 7).any()


def test_events_are_numbered_by_name_in_the_order_of_the_rows() -> None:
    rows = [
        CalendarRow("*", 10, 3, event="fair", before=2, after=1),
        CalendarRow("*", 20, 3, CLOSED),
        CalendarRow("*", 30, 4, event="Easter"),
        CalendarRow("*", 40, 5, event="fair"),
    ]
    events = events_of(rows, 0)
    assert events is not None
    assert (events.days.tolist(), events.names.tolist()) == ([10, 30, 40], [0, 1, 0])
    assert (events.before.tolist(), events.after.tolist(), events.known_day.tolist()) == (
        [2, 0, 0],
        [1, 0, 0],
        [3, 4, 5],
    )
    assert events_of(rows[1:2], 0) is None
