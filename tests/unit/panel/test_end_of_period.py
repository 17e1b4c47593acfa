"""The last day of a forecast period: of daily forecasts any day, of weekly ones the end of a week."""

from datetime import date

import pytest

from lepton_spark.config import ForecastSettings, PanelSettings
from lepton_spark.errors import InputError
from lepton_spark.panel.calendar import DayVolume, epoch_day
from lepton_spark.panel.cutoff import cutoff_of_run, end_of_period, only_weekday

WEDNESDAY = date(2024, 6, 12)


def test_daily_period_ends_on_every_day() -> None:
    assert end_of_period(WEDNESDAY, ForecastSettings()) == WEDNESDAY


@pytest.mark.parametrize(
    ("week_end", "last"),
    [("sunday", date(2024, 6, 9)), ("wednesday", WEDNESDAY), ("thursday", date(2024, 6, 6))],
)
def test_weekly_period_ends_on_the_last_week_end_not_after_the_day(week_end: str, last: date) -> None:
    settings = ForecastSettings(frequency="weekly", week_end=week_end)
    assert end_of_period(WEDNESDAY, settings) == last


MONDAY = date(2026, 11, 16)
MONDAYS = [DayVolume("all", epoch_day(MONDAY) - 7 * n, 40, 40) for n in range(20)]


def cutoff(volumes: list[DayVolume], **settings: str) -> date:
    forecast = ForecastSettings.model_validate({"frequency": "weekly", **settings})
    return cutoff_of_run(volumes, PanelSettings(), forecast, by_lines=False)


@pytest.mark.parametrize(
    ("week_end", "expected"),
    [("sunday", date(2026, 11, 22)), ("monday", MONDAY), ("tuesday", date(2026, 11, 17))],
)
def test_sums_of_weeks_dated_on_one_weekday_make_their_week_complete(week_end: str, expected: date) -> None:
    assert cutoff(MONDAYS, week_end=week_end) == expected


def test_one_line_on_another_day_makes_them_days_again() -> None:
    saturday = DayVolume("all", epoch_day(MONDAY) - 2, 40, 40)
    assert cutoff([*MONDAYS, saturday]) == date(2026, 11, 15)
    assert only_weekday([*MONDAYS, saturday]) is None
    long_ago = DayVolume("all", epoch_day(MONDAY) - 8 * 7 - 2, 40, 40)  # a Saturday
    assert only_weekday([*MONDAYS[:8], long_ago]) == 0


def test_three_days_do_not_tell_whether_they_are_weeks() -> None:
    assert only_weekday(MONDAYS[:4]) == 0
    assert only_weekday(MONDAYS[:3]) is None
    assert only_weekday([]) is None


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("2026-11-22", "2026-11-22"), ("2026-11-18", "2026-11-15"), ("2026-11-09", "2026-11-08")],
)
def test_a_cutoff_that_was_asked_for_may_be_the_end_of_the_last_week(asked: str, expected: str) -> None:
    assert cutoff(MONDAYS, cutoff=asked) == date.fromisoformat(expected)


def test_a_cutoff_after_the_last_week_is_refused() -> None:
    with pytest.raises(InputError, match="cutoff: found 2026-11-23"):
        cutoff(MONDAYS, cutoff="2026-11-23")
