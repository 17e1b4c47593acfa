"""Rules that reject a line, in a fixed order, as pure Column functions."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column
from pyspark.sql import functions as F

from lepton_spark.config import InputSettings
from lepton_spark.ingest.lines.numbers import NumberFormat, recognised
from lepton_spark.ingest.lines.quantities import is_return


@dataclass(frozen=True)
class Rule:
    """One reason for rejection.

    code: the reason in the table `rejects`. rejects: whether a line is rejected. words: the message, which
    names what was found and what is allowed.
    """

    code: str
    rejects: Column
    words: Column


def rules(settings: InputSettings, today: date) -> tuple[Rule, ...]:
    """Every rule, in the order in which reasons are given.

    They read product_id, location_id, date, line_kind, quantity, price, unit_price, is_cancellation, and the
    texts that dates and numbers were parsed from.
    today: the current day in `input.timezone`.
    """
    return (
        *_product_rules(settings),
        *_date_rules(settings, today),
        *_quantity_rules(settings),
        *_price_rules(settings),
    )


def reason_columns(ordered: tuple[Rule, ...]) -> dict[str, Column]:
    """Columns `reasons` (codes in order, empty for a valid line) and `words` (message of the first reason).

    The only reason of a malformed line is `malformed_line`; a skipped line has none.
    """
    malformed, is_skipped = F.col("malformed").isNotNull(), F.col("is_skipped")
    codes = F.array_compact(F.array(*(F.when(rule.rejects, F.lit(rule.code)) for rule in ordered)))
    first = F.coalesce(*(F.when(rule.rejects, rule.words) for rule in ordered))
    return {
        "reasons": F.when(malformed, F.array(F.lit("malformed_line")))
        .when(is_skipped, F.array().cast("array<string>"))
        .otherwise(codes),
        "words": F.when(malformed, F.col("malformed")).otherwise(first),
    }


def _words(subject: str, found: Column, allowed: str) -> Column:
    quoted = F.coalesce(
        F.concat(F.lit("'"), F.substring(found.cast("string"), 1, 80), F.lit("'")), F.lit("nothing")
    )
    return F.concat(F.lit(f"{subject}: found "), quoted, F.lit(f"; allowed: {allowed}"))


def _product_rules(settings: InputSettings) -> list[Rule]:
    code, source = F.col("product_id"), settings.columns.product_id
    product_rules = [
        Rule("missing_product_id", code.isNull(), _words(source, code, "a product code")),
        *_location_rules(settings),
    ]
    if settings.product_pattern is not None:
        whole = rf"\A(?:{settings.product_pattern})\z"
        allowed = f"codes of the form {settings.product_pattern}"
        product_rules.append(Rule("not_a_product", ~code.rlike(whole), _words(source, code, allowed)))
    return product_rules


def _location_rules(settings: InputSettings) -> list[Rule]:
    source = settings.columns.location_id
    if source is None:
        return []
    location = F.col("location_id")
    return [Rule("missing_location_id", location.isNull(), _words(source, location, "a location"))]


def _date_rules(settings: InputSettings, today: date) -> list[Rule]:
    day, text, source = F.col("date"), F.col("date_text"), settings.columns.date
    forms = ", ".join(settings.date_formats)
    return [
        Rule("unparsable_date", day.isNull(), _words(source, text, f"dates of the form {forms}")),
        Rule(
            "implausible_date",
            day < F.lit(settings.earliest_date),
            _words(source, text, f"days from {settings.earliest_date} on (input.earliest_date)"),
        ),
        Rule("future_date", day > F.lit(today), _words(source, text, f"days up to {today}")),
    ]


def _quantity_rules(settings: InputSettings) -> list[Rule]:
    quantity, text, source = F.col("quantity"), F.col("quantity_text"), settings.columns.quantity
    quantity_rules = [
        Rule(
            "unparsable_quantity",
            quantity.isNull(),
            F.concat(_words(source, text, NumberFormat.of(settings).allowed), recognised(text)),
        )
    ]
    if settings.kind == "daily":
        return quantity_rules
    quantity_rules.append(Rule("zero_quantity", quantity == 0, _words(source, text, "a number other than 0")))
    if settings.cancellation_pattern is not None:
        allowed = (
            f"negative only where {settings.columns.transaction_id} matches {settings.cancellation_pattern}"
        )
        write_off = is_return() & ~F.col("is_cancellation")
        quantity_rules.append(Rule("stock_adjustment", write_off, _words(source, text, allowed)))
    return quantity_rules


def _price_rules(settings: InputSettings) -> list[Rule]:
    if settings.columns.price is None:
        return []
    text, unit, source = F.col("price_text"), F.col("unit_price"), settings.columns.price
    price_rules = []
    if settings.non_positive_price == "reject":
        too_low = (unit <= 0) & (F.col("quantity") != 0)
        price_rules.append(Rule("non_positive_price", too_low, _words(source, text, "prices above 0")))
    if settings.min_unit_price is not None:
        too_low = (unit > 0) & (unit < settings.min_unit_price)
        words = _words(
            f"{source} per unit",
            unit,
            f"0, or at least {settings.min_unit_price}: cheaper goods are not counted in units",
        )
        price_rules.append(Rule("not_units", too_low, words))
    return price_rules
