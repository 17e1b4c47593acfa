"""A sale counts as withdrawn when a later file shows it as skipped, and only as often as that file says."""

from datetime import date
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from lepton_spark.ingest.lines.withdrawals import withdrawn_sales

DAY = date(2021, 1, 2)
LINE = "line_hash STRING, occurrence INT, file INT, outcome STRING, line_kind STRING"
COMMON = ("A", "all", DAY, 2.0, None)


def frame(spark: SparkSession, *lines: tuple[str, int, int, str, str]) -> DataFrame:
    schema = f"{LINE}, product_id STRING, location_id STRING, date DATE, quantity DOUBLE, reject STRING"
    return spark.createDataFrame([(*line, *COMMON) for line in lines], schema)


def stored(spark: SparkSession, *lines: tuple[str, int]) -> DataFrame:
    return frame(spark, *((name, number, 0, "", "sale") for name, number in lines))


def files(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([(n, f"file {n}") for n in range(3)], "file INT, content_hash STRING")


def withdrawn(
    lines: DataFrame, earlier: DataFrame | None, *cancelled: tuple[str, int]
) -> list[tuple[str, int]]:
    schema = "line_hash STRING, occurrence INT"
    cancellations = lines.sparkSession.createDataFrame(list(cancelled), schema)
    rows = withdrawn_sales(lines, earlier, cancellations, files(lines.sparkSession)).collect()
    return sorted((row["line_hash"], row["occurrence"]) for row in rows)


def test_sale_of_an_earlier_load_is_withdrawn_once(spark: SparkSession) -> None:
    lines = frame(spark, ("x", 1, 0, "skipped", "sale"), ("y", 1, 0, "accepted", "sale"))
    earlier = stored(spark, ("x", 1), ("z", 1))
    nothing = stored(spark).select("line_hash", "occurrence")
    rows: list[Any] = withdrawn_sales(lines, earlier, nothing, files(spark)).collect()
    assert [row.asDict() for row in rows] == [
        {
            "product_id": "A",
            "location_id": "all",
            "date": DAY,
            "cancelled_on": DAY,
            "quantity": 2.0,
            "line_hash": "x",
            "occurrence": 1,
            "cancel_line_hash": "file 0",
            "cancel_occurrence": 1,
        }
    ]
    assert withdrawn(lines, earlier, ("x", 1)) == []
    assert withdrawn(lines, None) == []


def test_of_equal_sales_only_as_many_are_withdrawn_as_the_file_skips(spark: SparkSession) -> None:
    earlier = stored(spark, ("x", 1), ("x", 2), ("x", 3))
    one = ("x", 1, 0, "skipped", "sale")
    assert withdrawn(frame(spark, one), earlier) == [("x", 3)]
    both = ("x", 2, 0, "skipped", "sale")
    assert withdrawn(frame(spark, one, both), earlier) == [("x", 2), ("x", 3)]
    sold = ("x", 1, 0, "already_loaded", "sale"), ("x", 2, 0, "already_loaded", "sale")
    assert withdrawn(frame(spark, one, both, *sold), earlier) == [("x", 3)]


def test_sales_of_the_same_file_and_of_later_ones_stay(spark: SparkSession) -> None:
    lines = frame(
        spark,
        ("x", 1, 0, "accepted", "sale"),
        ("x", 1, 1, "skipped", "sale"),
        ("y", 1, 1, "accepted", "sale"),
        ("y", 1, 1, "skipped", "sale"),
        ("z", 1, 1, "skipped", "sale"),
        ("z", 1, 2, "accepted", "sale"),
    )
    assert withdrawn(lines, None) == [("x", 1)]


def test_returns_are_not_withdrawn(spark: SparkSession) -> None:
    lines = frame(spark, ("x", 1, 0, "skipped", "return"))
    assert withdrawn(lines, frame(spark, ("x", 1, 0, "", "return"))) == []
