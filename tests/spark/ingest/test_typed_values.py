"""Typed columns give the same values and the same identity as their text."""

from datetime import UTC, date, datetime

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import ColumnNames, InputSettings
from lepton_spark.ingest.files.raw_lines import RawLines
from lepton_spark.ingest.lines.validation import validate_lines

COLUMNS = ("at", "id", "price", "sku", "units")
SETTINGS = InputSettings(
    kind="transactions",
    columns=ColumnNames(product_id="sku", date="at", quantity="units", price="price", transaction_id="id"),
    date_formats=("yyyy-MM-dd", "yyyy-MM-dd HH:mm"),
    timezone="America/New_York",
)
NIGHT = datetime(2021, 1, 2, 3, 4, tzinfo=UTC)
VALUES = ("product_id", "transaction_id", "date", "sold_at", "line_kind", "quantity", "price", "line_hash")


def values(spark: SparkSession, types: str, line: tuple[object, ...]) -> tuple[object, ...]:
    sources = ", ".join(f"source_{n} {kind}" for n, kind in enumerate(types.split()))
    schema = f"file INT, line_number BIGINT, malformed STRING, raw STRING, {sources}"
    frame = spark.createDataFrame([(0, 1, None, None, *line)], schema)
    files = spark.createDataFrame([(0, "hash")], "file INT, content_hash STRING")
    lines = validate_lines(RawLines(COLUMNS, frame), files, SETTINGS, date(2021, 6, 30), None)
    row = lines.withColumn("sold_at", F.col("sold_at").cast("string")).first()
    assert row is not None
    assert row["reject"] is None
    return tuple(row[name] for name in VALUES)


@pytest.mark.parametrize(
    ("types", "line", "text"),
    [
        (
            "DATE DOUBLE DOUBLE BIGINT INT",
            (date(2021, 1, 2), 13085.0, 2.5, 12345678901, 3),
            ("2021-01-02", "13085", "2.50", "12345678901", "3"),
        ),
        (
            "TIMESTAMP STRING DECIMAL(9,2) DOUBLE FLOAT",
            (NIGHT, " C1 ", None, 12345678.0, -2.0),
            ("2021-01-02 03:04", "C1", "", "12345678.0", "-2"),
        ),
        (
            "TIMESTAMP_NTZ STRING DOUBLE STRING DOUBLE",
            (NIGHT.replace(tzinfo=None), "C1", 1e-3, "1001.0", 0.25),
            ("2021-01-02 03:04", "C1", "0.001", "1001", ".25"),
        ),
    ],
    ids=["day", "instant", "time without a zone"],
)
def test_typed_columns_and_text_give_the_same_values(
    spark: SparkSession, types: str, line: tuple[object, ...], text: tuple[str, ...]
) -> None:
    assert values(spark, types, line) == values(spark, "STRING " * 5, text)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e12, None])
def test_typed_quantity_that_is_no_number_of_units_is_rejected(
    spark: SparkSession, bad: float | None
) -> None:
    frame = spark.createDataFrame(
        [(0, 1, None, None, date(2021, 1, 2), "1", 1.0, "A", bad)],
        "file INT, line_number BIGINT, malformed STRING, raw STRING, source_0 DATE, source_1 STRING, "
        "source_2 DOUBLE, source_3 STRING, source_4 DOUBLE",
    )
    files = spark.createDataFrame([(0, "hash")], "file INT, content_hash STRING")
    row = validate_lines(RawLines(COLUMNS, frame), files, SETTINGS, date(2021, 6, 30), None).first()
    assert row is not None
    assert row["reject"]["reasons"] == ["unparsable_quantity"]
