"""Outages, late sales and closures of locations."""

from collections.abc import Collection
from datetime import date, timedelta

from lepton_spark.monitoring.location_days import LocationDays, location_days
from lepton_spark.panel.calendar import DayVolume, epoch_day
from lepton_spark.panel.calendar_rows import CalendarRow

CUTOFF = date(2021, 3, 7)
"""A Sunday."""

N_BEFORE = 70


def _volumes(name: str, missing: Collection[int] = (), sundays: bool = True) -> list[DayVolume]:
    """Twenty series a day up to a week after the cutoff; missing: days without, numbered from the cutoff."""
    days = [day for day in range(1 - N_BEFORE, 8) if day not in missing and (sundays or day % 7)]
    return [DayVolume(name, epoch_day(CUTOFF) + day, 20, 20) for day in days]


def _days(*volumes: list[DayVolume], rows: Collection[CalendarRow] = ()) -> LocationDays:
    names = sorted({one.location_id for part in volumes for one in part})
    return location_days(names, [one for part in volumes for one in part], list(rows), CUTOFF, 7)


def _day(number: int) -> date:
    return CUTOFF + timedelta(days=number)


def test_a_location_that_is_open_on_all_days_is_not_interrupted() -> None:
    found = _days(_volumes("x"))
    assert found.interruptions() == {}
    assert found.of_everything() is None
    assert (found.first, found.last) == (_day(-6), _day(7))


def test_silent_days_followed_by_sales_are_an_outage() -> None:
    found = _days(_volumes("x", missing=(2, 3, 4)), _volumes("y"))
    assert set(found.interruptions()) == {"x"}
    outage = found.interruptions()["x"]
    assert (outage.state, outage.since) == ("outage", _day(2))
    assert outage.reason == ("no sales on 2021-03-09, 2021-03-10, 2021-03-11, though usually open")
    assert found.of_everything() is None


def test_days_on_which_all_locations_are_silent_are_an_outage_of_everything() -> None:
    outage = _days(_volumes("x", missing=(2, 3)), _volumes("y", missing=(3, 4))).of_everything()
    assert outage is not None
    assert (outage.state, outage.since) == ("outage", _day(3))


def test_a_closed_weekday_is_neither() -> None:
    found = _days(_volumes("x", sundays=False), _volumes("y", missing=(7,), sundays=False))
    assert found.interruptions() == {}
    assert not found.is_silent.any()


def test_silence_up_to_the_end_is_late_and_begins_with_the_first_day_without_sales() -> None:
    """Its first days are before the period, which is no other state."""
    found = _days(_volumes("x", missing=range(-2, 8)), _volumes("y"))
    late = found.interruptions()["x"]
    assert (late.state, late.since) == ("late", _day(-2))
    assert late.reason == "no sales since 2021-03-04: sales are late, or it has closed"


def test_a_location_without_sales_for_eight_weeks_is_closed() -> None:
    found = _days(_volumes("x", missing=range(-60, 8)), _volumes("y"))
    closed = found.interruptions()["x"]
    assert (closed.state, closed.since) == ("closed", _day(-60))
    assert closed.reason == "closed: no sales since 2021-01-05"


def test_an_announced_closure_is_closed() -> None:
    days = range(1, 8)
    known = epoch_day(CUTOFF) - 20
    rows = [CalendarRow("x", epoch_day(_day(day)), known, "closed", "", 0, 0) for day in days]
    found = _days(_volumes("x", missing=days), _volumes("y"), rows=rows)
    closed = found.interruptions()["x"]
    assert (closed.state, closed.since, closed.reason) == ("closed", _day(1), "announced as closed")


def test_rows_have_one_for_each_location_and_day() -> None:
    rows = _days(_volumes("x", missing=(2,)), _volumes("y")).rows()
    assert len(rows) == 28
    assert [row for row in rows if row[4]] == [("x", _day(2), False, False, True)]
