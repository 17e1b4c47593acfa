"""Public holidays of a region as rows of the calendar."""

from datetime import date, timedelta
from importlib.metadata import version

import holidays

from lepton_spark.panel.calendar import EPOCH, epoch_day
from lepton_spark.panel.calendar_rows import CalendarRow
from lepton_spark.tables.schemas.covariate_tables import ALWAYS_KNOWN, EVERYWHERE

LANGUAGE = "en_US"
"""Language of the names, which would otherwise depend on the machine's locale."""

ESTIMATED = " (estimated)"
"""Suffix of holidays of a lunar calendar whose date is not official yet."""

YEAR = timedelta(days=366)


def public_holidays(region: str, first: int, last: int) -> list[CalendarRow]:
    """Holidays between two epoch days, with a margin of a year; each affects the day before and after it.

    region: an ISO 3166-1 country code, optionally with a subdivision: US, DE-BY.
    """
    names = _names(region, EPOCH + timedelta(days=first), EPOCH + timedelta(days=last))
    always = epoch_day(ALWAYS_KNOWN)
    return [
        CalendarRow(EVERYWHERE, day, always, event=name, before=1, after=1) for day, name in names.items()
    ]


def holidays_version() -> str:
    """The version of the `holidays` package, because the dates depend on it."""
    return version("holidays")


def _names(region: str, first: date, last: date) -> dict[int, str]:
    """The name of each holiday by its epoch day, with a margin of a year on both sides."""
    country, _, part = region.partition("-")
    years = range((first - YEAR).year, (last + YEAR).year + 1)
    found = holidays.country_holidays(country, subdiv=part or None, years=years, language=LANGUAGE)
    return {epoch_day(day): found[day].partition("; ")[0].removesuffix(ESTIMATED) for day in sorted(found)}
