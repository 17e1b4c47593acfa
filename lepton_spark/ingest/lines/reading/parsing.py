"""Source columns to codes, days and instants, as pure Column functions; null where a value does not fit."""

import re
from collections.abc import Iterable

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, FractionalType, TimestampNTZType, TimestampType

from lepton_spark.config.values.date_forms import EPOCH_SECONDS, EXCEL_DAY, NAMED_FORMS

_EXCEL_DAYS_TO_1970 = 25_569
_LAST_EXCEL_DAY = 2_958_465
_SECONDS_A_DAY = 86_400

BLANKS = " \t\r\n\u00a0\u3000\ufeff"


def trimmed(text: Column) -> Column:
    """The text without surrounding blanks; null when nothing is left."""
    bare = F.trim(text, F.lit(BLANKS))
    return F.when(bare != "", bare)


def code(column: Column, kind: DataType) -> Column:
    """A code as text without surrounding blanks; null when nothing is left.

    A whole floating-point number is written without its fraction, as programs write 1001.0 for a code of 1001
    if other codes are missing.
    """
    if isinstance(kind, FractionalType):
        is_whole = (column == F.floor(column)) & (F.abs(column) < F.lit(1e15))
        return F.when(is_whole, column.cast("bigint").cast("string")).otherwise(column.cast("string"))
    text = column.cast("string")
    whole = F.regexp_replace(trimmed(text), r"^([0-9]+)\.0$", "$1")
    return F.when(text.endswith(".0"), whole).otherwise(trimmed(text))


def typed_instant(column: Column, kind: DataType, source_zone: str) -> Column | None:
    """The instant of a typed column; null for a typed day. None for a column of text."""
    if isinstance(kind, DateType):
        return F.lit(None).cast("timestamp")
    if isinstance(kind, TimestampType):
        return column
    if isinstance(kind, TimestampNTZType):
        return F.to_utc_timestamp(column.cast("timestamp"), source_zone)
    return None


def folded(code: Column, case: str) -> Column:
    """A code in the configured case: upper, lower, or as written."""
    return {"upper": F.upper(code), "lower": F.lower(code)}.get(case, code)


def as_written(text: Column, forms: Iterable[str]) -> Column:
    """The date and time by the first form that fits, not converted; null where it has no time of day."""
    return F.coalesce(*(_as_written(text, form) if has_time(form) else F.lit(None) for form in forms))


def sold_at(text: Column, forms: Iterable[str], source_zone: str) -> Column:
    """The instant by the first form that fits; null where that form has no time of day."""
    return F.coalesce(
        *(_instant(text, form, source_zone) if has_time(form) else F.lit(None) for form in forms)
    )


def day_of(instant: Column, zone: str) -> Column:
    """The day of an instant in the business's zone."""
    return F.from_utc_timestamp(instant, zone).cast("date")


def sold_on(text: Column, instant: Column, forms: Iterable[str], zone: str) -> Column:
    """The day: of the instant in the business's zone; without an instant, the date as written."""
    days = (_day(text, form) for form in forms if form == EXCEL_DAY or not has_time(form))
    return F.coalesce(day_of(instant, zone), *days)


def _day(text: Column, form: str) -> Column:
    if form == EXCEL_DAY:
        return F.timestamp_seconds(_excel_seconds(text)).cast("date")
    return F.try_to_timestamp(text, F.lit(form)).cast("date")


def _excel_seconds(text: Column) -> Column:
    """Seconds from 1970 to the moment that a spreadsheet counts in days; null for anything else."""
    days = F.when(text.rlike(r"^[0-9]{1,7}([.][0-9]+)?$"), text.try_cast("double"))
    known = F.when(days.between(1, _LAST_EXCEL_DAY), days)
    return F.round((known - _EXCEL_DAYS_TO_1970) * _SECONDS_A_DAY).cast("bigint")


def has_time(form: str) -> bool:
    """Whether a date form has a time of day; quoted text is not part of the form.

    >>> has_time("dd.MM.yyyy HH:mm"), has_time("yyyy'H'MM")
    (True, False)
    """
    return form in NAMED_FORMS or bool(re.search("[HhKkmsSaAnN]", _letters(form)))


def has_offset(form: str) -> bool:
    """Whether a date form has an offset from UTC or a time zone.

    >>> has_offset("yyyy-MM-dd HH:mm:ssXXX"), has_offset("yyyy-MM-dd HH:mm:ss")
    (True, False)
    """
    return bool(re.search("[XxVZOz]", _letters(form)))


def _letters(form: str) -> str:
    return re.sub("'[^']*'", "", form)


def _as_written(text: Column, form: str) -> Column:
    if form == EXCEL_DAY:  # a whole number is a day without a time
        return F.timestamp_seconds(F.when(text.contains("."), _excel_seconds(text)))
    if form in NAMED_FORMS:
        digits = F.when(text.rlike("^-?[0-9]{1,13}$"), text.try_cast("bigint"))
        return F.timestamp_seconds(digits) if form == EPOCH_SECONDS else F.timestamp_millis(digits)
    return F.try_to_timestamp(text, F.lit(form))


def _instant(text: Column, form: str, source_zone: str) -> Column:
    written = _as_written(text, form)
    is_instant = form != EXCEL_DAY and (form in NAMED_FORMS or has_offset(form))
    return written if is_instant else F.to_utc_timestamp(written, source_zone)
