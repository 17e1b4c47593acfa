"""Why a line is refused: rules as pure Column functions, in one fixed order, each with its code and words."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column
from pyspark.sql import functions as F

from lepton_spark.config import InputSettings
from lepton_spark.ingest.lines.parsing import LARGEST


@dataclass(frozen=True)
class Rule:
    """One reason: its code, which lines it refuses, and what was found against what is allowed."""

    code: str
    refuses: Column
    words: Column


def rules(settings: InputSettings, today: date) -> tuple[Rule, ...]:
    """Every rule in the order in which reasons are given.

    They read malformed, product_id, location_id, date, quantity, price, unit_price, is_cancellation, and
    the texts that dates and numbers were read from.
    today: the clock's day in `input.timezone`.
    """
    return (
        *_product_rules(settings),
        *_date_rules(settings, today),
        *_quantity_rules(settings),
        *_price_rules(settings),
    )


def judged(rules_in_order: tuple[Rule, ...]) -> dict[str, Column]:
    """Columns `reasons` (codes in order, empty when the line is accepted) and `words` (of the first)."""
    malformed = F.col("malformed").isNotNull()
    codes = F.array_compact(F.array(*(F.when(rule.refuses, F.lit(rule.code)) for rule in rules_in_order)))
    first = F.coalesce(*(F.when(rule.refuses, rule.words) for rule in rules_in_order))
    return {
        "reasons": F.when(malformed, F.array(F.lit("malformed_line"))).otherwise(codes),
        "words": F.when(malformed, F.col("malformed")).otherwise(first),
    }


def _words(subject: str, found: Column, allowed: str) -> Column:
    quoted = F.coalesce(
        F.concat(F.lit("'"), F.substring(found.cast("string"), 1, 80), F.lit("'")), F.lit("nothing")
    )
    return F.concat(F.lit(f"{subject}: found "), quoted, F.lit(f"; allowed: {allowed}"))


def _product_rules(settings: InputSettings) -> list[Rule]:
    code, source = F.col("product_id"), settings.columns.product_id
    found = [
        Rule("missing_product_id", code.isNull(), _words(source, code, "a product code")),
        *_location_rules(settings),
    ]
    if settings.product_pattern is not None:
        whole = rf"\A(?:{settings.product_pattern})\z"
        allowed = f"codes of the form {settings.product_pattern}"
        found.append(Rule("not_a_product", ~code.rlike(whole), _words(source, code, allowed)))
    return found


def _location_rules(settings: InputSettings) -> list[Rule]:
    source = settings.columns.location_id
    if source is None:
        return []
    place = F.col("location_id")
    return [Rule("missing_location_id", place.isNull(), _words(source, place, "a place of sale"))]


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
    found = [
        Rule("unparsable_quantity", quantity.isNull(), _words(source, text, f"a number below {LARGEST:.0e}"))
    ]
    if settings.kind == "daily":
        return found
    found.append(Rule("zero_quantity", quantity == 0, _words(source, text, "units sold or returned")))
    if settings.cancellation_pattern is not None:
        allowed = (
            f"negative only where {settings.columns.transaction_id} matches {settings.cancellation_pattern}"
        )
        write_off = (quantity < 0) & ~F.col("is_cancellation")
        found.append(Rule("stock_adjustment", write_off, _words(source, text, allowed)))
    return found


def _price_rules(settings: InputSettings) -> list[Rule]:
    if settings.columns.price is None:
        return []
    price, text, unit, source = (
        F.col("price"),
        F.col("price_text"),
        F.col("unit_price"),
        settings.columns.price,
    )
    unknown = text.isNotNull() & price.isNull()
    found = [
        Rule("unparsable_price", unknown, _words(source, text, f"a number below {LARGEST:.0e}, or nothing"))
    ]
    if settings.non_positive_price == "reject":
        refused = (unit <= 0) & (F.col("quantity") != 0)
        found.append(Rule("non_positive_price", refused, _words(source, text, "prices above 0")))
    if settings.min_unit_price is not None:
        refused = (unit > 0) & (unit < settings.min_unit_price)
        words = _words(
            f"{source} a unit", unit, f"0, or from {settings.min_unit_price} up: less is not counted in units"
        )
        found.append(Rule("not_units", refused, words))
    return found
