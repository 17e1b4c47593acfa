"""Public holidays of a country, and the days beside them, as days of a kind that comes back every year."""

from datetime import date, timedelta
from importlib.metadata import version

import holidays
import numpy as np

from lepton_spark.models.data.history import HolidayCalendar
from lepton_spark.panel.calendar import EPOCH, epoch_day

LANGUAGE = "en_US"
"""Of the names; without one they would be in that of the machine."""

ESTIMATED = " (estimated)"
"""Said of days that follow the moon and are not proclaimed yet."""

YEAR = timedelta(days=366)


def public_days(region: str, first: int, last: int) -> HolidayCalendar:
    """Holidays from one epoch day to another, and the day before and after each.

    A holiday of several days counts them. Where two meet, a holiday goes before the day before another, and
    that before the day after one.

    region: a country by ISO 3166-1, or a part of one after a dash: US, DE-BY.
    """
    names = _names(region, EPOCH + timedelta(days=first), EPOCH + timedelta(days=last))
    named = {day + 1: f"{name}, after" for day, name in names.items()}
    named |= {day - 1: f"{name}, before" for day, name in names.items()}
    named |= names
    days = sorted(day for day in named if first <= day <= last)
    kinds = {name: place for place, name in enumerate(sorted(set(named.values())))}
    return HolidayCalendar(
        np.array(days, dtype=np.int64), np.array([kinds[named[day]] for day in days], dtype=np.int64)
    )


def holidays_version() -> str:
    """Of the package that knows them: another one may know others."""
    return version("holidays")


def _names(region: str, first: date, last: date) -> dict[int, str]:
    """The name of each holiday by its epoch day, a year more either way; days of one holiday are counted."""
    country, _, part = region.partition("-")
    years = range((first - YEAR).year, (last + YEAR).year + 1)
    found = holidays.country_holidays(country, subdiv=part or None, years=years, language=LANGUAGE)
    names: dict[int, str] = {}
    run = 0
    for day in sorted(found):
        name = found[day].partition("; ")[0].removesuffix(ESTIMATED)
        place = epoch_day(day)
        run = run + 1 if names.get(place - 1, "").partition(", day ")[0] == name else 1
        names[place] = name if run == 1 else f"{name}, day {run}"
    return names
