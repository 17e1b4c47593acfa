"""Raw lines to judged lines: values parsed, every reason against them, and what they are known by."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.config import ColumnNames, InputSettings
from lepton_spark.ingest.files.layout import personal_columns
from lepton_spark.ingest.lines import parsing
from lepton_spark.ingest.lines.identity import line_hash, masked_line, tokens
from lepton_spark.ingest.lines.rules import judged, rules

JUDGED = (
    *(
        "file",
        "line_number",
        "line_hash",
        "personal",
        "product_text",
        "product_id",
        "location_id",
        "transaction_id",
    ),
    *(
        "customer",
        "date",
        "sold_at",
        "quantity",
        "price",
        "unit_price",
        "is_cancellation",
        "reasons",
        "words",
        "line",
    ),
)
ALL_LOCATIONS = "all"


def judge(
    lines: DataFrame,
    files: DataFrame,
    settings: InputSettings,
    typed_forms: tuple[str, ...],
    today: date,
    key: bytes | None,
) -> DataFrame:
    """Every raw line with JUDGED; nothing is left out.

    customer: what cancellations are matched by: the customer's token, or without a key the number itself.
    personal: the personal values that the line's hash does not hold, so that
    repeats are judged on the whole line.
    line: the source columns as JSON, masked; null for an accepted line.
    """
    read = lines.join(files, "file").withColumns(_texts(settings))
    keyed = read.withColumns(_personal(settings, key))
    return (
        _by_rules(keyed, settings, typed_forms, today).withColumns(_known_by(settings, key)).select(*JUDGED)
    )


def judge_again(
    rejects: DataFrame, settings: InputSettings, typed_forms: tuple[str, ...], today: date
) -> DataFrame:
    """Rejected lines by the present rules, with JUDGED and all that they had; none is left out.

    rejects: rows of `rejects` whose `line` names every mapped column, with `file`, a number. What a line is
    known by stays; its customer is no longer known.
    """
    said = F.from_json("line", "map<string, string>")
    nobody = {
        "personal": F.array().cast("array<string>"),
        "customer": F.lit(None).cast("string"),
        "malformed": F.lit(None).cast("string"),
        "reasons_before": F.col("reasons"),
    }
    told = rejects.withColumns({"columns": F.map_keys(said), "values": F.map_values(said)})
    return _by_rules(told.withColumns(_texts(settings) | nobody), settings, typed_forms, today)


def _by_rules(
    read: DataFrame, settings: InputSettings, typed_forms: tuple[str, ...], today: date
) -> DataFrame:
    parsed = read.withColumns(_parsed(settings, (*typed_forms, *settings.date_formats)))
    return parsed.withColumns(_priced(settings)).withColumns(judged(rules(settings, today)))


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
    }


def _personal(settings: InputSettings, key: bytes | None) -> dict[str, Column]:
    def kept(name: str) -> Column:
        text = _field(name)
        return text if key is None else tokens(key, name)(text)

    names = personal_columns(settings)
    fields = {f"personal_{position}": kept(name) for position, name in enumerate(names)}
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
    pattern = settings.cancellation_pattern
    cancels = (
        F.lit(True) if pattern is None else F.coalesce(F.col("transaction_id").rlike(pattern), F.lit(False))
    )
    return {
        "product_id": code,
        "location_id": location,
        "sold_at": at,
        "date": parsing.sold_on(F.col("date_text"), at, forms, settings.timezone),
        "quantity": parsing.number(F.col("quantity_text")),
        "price": parsing.number(F.col("price_text")),
        "is_cancellation": cancels,
    }


def _priced(settings: InputSettings) -> dict[str, Column]:
    """The price of one unit; a line's total says none where no unit was sold."""
    price, quantity = F.col("price"), F.col("quantity")
    per_unit = F.when(quantity != 0, price / quantity)
    return {"unit_price": per_unit if settings.price_is == "line_total" else price}


def _known_by(settings: InputSettings, key: bytes | None) -> dict[str, Column]:
    n_personal = len(personal_columns(settings))
    values = F.slice("values", F.lit(1), F.size("values") - n_personal)
    nothing = F.array().cast("array<string>")
    known = line_hash(F.col("columns"), values, nothing if key is None else F.col("personal"))
    unread = F.col("malformed").isNotNull()
    raw = F.to_json(F.struct(F.col("raw").alias("malformed")))
    place = F.sha2(F.concat_ws("|", "content_hash", F.col("line_number").cast("string")), 256)
    unread_hash = place if n_personal else F.coalesce(F.sha2("raw", 256), place)
    needed = (F.size("reasons") > 0) | F.lit(settings.kind == "daily")
    line = F.when(unread, F.lit(None) if n_personal else raw).otherwise(
        masked_line(F.col("columns"), values, n_personal)
    )
    return {
        "line_hash": F.when(unread, unread_hash).otherwise(known),
        "line": F.when(needed, line),
        "personal": F.col("personal") if key is None else nothing,
    }
