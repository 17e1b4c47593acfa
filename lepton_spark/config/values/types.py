"""Types of values that several sections use; each rejects what no run could use."""

from datetime import date, datetime
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

from lepton_spark.config.suggestions import did_you_mean
from lepton_spark.config.values.date_forms import date_form_fault
from lepton_spark.config.values.patterns import pattern_fault


def _known_zone(name: str) -> str:
    known = available_timezones()
    if name not in known:
        allowed = "a time zone of the IANA data base such as UTC or America/New_York"
        raise ValueError(allowed + did_you_mean(name, sorted(known)))
    return name


def _valid_date_form(form: str) -> str:
    return _require_no_fault(form, date_form_fault(form))


def _valid_pattern(pattern: str) -> str:
    return _require_no_fault(pattern, pattern_fault(pattern))


def _require_no_fault(value: str, fault: str | None) -> str:
    if fault is not None:
        raise ValueError(fault)
    return value


def _as_text(value: object) -> object:
    """YAML parses `header: true` and `quote: 1` as a boolean and a number; options are text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _full_date(value: object) -> object:
    """Only a full date: pydantic would read `20241231` as seconds since 1970."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as fault:
        raise ValueError("a day of the calendar such as 2024-12-31") from fault


Day = Annotated[date, BeforeValidator(_full_date)]
Zone = Annotated[str, AfterValidator(_known_zone)]
DateForm = Annotated[str, AfterValidator(_valid_date_form)]
Pattern = Annotated[str, AfterValidator(_valid_pattern)]
OptionText = Annotated[str, BeforeValidator(_as_text)]
Name = Annotated[str, Field(min_length=1)]
