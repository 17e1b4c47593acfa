"""Validates raw lines: parses their values, finds reasons for rejection, computes their identity."""

from collections.abc import Collection, Mapping
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.config import InputSettings
from lepton_spark.ingest.files.date_forms import PARSED_FORMS, date_forms
from lepton_spark.ingest.files.layout import personal_columns
from lepton_spark.ingest.files.raw_lines import RawLines, source_columns
from lepton_spark.ingest.lines.identity import (
    DAILY_IDENTITY,
    DAY,
    TRANSACTION_IDENTITY,
    line_hash,
    masked_line,
    tokens,
    values_hash,
)
from lepton_spark.ingest.lines.reading import parsing
from lepton_spark.ingest.lines.reading.values import parsed_values
from lepton_spark.ingest.lines.rules import reject_column, rules

VALIDATED = (
    *("file", "line_number", "line_hash", "content", "code_as_written", "product_id", "location_id"),
    *("transaction_id", "customer", "date", "sold_at", "line_kind", "quantity", "price", "is_cancellation"),
    *("has_unreadable_price", "is_skipped", "reject"),
)
"""Columns of a validated line.

content: hash of all source columns, by which repeats within a file are found; null if equal lines are kept.
code_as_written: the product code as delivered; null where it equals product_id.
customer: the customer's token, or without a privacy key the customer's id; cancellations are matched by it.
date: a day in the business's time zone. quantity: units, never negative; line_kind marks returns.
price: of one unit. has_unreadable_price: its price is no number, so the price is unknown.
is_skipped: `input.skip_where` names one of its values.
reject: null for a line that may be accepted, and for a skipped one; else reasons (codes in order), words (the
message for the first reason) and line (the source columns as JSON, personal ones masked; null for a malformed
line if there are personal columns).
"""


def validate_lines(
    raw: RawLines,
    files: DataFrame,
    settings: InputSettings,
    today: date,
    key: bytes | None,
    midnights: Collection[int] = (),
) -> DataFrame:
    """Every raw line with the VALIDATED columns.

    files: file, content_hash. today: the current day in `input.timezone`. key: the privacy key.
    midnights: files of which only the days count, from `files_of_midnights`.
    """
    n_personal = len(personal_columns(settings))
    parsed = parsed_values(raw, settings, date_forms(settings), midnights)
    line = F.when(F.col("malformed").isNull(), masked_line(raw, n_personal))
    if not n_personal:
        malformed = F.to_json(F.struct(F.col("raw").alias("malformed")))
        line = F.coalesce(line, malformed)
    reject = reject_column(rules(settings, raw, today), line)
    sources = [raw.text(name) for name in raw.columns]
    content = values_hash(sources) if drops_equal_content(settings) else F.lit(None).cast("bigint")
    customer = _customer(raw, settings, key)
    validated = parsed.withColumns({"reject": reject, "content": content, "customer": customer})
    return _identified(validated, raw, files, settings).select(*VALIDATED)


def masked_lines(raw: RawLines, settings: InputSettings) -> DataFrame:
    """file, line_number and `line`, the source columns as JSON, of well-formed lines."""
    line = masked_line(raw, len(personal_columns(settings))).alias("line")
    return raw.frame.where(F.col("malformed").isNull()).select("file", "line_number", line)


def revalidate_rejects(
    rejects: DataFrame, settings: InputSettings, today: date, midnights: Collection[int] = ()
) -> DataFrame:
    """Validates every rejected line by the current rules: adds the VALIDATED columns, keeps the others.

    rejects: rows of `rejects` whose `line` has every mapped column; `file` is a number. Their line identity
    is kept as `rejected_hash` and `rejected_occurrence`. The customer is null, because `rejects` holds it
    masked.
    """
    names = source_names(settings)
    values = F.from_json("line", "map<string, string>")
    nothing = F.lit(None).cast("string")
    sources = source_columns([F.element_at(values, F.lit(name)) for name in names])
    kept = rejects.withColumnsRenamed({"line_hash": "rejected_hash", "occurrence": "rejected_occurrence"})
    frame = kept.select(
        *kept.columns, nothing.alias("malformed"), nothing.alias("raw"), nothing.alias("customer"), *sources
    ).drop("product_id", "location_id", "date")
    raw = RawLines(names, frame)
    parsed = parsed_values(raw, settings, (*PARSED_FORMS, *settings.date_formats), midnights)
    reject = reject_column(rules(settings, raw, today), F.col("line"))
    validated = parsed.withColumns({"reject": reject, "content": F.lit(None).cast("bigint")})
    hashed = validated.withColumn("line_hash", _readable_hash(raw, settings))
    return hashed.drop(*(f"source_{position}" for position in range(len(names))), "malformed", "raw")


def source_names(settings: InputSettings) -> tuple[str, ...]:
    """The source columns that validation reads, personal ones left out."""
    names = settings.columns
    mapped = (names.product_id, names.location_id, names.date, names.quantity, names.price)
    named = (*mapped, names.transaction_id, *settings.skip_where, *(settings.identity or ()))
    return tuple(dict.fromkeys(name for name in named if name is not None))


def drops_equal_content(settings: InputSettings) -> bool:
    """Whether lines that are equal in all source columns are repeats.

    Without a ticket, equal lines are usually sales to different customers.
    """
    if settings.kind == "daily":
        return settings.adds_figures and settings.duplicates == "drop"
    default = "keep" if settings.columns.transaction_id is None else "drop"
    return (settings.duplicates or default) == "drop"


def _customer(raw: RawLines, settings: InputSettings, key: bytes | None) -> Column:
    name = settings.columns.customer_id
    text = parsing.code(raw.column(name), raw.kind(name))
    return text if key is None or name is None else tokens(key)(text)


def _identified(validated: DataFrame, raw: RawLines, files: DataFrame, settings: InputSettings) -> DataFrame:
    """The lines with `line_hash`; that of a malformed line is the hash of its text or of its position.

    The text of a malformed line may contain personal data, so then only its position identifies it.
    """
    position = F.concat_ws("|", "content_hash", F.col("line_number").cast("string"))
    text = position if personal_columns(settings) else F.coalesce("raw", position)
    malformed = line_hash((), [F.lit("malformed"), text])
    readable = _readable_hash(raw, settings)
    located = validated.join(F.broadcast(files.select("file", "content_hash")), "file")
    return located.withColumn("line_hash", F.when(F.col("malformed").isNull(), readable).otherwise(malformed))


def _readable_hash(raw: RawLines, settings: InputSettings) -> Column:
    names = settings.columns
    no_date, no_quantity = F.col("date").isNull(), F.col("quantity").isNull()
    texts_unread = F.concat_ws(
        "|", F.when(no_date, raw.text(names.date)), F.when(no_quantity, raw.text(names.quantity))
    )
    unread = F.when(no_date | no_quantity, texts_unread)
    if settings.identity is not None:
        texts = [
            F.lit("identity"),
            *(parsing.code(raw.column(name), raw.kind(name)) for name in settings.identity),
        ]
        return line_hash(DAY, [unread, *texts])
    by_kind: Mapping[str, tuple[str, ...]] = {"daily": DAILY_IDENTITY, "transactions": TRANSACTION_IDENTITY}
    return line_hash(by_kind[settings.kind], [unread])
