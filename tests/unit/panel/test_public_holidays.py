from datetime import date

import numpy as np
import pytest

from lepton_spark.models.data.events import EventDays
from lepton_spark.panel.calendar import epoch_day
from lepton_spark.panel.calendar_rows import events_of
from lepton_spark.panel.public_holidays import public_holidays


def of(region: str, first: date, last: date) -> EventDays:
    return event_days(region, epoch_day(first), epoch_day(last))


def event_days(region: str, first: int, last: int) -> EventDays:
    events = events_of(public_holidays(region, first, last), first)
    assert events is not None
    return events.known_at(last)


def kind(days: EventDays, day: date) -> int:
    return int(days.kinds_of(np.array([epoch_day(day)]))[0])


def test_movable_holiday_and_its_neighbours_have_the_same_kinds_every_year() -> None:
    us = of("US", date(2023, 1, 1), date(2024, 12, 31))
    for offset in (-1, 0, 1):
        found = [kind(us, date(*day)) for day in ((2023, 11, 23 + offset), (2024, 11, 28 + offset))]
        assert found[0] == found[1] >= 0
    assert len({kind(us, date(2024, 11, day)) for day in (27, 28, 29)}) == 3
    assert kind(us, date(2024, 11, 20)) == -1
    assert (np.diff(us.days) > 0).all()


def test_holiday_precedes_the_day_before_another_and_that_the_day_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gb = of("GB", date(2018, 12, 20), date(2024, 12, 31))
    christmas, boxing = (kind(gb, date(2018, 12, day)) for day in (25, 26))
    assert christmas != boxing
    assert christmas == kind(gb, date(2024, 12, 25))
    assert boxing == kind(gb, date(2024, 12, 26))
    near = {100: "A", 102: "B", 200: "A", 300: "B"}
    monkeypatch.setattr("lepton_spark.panel.public_holidays._names", lambda *_: near)
    between, before_b, after_a = event_days("XX", 90, 310).kinds_of(np.array([101, 299, 201])).tolist()
    assert between == before_b != after_a


def test_days_of_a_long_holiday_have_own_kinds_even_if_estimated() -> None:
    tr = of("TR", date(2024, 1, 1), date(2025, 12, 31))
    first, second, third = (kind(tr, date(2024, 4, day)) for day in (10, 11, 12))
    assert len({first, second, third}) == 3
    assert kind(tr, date(2025, 3, 30)) == first
    assert kind(tr, date(2025, 3, 31)) == second
    eg = of("EG", date(2026, 1, 1), date(2027, 12, 31))  # 2027's are estimated, at least in 2026
    assert kind(eg, date(2026, 3, 20)) == kind(eg, date(2027, 3, 9)) >= 0


def test_long_holiday_that_begins_before_the_span_is_numbered_from_its_start() -> None:
    tr = of("TR", date(2007, 1, 1), date(2007, 12, 31))
    assert kind(tr, date(2007, 1, 2)) == kind(tr, date(2007, 12, 22))  # the third of Eid al-Adha


def test_kinds_do_not_depend_on_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Arabic, the suffix of an estimated date differs."""
    monkeypatch.setenv("LANGUAGE", "ar")
    eg = of("EG", date(2026, 1, 1), date(2027, 12, 31))
    assert kind(eg, date(2026, 3, 20)) == kind(eg, date(2027, 3, 9)) >= 0


def test_subdivision_has_holidays_of_its_own() -> None:
    epiphany = date(2024, 1, 6)
    assert kind(of("DE-BY", date(2024, 1, 1), date(2024, 12, 31)), epiphany) >= 0
    assert kind(of("DE", date(2024, 1, 1), date(2024, 12, 31)), epiphany) == -1


def test_public_holidays_have_a_margin_so_that_the_day_before_the_next_is_among_them() -> None:
    us = of("US", date(2023, 1, 2), date(2023, 12, 31))
    assert kind(us, date(2024, 1, 1)) >= 0
    assert kind(us, date(2023, 12, 31)) >= 0  # New Year's Eve
