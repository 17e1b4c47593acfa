"""Rules that reject a line, in a fixed order, as pure Column functions."""

from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from lepton_spark.config import InputSettings
from lepton_spark.ingest.files.raw_lines import RawLines
from lepton_spark.ingest.lines.reading import parsing
from lepton_spark.ingest.lines.reading.numbers import NumberFormat, recognised
from lepton_spark.ingest.lines.reading.quantities import is_return


@dataclass(frozen=True)
class Rule:
    """One reason for rejection.

    code: the reason in the table `rejects`. rejects: whether a line is rejected. words: the message, which
    names what was found and what is allowed.
    """

    code: str
    rejects: Column
    words: Column


def rules(settings: InputSettings, raw: RawLines, today: date) -> tuple[Rule, ...]:
    """Every rule, in the order in which reasons are given.

    They read product_id, location_id, date, line_kind, quantity, price (of one unit), is_cancellation, and
    for messages the texts of `raw`. today: the current day in `input.timezone`.
    """
    return (
        *_product_rules(settings),
        *_date_rules(settings, raw, today),
        *_quantity_rules(settings, raw),
        *_price_rules(settings, raw),
    )


def reject_column(ordered: tuple[Rule, ...], line: Column) -> Column:
    """A struct of reasons (codes in order), words (message of the first reason) and line.

    Null for a valid line and for a skipped one. The only reason of a malformed line is `malformed_line`.
    """
    codes = F.array_compact(F.array(*(F.when(rule.rejects, F.lit(rule.code)) for rule in ordered)))
    first = F.coalesce(*(F.when(rule.rejects, rule.words) for rule in ordered))
    is_rejected = reduce(Column.__or__, (F.coalesce(rule.rejects, F.lit(False)) for rule in ordered))
    malformed = F.col("malformed")
    of_malformed = rejection(F.array(F.lit("malformed_line")), malformed, line)
    return F.when(malformed.isNotNull(), of_malformed).when(
        ~F.col("is_skipped") & is_rejected, rejection(codes, first, line)
    )


def rejection(reasons: Column, words: Column, line: Column) -> Column:
    """The struct that describes a rejected line."""
    return F.struct(reasons.alias("reasons"), words.alias("words"), line.alias("line"))


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


def _date_rules(settings: InputSettings, raw: RawLines, today: date) -> list[Rule]:
    day, source = F.col("date"), settings.columns.date
    text = parsing.trimmed(raw.text(source))
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


def _quantity_rules(settings: InputSettings, raw: RawLines) -> list[Rule]:
    quantity, source = F.col("quantity"), settings.columns.quantity
    text = parsing.trimmed(raw.text(source))
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


def _price_rules(settings: InputSettings, raw: RawLines) -> list[Rule]:
    if settings.columns.price is None:
        return []
    unit, source = F.col("price"), settings.columns.price
    text = parsing.trimmed(raw.text(source))
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
