"""What sections of the tree are made of: a frozen model that refuses unknown keys, and types of values."""

from datetime import date, datetime
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from lepton_spark.config.sections.date_forms import date_form_fault
from lepton_spark.config.sections.patterns import pattern_fault


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("a time zone of the IANA data base such as UTC or America/New_York")
    return name


def _readable_form(form: str) -> str:
    return _without_fault(form, date_form_fault(form))


def _pattern_of_java(pattern: str) -> str:
    return _without_fault(pattern, pattern_fault(pattern))


def _without_fault(value: str, fault: str | None) -> str:
    if fault is not None:
        raise ValueError(fault)
    return value


def _as_text(value: object) -> object:
    """YAML reads `header: true` and `quote: 1` as values of their own; options are text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _written_day(value: object) -> object:
    """Only a whole date: `20241231` would be seconds since 1970, and `2024` the first hour of that year."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as fault:
        raise ValueError("a day of the calendar such as 2024-12-31") from fault


Day = Annotated[date, BeforeValidator(_written_day)]
Zone = Annotated[str, AfterValidator(_known_zone)]
DateForm = Annotated[str, AfterValidator(_readable_form)]
Pattern = Annotated[str, AfterValidator(_pattern_of_java)]
OptionText = Annotated[str, BeforeValidator(_as_text)]
Name = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    """A frozen section that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
