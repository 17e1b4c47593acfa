"""Validates raw lines: parses their values, finds reasons for rejection, computes their identity."""

from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.config import ColumnNames, InputSettings
from lepton_spark.ingest.files.layout import personal_columns
from lepton_spark.ingest.lines import numbers, parsing, quantities
from lepton_spark.ingest.lines.identity import line_hash, masked_line, tokens
from lepton_spark.ingest.lines.rules import reason_columns, rules

VALIDATED = (
    *("file", "line_number", "line_hash", "personal"),
    *("product_text", "product_id", "location_id", "transaction_id", "customer"),
    *("date", "sold_at", "line_kind", "quantity", "price", "is_cancellation"),
    *("has_unreadable_price", "is_skipped", "reasons", "words", "line"),
)
"""Columns of a validated line.

customer: the customer's token, or without a privacy key the customer's id; cancellations are matched by it.
date: a day in the business's time zone. quantity: units, never negative; line_kind marks returns.
price: of one unit. has_unreadable_price: the text of its price is no number, so the price is unknown.
is_skipped: `input.skip_where` names one of its values. reasons: codes in order, empty for a line that may be
accepted, and for a skipped one.
words: the message for the first reason.
line: the source columns as JSON, personal ones masked; null for a line that cannot be rejected, and for a
malformed line if there are personal columns.
personal: personal values that are not part of `line_hash`, for finding repeats.
"""

ALL_LOCATIONS = "all"


def validate_lines(
    lines: DataFrame,
    files: DataFrame,
    settings: InputSettings,
    typed_forms: tuple[str, ...],
    today: date,
    key: bytes | None,
) -> DataFrame:
    """Every raw line with the VALIDATED columns.

    lines: raw lines of `files`. typed_forms: formats in which typed dates were written as text, tried first.
    today: the current day in `input.timezone`. key: the privacy key.
    """
    read = lines.join(files, "file").withColumns(_texts(settings))
    keyed = read.withColumns(_personal(settings, key))
    validated = _parse_and_validate(keyed, settings, typed_forms, today)
    return validated.withColumns(_identity(settings, key)).select(*VALIDATED)


def revalidate_rejects(
    rejects: DataFrame, settings: InputSettings, typed_forms: tuple[str, ...], today: date
) -> DataFrame:
    """Validates every rejected line by the current rules: adds the VALIDATED columns, keeps all others.

    rejects: rows of `rejects` whose `line` has every mapped column; `file` is a number. Line identities
    do not change. The customer is null, because `rejects` holds it masked.
    """
    values = F.from_json("line", "map<string, string>")
    masked = {
        "personal": F.array().cast("array<string>"),
        "customer": F.lit(None).cast("string"),
        "malformed": F.lit(None).cast("string"),
    }
    read = rejects.withColumns(
        {"columns": F.map_keys(values), "values": F.map_values(values), "reasons_before": F.col("reasons")}
    )
    return _parse_and_validate(read.withColumns(_texts(settings) | masked), settings, typed_forms, today)


def _parse_and_validate(
    read: DataFrame, settings: InputSettings, typed_forms: tuple[str, ...], today: date
) -> DataFrame:
    parsed = read.withColumns(_parsed(settings, (*typed_forms, *settings.date_formats)))
    priced = parsed.withColumn("unit_price", _unit_price(settings))
    validated = priced.withColumns(reason_columns(rules(settings, today)))
    unreadable = F.col("price_text").isNotNull() & F.col("price").isNull()
    return validated.withColumns({"has_unreadable_price": unreadable, "price": F.col("unit_price")}).drop(
        "unit_price"
    )


def _field(name: str | None) -> Column:
    if name is None:
        return F.lit(None).cast("string")
    return F.get("values", F.array_position("columns", F.lit(name)).cast("int") - 1)


