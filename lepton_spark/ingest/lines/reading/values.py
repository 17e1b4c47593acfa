"""The values of raw lines: typed columns are taken as they are, text is parsed in the configured forms."""

from collections.abc import Collection
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, NumericType

from lepton_spark.config import InputSettings
from lepton_spark.ingest.files.raw_lines import RawLines
from lepton_spark.ingest.lines.reading import numbers, parsing, quantities
from lepton_spark.ingest.lines.reading.midnights import time_as_written

ALL_LOCATIONS = "all"


def parsed_values(
    raw: RawLines, settings: InputSettings, forms: tuple[str, ...], midnights: Collection[int] = ()
) -> DataFrame:
    """The raw lines with the values of their mapped columns, `is_skipped` and `has_unreadable_price`.

    forms: those of dates in text. midnights: files of which only the days count, from `files_of_midnights`.
    price: of one unit. A value that cannot be read is null.
    """
    names, written = settings.columns, numbers.NumberFormat.of(settings)

    def code(name: str | None) -> Column:
        return parsing.code(raw.column(name), raw.kind(name))

    def number(name: str | None) -> Column:
        if isinstance(raw.kind(name), NumericType):
            return numbers.typed_number(raw.column(name))
        return numbers.number(parsing.trimmed(raw.text(name)), written)

    location = F.lit(ALL_LOCATIONS) if names.location_id is None else code(names.location_id)
    product = parsing.folded(code(names.product_id), settings.product_case)
    codes = {
        "product_id": product,
        "location_id": location,
        "transaction_id": code(names.transaction_id),
        "sold_at": _instant(raw, settings, forms),
        "signed": number(names.quantity),
        "price": number(names.price),
        "is_skipped": _is_skipped(raw, settings),
    }
    if midnights:
        codes["sold_at"] = F.when(~F.col("file").isin(*midnights), codes["sold_at"])
    parsed = raw.frame.withColumns(codes)
    pattern, as_written = settings.cancellation_pattern, raw.text(names.product_id)
    cancels = F.lit(True) if pattern is None else F.col("transaction_id").rlike(pattern)
    unreadable = F.col("price").isNull() & parsing.trimmed(raw.text(names.price)).isNotNull()
    day = _day(raw, settings, forms)
    if midnights:
        day = F.coalesce(day, time_as_written(raw, settings, forms).cast("date"))
    derived = {
        "date": day,
        **quantities.split_signed(F.col("signed"), settings.kind),
        "is_cancellation": F.coalesce(cancels, F.lit(False)),
        "has_unreadable_price": unreadable,
        "code_as_written": F.when(~as_written.eqNullSafe(F.col("product_id")), as_written),
    }
    return parsed.withColumns(derived).withColumn("price", _unit_price(settings)).drop("signed")


def _instant(raw: RawLines, settings: InputSettings, forms: tuple[str, ...]) -> Column:
    name = settings.columns.date
    typed = parsing.typed_instant(raw.column(name), raw.kind(name), settings.source_timezone)
    if typed is not None:
        return typed
    text = parsing.trimmed(raw.text(name))
    return parsing.sold_at(text, forms, settings.source_timezone).cast("timestamp")


def _day(raw: RawLines, settings: InputSettings, forms: tuple[str, ...]) -> Column:
    column, kind = raw.column(settings.columns.date), raw.kind(settings.columns.date)
    if isinstance(kind, DateType):
        return column
    if parsing.typed_instant(column, kind, settings.source_timezone) is not None:
        return parsing.day_of(F.col("sold_at"), settings.timezone)
    text = parsing.trimmed(raw.text(settings.columns.date))
    return parsing.sold_on(text, F.col("sold_at"), forms, settings.timezone)


def _is_skipped(raw: RawLines, settings: InputSettings) -> Column:
    """Whether a line has a value of `input.skip_where`; surrounding blanks do not count."""
    matches = (
        parsing.trimmed(raw.text(name)).isin(list(values)) for name, values in settings.skip_where.items()
    )
    is_malformed = F.col("malformed").isNotNull()
    return ~is_malformed & F.coalesce(reduce(Column.__or__, matches, F.lit(False)), F.lit(False))


def _unit_price(settings: InputSettings) -> Column:
    """The price of one unit; null if a total is for 0 units. A return's total is negative: it is negated."""
    price, quantity = F.col("price"), F.col("quantity")
    if settings.price_is != "line_total":
        return price
    per_unit = F.when(quantity != 0, price / quantity)
    return F.when(quantities.is_return(), -per_unit).otherwise(per_unit)
