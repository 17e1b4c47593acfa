"""Text to values by rule, as pure Column functions: codes, numbers, days, instants; null where none fits."""

import re
from collections.abc import Iterable

from pyspark.sql import Column
from pyspark.sql import functions as F

BLANKS = " \t\r\n\u00a0\u3000\ufeff"
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
LARGEST = 1e12
"""Greater numbers of units or money are not believed; sums of these stay exact in DECIMAL(38, 9)."""


def quoted(name: str) -> str:
    """A source's column, whatever stands in its name."""
    return f"`{name.replace('`', '``')}`"


def trimmed(text: Column) -> Column:
    """The text without blanks around it; null when nothing is left."""
    bare = F.trim(text, F.lit(BLANKS))
    return F.when(bare != "", bare)


def folded(code: Column, case: str) -> Column:
    """A code under the configured case."""
    return {"upper": F.upper(code), "lower": F.lower(code)}.get(case, code)


def number(text: Column) -> Column:
    """A finite number written with digits and a point; null for anything else, NaN and infinity included."""
    value = F.when(text.rlike(NUMBER), text.try_cast("double"))
    return F.when(F.abs(value) < LARGEST, value)


def sold_at(text: Column, forms: Iterable[str], source_zone: str) -> Column:
    """The instant by the first form that fits; null where a form has no time of day."""
    return F.coalesce(
        *(_instant(text, form, source_zone) if has_time(form) else F.lit(None) for form in forms)
    )


def sold_on(text: Column, sold: Column, forms: Iterable[str], zone: str) -> Column:
    """The day: of the instant in the business's zone, else as written, never shifted."""
    days = (F.try_to_timestamp(text, F.lit(form)).cast("date") for form in forms if not has_time(form))
    return F.coalesce(F.from_utc_timestamp(sold, zone).cast("date"), *days)


def has_time(form: str) -> bool:
    """Whether a date form has a time of day."""
    return bool(re.search("[HhKkmsSaAnN]", _letters(form)))


def has_offset(form: str) -> bool:
    """Whether a date form says its offset from UTC."""
    return bool(re.search("[XxVZOz]", _letters(form)))


def _letters(form: str) -> str:
    return re.sub("'[^']*'", "", form)


def _instant(text: Column, form: str, source_zone: str) -> Column:
    read = F.try_to_timestamp(text, F.lit(form))
    return read if has_offset(form) else F.to_utc_timestamp(read, source_zone)
