"""Units of a line: signed input becomes a kind and a quantity that is never negative."""

from pyspark.sql import Column
from pyspark.sql import functions as F

EXACT = "decimal(38,9)"
"""Sums of decimals do not depend on the order of lines; sums of doubles do."""

DAILY_KINDS = ("daily", "daily_return")
RETURN_KINDS = ("return", "daily_return")


def split_signed(signed: Column, input_kind: str) -> dict[str, Column]:
    """Columns `line_kind` and `quantity`: a negative number is a return of as many units.

    input_kind: `input.kind`. Where `signed` is null, so is `quantity`. Minus zero becomes zero.
    """
    sold, returned = ("daily", "daily_return") if input_kind == "daily" else ("sale", "return")
    return {"line_kind": F.when(signed < 0, returned).otherwise(sold), "quantity": F.abs(signed)}


def is_daily() -> Column:
    """Whether a line is the figure of a whole product-day."""
    return F.col("line_kind").isin(*DAILY_KINDS)


def is_return() -> Column:
    """Whether a line's units were returned."""
    return F.col("line_kind").isin(*RETURN_KINDS)


def net_units() -> Column:
    """A line's contribution to sold less returned units, as a decimal."""
    return F.when(is_return(), -F.col("quantity")).otherwise(F.col("quantity")).cast(EXACT)
