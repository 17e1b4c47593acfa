"""Public holidays of a region and the days next to them, with kinds that recur every year."""

from datetime import date, timedelta
from importlib.metadata import version

import holidays
import numpy as np

from lepton_spark.models.data.history import HolidayCalendar
from lepton_spark.panel.calendar import EPOCH, epoch_day

LANGUAGE = "en_US"
"""Language of the names, which would otherwise depend on the machine's locale."""

ESTIMATED = " (estimated)"
"""Suffix of holidays of a lunar calendar whose date is not official yet."""

YEAR = timedelta(days=366)


def public_days(region: str, first: int, last: int) -> HolidayCalendar:
    """Holidays between two epoch days, inclusive, and the day before and after each.

    Every day of a holiday of several days has a kind of its own. If a day has several roles, a holiday takes
    precedence over the day before one, and that over the day after one.

    region: an ISO 3166-1 country code, optionally with a subdivision: US, DE-BY.
    """
    names = _names(region, EPOCH + timedelta(days=first), EPOCH + timedelta(days=last))
    named = {day + 1: f"{name}, after" for day, name in names.items()}
    named |= {day - 1: f"{name}, before" for day, name in names.items()}
    named |= names
    days = sorted(day for day in named if first <= day <= last)
    kinds = {name: index for index, name in enumerate(sorted(set(named.values())))}
    return HolidayCalendar(
        np.array(days, dtype=np.int64), np.array([kinds[named[day]] for day in days], dtype=np.int64)
    )


def holidays_version() -> str:
    """The version of the `holidays` package, because the dates depend on it."""
    return version("holidays")


def _names(region: str, first: date, last: date) -> dict[int, str]:
    """The name of each holiday by its epoch day, with a margin of a year on both sides.

    The days of one holiday are numbered: "Eid al-Fitr", "Eid al-Fitr, day 2".
    """
    country, _, part = region.partition("-")
    years = range((first - YEAR).year, (last + YEAR).year + 1)
    found = holidays.country_holidays(country, subdiv=part or None, years=years, language=LANGUAGE)
    names: dict[int, str] = {}
    nth = 0
    for day in sorted(found):
        name = found[day].partition("; ")[0].removesuffix(ESTIMATED)
        epoch = epoch_day(day)
        nth = nth + 1 if names.get(epoch - 1, "").partition(", day ")[0] == name else 1
        names[epoch] = name if nth == 1 else f"{name}, day {nth}"
    return names
