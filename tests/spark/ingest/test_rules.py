"""Validation of raw lines: parsed values, reasons in their order, messages, identity."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import ColumnNames, InputSettings
from lepton_spark.ingest.files.raw_lines import RawLines
from lepton_spark.ingest.lines.validation import validate_lines

TODAY = date(2021, 6, 30)
COLUMNS = ("day", "id", "paid", "sku", "units")
SETTINGS = InputSettings(
    kind="transactions",
    columns=ColumnNames(product_id="sku", date="day", quantity="units", price="paid", transaction_id="id"),
    date_formats=("yyyy-MM-dd", "dd.MM.yyyy HH:mm", "yyyy-MM-dd'T'HH:mm:ssXXX"),
    source_timezone="Europe/Berlin",
    timezone="America/New_York",
    product_case="upper",
    product_pattern="[0-9]{2}[A-Z]?",
    cancellation_pattern="^C",
    price_is="line_total",
    min_unit_price=0.005,
    skip_where={"id": ("void", "test")},
)
GOOD = {"sku": "10", "day": "2021-01-02", "units": "2", "paid": "3", "id": "7"}

CASES: dict[str, tuple[dict[str, str | None], list[str]]] = {
    "good": ({}, []),
    "blank product": ({"sku": " \t"}, ["missing_product_id"]),
    "null product": ({"sku": None}, ["missing_product_id"]),
    "postage": ({"sku": "POST"}, ["not_a_product"]),
    "longer than the pattern": ({"sku": "10AB"}, ["not_a_product"]),
    "pattern and a line end": ({"sku": "10A\nX"}, ["not_a_product"]),
    "trimmed and folded": ({"sku": " 10a "}, []),
    "other date form": ({"day": "02/01/2021"}, ["unparsable_date"]),
    "no such day": ({"day": "2021-02-30"}, ["unparsable_date"]),
    "no day": ({"day": ""}, ["unparsable_date"]),
    "excel's day zero": ({"day": "1899-12-31"}, ["implausible_date"]),
    "earliest day": ({"day": "1990-01-01"}, []),
    "today": ({"day": "2021-06-30"}, []),
    "tomorrow": ({"day": "2021-07-01"}, ["future_date"]),
    "text for units": ({"units": "many"}, ["unparsable_quantity"]),
    "nan": ({"units": "NaN"}, ["unparsable_quantity"]),
    "infinite": ({"units": "1e999"}, ["unparsable_quantity"]),
    "java's suffix": ({"units": "1d"}, ["unparsable_quantity"]),
    "thousands": ({"units": "1,000"}, ["unparsable_quantity"]),
    "none sold": ({"units": "0"}, ["zero_quantity"]),
    "exponent": ({"units": "1e1"}, []),
    "write-off": ({"units": "-2", "paid": "-3"}, ["stock_adjustment"]),
    "cancellation": ({"units": "-2", "paid": "-3", "id": "C7"}, []),
    "write-off without an id": ({"units": "-2", "paid": "-3", "id": None}, ["stock_adjustment"]),
    "price in words": ({"paid": "free"}, []),
    "skipped": ({"id": " void ", "units": "many"}, []),
    "price unknown": ({"paid": ""}, []),
    "free": ({"paid": "0"}, ["non_positive_price"]),
    "negative price": ({"paid": "-1"}, ["non_positive_price"]),
    "fuel": ({"units": "1000", "paid": "2.5"}, ["not_units"]),
    "all at once": (
        {"sku": "M", "day": "x", "units": "-1", "paid": "0"},
        ["not_a_product", "unparsable_date", "stock_adjustment", "non_positive_price"],
    ),
}


def raw_lines(spark: SparkSession, columns: Sequence[str], values: list[list[str | None]]) -> RawLines:
    """Text lines with these values, numbered from 0, and a malformed one at the end."""
    rows = [(0, number, None, None, *line) for number, line in enumerate(values)]
    rows.append((0, len(rows), "line: found 2 columns; allowed: 5", "4711,555", *[None] * len(columns)))  # type: ignore[arg-type]
    sources = "".join(f", source_{position} STRING" for position in range(len(columns)))
    schema = f"file INT, line_number BIGINT, malformed STRING, raw STRING{sources}"
    return RawLines(tuple(columns), spark.createDataFrame(rows, schema))  # type: ignore[type-var]


def files(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([(0, "hash")], "file INT, content_hash STRING")


def described(lines: DataFrame) -> DataFrame:
    """The lines with their reasons (none: an empty list), words and JSON, and the time as text."""
    named = {name: F.col(f"reject.{name}") for name in ("words", "line")}
    reasons = F.coalesce("reject.reasons", F.array().cast("array<string>"))
    return lines.withColumns({"at": F.col("sold_at").cast("string"), "reasons": reasons, **named})


def validated_rows(
    spark: SparkSession, cases: dict[str, dict[str, str | None]], settings: InputSettings
) -> dict[str, Any]:
    values = [[({**GOOD, **case})[name] for name in COLUMNS] for case in cases.values()]
    lines = validate_lines(raw_lines(spark, COLUMNS, values), files(spark), settings, TODAY, None)
    by_number = {row["line_number"]: row for row in described(lines).collect()}
    return {name: by_number[number] for number, name in enumerate([*cases, "malformed"])}


@pytest.fixture(scope="module")
def validated(spark: SparkSession) -> dict[str, Any]:
    return validated_rows(spark, {name: case for name, (case, _) in CASES.items()}, SETTINGS)


@pytest.mark.parametrize("name", CASES)
def test_rules_give_every_reason_in_order(validated: dict[str, Any], name: str) -> None:
    assert validated[name]["reasons"] == CASES[name][1]


def test_unreadable_price_is_unknown_and_the_line_is_kept(validated: dict[str, Any]) -> None:
    assert (validated["price in words"]["price"], validated["price in words"]["quantity"]) == (None, 2.0)
    unreadable = [name for name, row in validated.items() if row["has_unreadable_price"]]
    assert unreadable == ["price in words"]


def test_lines_with_a_value_of_skip_where_are_skipped(validated: dict[str, Any]) -> None:
    assert [name for name, row in validated.items() if row["is_skipped"]] == ["skipped"]


def test_malformed_line_has_only_that_reason_and_keeps_its_text(validated: dict[str, Any]) -> None:
    row = validated["malformed"]
    assert row["reasons"] == ["malformed_line"]
    assert row["words"] == "line: found 2 columns; allowed: 5"
    assert row["line"] == '{"malformed":"4711,555"}'


def test_words_name_what_was_found_and_what_is_allowed(validated: dict[str, Any]) -> None:
    assert validated["postage"]["words"] == "sku: found 'POST'; allowed: codes of the form [0-9]{2}[A-Z]?"
    assert validated["no day"]["words"].startswith(
        "day: found nothing; allowed: dates of the form yyyy-MM-dd, "
    )
    assert validated["tomorrow"]["words"] == "day: found '2021-07-01'; allowed: days up to 2021-06-30"


def test_good_line_has_parsed_values(validated: dict[str, Any]) -> None:
    row = validated["trimmed and folded"]
    found = (
        row["product_id"],
        row["location_id"],
        row["date"],
        row["line_kind"],
        row["quantity"],
        row["price"],
        row["at"],
    )
    assert found == ("10A", "all", date(2021, 1, 2), "sale", 2.0, 1.5, None)
    assert validated["good"]["line"] is None
    assert validated["postage"]["line"] == '{"day":"2021-01-02","id":"7","paid":"3","sku":"POST","units":"2"}'


@pytest.mark.parametrize(
    ("kind", "units", "paid", "expected"),
    [
        ("transactions", "-2", "-3", ("return", 2.0, 1.5, [])),
        ("transactions", "-2", "3", ("return", 2.0, -1.5, ["non_positive_price"])),
        ("transactions", "2", "-3", ("sale", 2.0, -1.5, ["non_positive_price"])),
        ("daily", "-2", "-3", ("daily_return", 2.0, 1.5, [])),
        ("daily", "-0", "3", ("daily", 0.0, None, [])),
        ("daily", "x", "3", ("daily", None, None, ["unparsable_quantity"])),
    ],
)
def test_signed_quantity_is_split_into_line_kind_and_units(
    spark: SparkSession, kind: str, units: str, paid: str, expected: tuple[Any, ...]
) -> None:
    settings = SETTINGS.model_copy(update={"kind": kind, "min_unit_price": None})
    row = validated_rows(spark, {"one": {"units": units, "paid": paid, "id": "C7"}}, settings)["one"]
    assert (row["line_kind"], row["quantity"], row["price"], row["reasons"]) == expected
    assert str(row["quantity"]) != "-0.0"


def test_instant_falls_on_its_day_in_the_business_time_zone_and_a_date_is_kept(
    spark: SparkSession,
) -> None:
    cases: dict[str, dict[str, str | None]] = {
        "day": {"day": "2021-01-02"},
        "winter": {"day": "02.01.2021 05:59"},
        "morning": {"day": "02.01.2021 06:00"},
        "summer": {"day": "02.06.2021 05:59"},
        "offset": {"day": "2021-01-02T01:00:00-08:00"},
    }
    rows = validated_rows(spark, cases, SETTINGS)
    assert {name: (str(rows[name]["date"]), rows[name]["at"]) for name in cases} == {
        "day": ("2021-01-02", None),
        "winter": ("2021-01-01", "2021-01-02 04:59:00"),
        "morning": ("2021-01-02", "2021-01-02 05:00:00"),
        "summer": ("2021-06-01", "2021-06-02 03:59:00"),
        "offset": ("2021-01-02", "2021-01-02 09:00:00"),
    }


@pytest.mark.parametrize(
    ("day", "left_out", "twice"),
    [("28.03.2021", "02", None), ("25.10.2020", None, "02")],
    ids=["begins", "ends"],
)
def test_quarter_hours_of_a_day_on_which_summer_time_changes_stay_on_it(
    spark: SparkSession, day: str, left_out: str | None, twice: str | None
) -> None:
    """In Berlin the hour from 02:00 is left out in spring and comes twice in autumn, as 92 and 100 lines."""
    hours = [f"{hour:02d}" for hour in range(24) if f"{hour:02d}" != left_out] + ([twice] if twice else [])
    quarters = [f"{day} {hour}:{minute}" for hour in hours for minute in ("00", "15", "30", "45")]
    cases: dict[str, dict[str, str | None]] = {
        str(number): {"day": text} for number, text in enumerate(quarters)
    }
    at_home = SETTINGS.model_copy(update={"timezone": "Europe/Berlin"})
    found = [row for row in validated_rows(spark, cases, at_home).values() if not row["reasons"]]
    assert len(found) == (92 if left_out else 100)
    assert {row["date"].strftime("%d.%m.%Y") for row in found} == {day}


def test_daily_input_may_have_zero_quantity(spark: SparkSession) -> None:
    daily = SETTINGS.model_copy(update={"kind": "daily", "min_unit_price": None, "price_is": "unit"})
    rows = validated_rows(spark, {"none sold": {"units": "0", "paid": "0"}, "free": {"paid": "0"}}, daily)
    assert rows["none sold"]["reasons"] == []
    assert rows["free"]["reasons"] == ["non_positive_price"]


def test_empty_location_is_rejected_where_locations_are_mapped(spark: SparkSession) -> None:
    columns = SETTINGS.columns.model_copy(update={"location_id": "id", "transaction_id": None})
    by_location = SETTINGS.model_copy(update={"columns": columns, "cancellation_pattern": None})
    rows = validated_rows(
        spark, {"named": {"id": " 7 "}, "blank": {"id": " "}, "none": {"id": None, "sku": "M"}}, by_location
    )
    assert (rows["named"]["reasons"], rows["named"]["location_id"]) == ([], "7")
    assert rows["blank"]["reasons"] == ["missing_location_id"]
    assert rows["blank"]["words"] == "id: found nothing; allowed: a location"
    assert rows["none"]["reasons"] == ["missing_location_id", "not_a_product"]


def test_line_is_known_by_its_typed_values_and_not_by_how_they_are_written(spark: SparkSession) -> None:
    cases: dict[str, dict[str, str | None]] = {
        "a line": {},
        "as floating point": {"sku": "10.0", "units": "2.0", "id": "7.0"},
        "other units": {"units": "4", "paid": "6"},
        "other ticket": {"id": "8"},
        "no ticket": {"id": None},
        "no price": {"paid": ""},
        "price of 0": {"paid": "0"},
        "other time": {"day": "02.01.2021 12:00"},
        "no units": {"units": "", "paid": ""},
        "units of 0": {"units": "0", "paid": ""},
        "unreadable day": {"day": "x"},
        "another unreadable day": {"day": "y"},
    }
    rows = validated_rows(spark, cases, SETTINGS)
    hashes = {name: rows[name]["line_hash"] for name in cases}
    assert hashes["a line"] == hashes.pop("as floating point")
    assert len(set(hashes.values())) == len(hashes)
    assert {len(one) for one in hashes.values()} == {32}


def test_identity_replaces_the_values_by_which_a_line_is_known(spark: SparkSession) -> None:
    settings = SETTINGS.model_copy(update={"identity": ("id",)})
    cases: dict[str, dict[str, str | None]] = {
        "first": {},
        "other units": {"units": "9"},
        "other": {"id": "8"},
    }
    rows = validated_rows(spark, cases, settings)
    first, same, other = (rows[name]["line_hash"] for name in cases)
    assert first == same != other


def test_personal_values_are_masked_and_not_part_of_the_identity(spark: SparkSession) -> None:
    columns = ColumnNames(product_id="sku", date="day", quantity="units", price="paid", customer_id="who")
    personal = InputSettings(kind="transactions", columns=columns, personal_columns=("phone",))
    values: list[list[str | None]] = [
        ["2021-01-02", "1", "", "1", "4711", "555"],
        ["2021-01-02", "1", "", "1", "4712", "555"],
        ["2021-01-02", "1", "", "1", " ", None],
    ]
    raw = raw_lines(spark, ("day", "paid", "sku", "units", "who", "phone"), values)
    keyed = (
        described(validate_lines(raw, files(spark), personal, TODAY, b"key")).orderBy("line_number").collect()
    )
    plain = (
        described(validate_lines(raw, files(spark), personal, TODAY, None)).orderBy("line_number").collect()
    )
    assert '"who":"***"' in keyed[0]["line"]
    assert '"phone":"***"' in keyed[2]["line"]
    assert keyed[3]["line"] is None
    assert not any("4711" in str(row) or "555" in str(row) for row in keyed)
    assert keyed[0]["line_hash"] == keyed[1]["line_hash"] == plain[0]["line_hash"]
    assert keyed[0]["customer"] != keyed[1]["customer"]
    assert [row["customer"] for row in plain] == ["4711", "4712", None, None]
    assert keyed[2]["customer"] is None