def _texts(settings: InputSettings) -> dict[str, Column]:
    names: ColumnNames = settings.columns
    return {
        "product_text": _field(names.product_id),
        "location_text": parsing.trimmed(_field(names.location_id)),
        "date_text": parsing.trimmed(_field(names.date)),
        "quantity_text": parsing.trimmed(_field(names.quantity)),
        "price_text": parsing.trimmed(_field(names.price)),
        "transaction_id": parsing.trimmed(_field(names.transaction_id)),
        "is_skipped": _is_skipped(settings),
    }


def _is_skipped(settings: InputSettings) -> Column:
    """Whether a line has a value of `input.skip_where`; surrounding blanks do not count."""
    matches = (
        parsing.trimmed(_field(name)).isin(list(values)) for name, values in settings.skip_where.items()
    )
    return F.coalesce(reduce(Column.__or__, matches, F.lit(False)), F.lit(False))


def _personal(settings: InputSettings, key: bytes | None) -> dict[str, Column]:
    def keyed(name: str) -> Column:
        text = _field(name)
        return text if key is None else tokens(key, name)(text)

    names = personal_columns(settings)
    fields = {f"personal_{position}": keyed(name) for position, name in enumerate(names)}
    has_customer = settings.columns.customer_id is not None
    customer = (
        F.when(parsing.trimmed(_field(settings.columns.customer_id)).isNotNull(), fields["personal_0"])
        if has_customer
        else F.lit(None)
    )
    return {
        "personal": F.array(*fields.values()).cast("array<string>"),
        "customer": customer.cast("string"),
    }


def _parsed(settings: InputSettings, forms: tuple[str, ...]) -> dict[str, Column]:
    at = parsing.sold_at(F.col("date_text"), forms, settings.source_timezone).cast("timestamp")
    location = F.lit(ALL_LOCATIONS) if settings.columns.location_id is None else F.col("location_text")
    code = parsing.folded(parsing.trimmed(F.col("product_text")), settings.product_case)
    pattern, written = settings.cancellation_pattern, numbers.NumberFormat.of(settings)
    cancels = (
        F.lit(True) if pattern is None else F.coalesce(F.col("transaction_id").rlike(pattern), F.lit(False))
    )
    return {
        "product_id": code,
        "location_id": location,
        "sold_at": at,
        "date": parsing.sold_on(F.col("date_text"), at, forms, settings.timezone),
        **quantities.split_signed(numbers.number(F.col("quantity_text"), written), settings.kind),
        "price": numbers.number(F.col("price_text"), written),
        "is_cancellation": cancels,
    }


def _unit_price(settings: InputSettings) -> Column:
    """The price of one unit; null if a total is for 0 units. A return's total is negative: it is negated."""
    price, quantity = F.col("price"), F.col("quantity")
    if settings.price_is != "line_total":
        return price
    per_unit = F.when(quantity != 0, price / quantity)
    return F.when(quantities.is_return(), -per_unit).otherwise(per_unit)


def _identity(settings: InputSettings, key: bytes | None) -> dict[str, Column]:
    n_personal = len(personal_columns(settings))
    values = F.slice("values", F.lit(1), F.size("values") - n_personal)
    nothing = F.array().cast("array<string>")
    readable_hash = line_hash(F.col("columns"), values, nothing if key is None else F.col("personal"))
    is_malformed = F.col("malformed").isNotNull()
    raw = F.to_json(F.struct(F.col("raw").alias("malformed")))
    position_hash = F.sha2(F.concat_ws("|", "content_hash", F.col("line_number").cast("string")), 256)
    # the text of a malformed line may contain personal data, so only its position identifies it
    malformed_hash = position_hash if n_personal else F.coalesce(F.sha2("raw", 256), position_hash)
    line = F.when(is_malformed, F.lit(None) if n_personal else raw).otherwise(
        masked_line(F.col("columns"), values, n_personal)
    )
    may_be_rejected = (F.size("reasons") > 0) | F.lit(settings.kind == "daily")
    return {
        "line_hash": F.when(is_malformed, malformed_hash).otherwise(readable_hash),
        "line": F.when(may_be_rejected, line),
        "personal": F.col("personal") if key is None else nothing,
    }
