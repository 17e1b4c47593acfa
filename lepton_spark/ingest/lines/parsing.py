"""Text to codes, days and instants, as pure Column functions; null where the text does not fit."""

import re
from collections.abc import Iterable

from pyspark.sql import Column
from pyspark.sql import functions as F

BLANKS = " \t\r\n\u00a0\u3000\ufeff"


def trimmed(text: Column) -> Column:
    """The text without surrounding blanks; null when nothing is left."""
    bare = F.trim(text, F.lit(BLANKS))
    return F.when(bare != "", bare)


def folded(code: Column, case: str) -> Column:
    """A code in the configured case: upper, lower, or as written."""
    return {"upper": F.upper(code), "lower": F.lower(code)}.get(case, code)


def sold_at(text: Column, forms: Iterable[str], source_zone: str) -> Column:
    """The instant by the first form that fits; null where that form has no time of day."""
    return F.coalesce(
        *(_instant(text, form, source_zone) if has_time(form) else F.lit(None) for form in forms)
    )


def sold_on(text: Column, instant: Column, forms: Iterable[str], zone: str) -> Column:
    """The day: of the instant in the business's zone; without an instant, the date as written."""
    days = (F.try_to_timestamp(text, F.lit(form)).cast("date") for form in forms if not has_time(form))
    return F.coalesce(F.from_utc_timestamp(instant, zone).cast("date"), *days)


def has_time(form: str) -> bool:
    """Whether a date form has a time of day; quoted text is not part of the form.

    >>> has_time("dd.MM.yyyy HH:mm"), has_time("yyyy'H'MM")
    (True, False)
    """
    return bool(re.search("[HhKkmsSaAnN]", _letters(form)))


def has_offset(form: str) -> bool:
    """Whether a date form has an offset from UTC or a time zone.

    >>> has_offset("yyyy-MM-dd HH:mm:ssXXX"), has_offset("yyyy-MM-dd HH:mm:ss")
    (True, False)
    """
    return bool(re.search("[XxVZOz]", _letters(form)))


def _letters(form: str) -> str:
    return re.sub("'[^']*'", "", form)


def _instant(text: Column, form: str, source_zone: str) -> Column:
    read = F.try_to_timestamp(text, F.lit(form))
    return read if has_offset(form) else F.to_utc_timestamp(read, source_zone)
