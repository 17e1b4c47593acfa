"""Daily figures of one load compared with the stored ones."""

from datetime import date
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lepton_spark.ingest.lines.daily_sales import current_figures
from lepton_spark.ingest.lines.deduplication import deduplicate_daily

DAY = date(2021, 1, 1)
STORED = (
    "product_id STRING, location_id STRING, date DATE, line_kind STRING, quantity DOUBLE, price DOUBLE, "
    "load_number INT"
)
NUMBERED = (
    "product_id STRING, location_id STRING, date DATE, line_kind STRING, quantity DOUBLE, price DOUBLE, "
    "file INT, line_number INT, line_hash STRING, content BIGINT, occurrence INT, counts BOOLEAN, "
    "is_repeat BOOLEAN, in_earlier_file BOOLEAN, is_skipped BOOLEAN, "
    "reject STRUCT<reasons: ARRAY<STRING>, words: STRING, line: STRING>"
)


def compared(
    spark: SparkSession, stored: list[tuple[str, float]], new: list[tuple[str, float]], conflicts: str
) -> list[Any]:
    """The new lines of one product-day after deduplication, in their order."""
    before = spark.createDataFrame([("A", "all", DAY, *figure, None, 1) for figure in stored], STORED)
    rows = [
        (
            "A",
            "all",
            DAY,
            *figure,
            None,
            0,
            number,
            f"hash {number}",
            None,
            1,
            True,
            False,
            False,
            False,
            None,
        )
        for number, figure in enumerate(new)
    ]
    numbered = spark.createDataFrame(rows, NUMBERED)  # type: ignore[type-var]
    return (
        deduplicate_daily(numbered, current_figures(before), None, conflicts).orderBy("line_number").collect()
    )


@pytest.mark.parametrize(
    ("stored", "new", "expected"),
    [
        (("daily", 3.0), ("daily", 3.0), ("already_loaded", False)),
        (("daily", 3.0), ("daily_return", 3.0), ("accepted", True)),
        (("daily_return", 3.0), ("daily_return", 3.0), ("already_loaded", False)),
        (("daily", 0.0), ("daily", 0.0), ("already_loaded", False)),
    ],
    ids=["equal", "sale and return of 3", "equal returns", "zero"],
)
def test_daily_figure_is_compared_with_its_sign(
    spark: SparkSession, stored: tuple[str, float], new: tuple[str, float], expected: tuple[str, bool]
) -> None:
    (row,) = compared(spark, [stored], [new], "reject")
    assert (row["outcome"], row["replaces"]) == expected


def test_daily_sale_and_return_of_equal_units_conflict(spark: SparkSession) -> None:
    rows = compared(spark, [], [("daily", 3.0), ("daily_return", 3.0)], "reject")
    assert [row["reject"]["reasons"] for row in rows] == [["conflicting_day"]] * 2
    found = [row["reject"]["words"].partition(" and another")[0] for row in rows]
    assert found == ["product-day: found 3.0", "product-day: found -3.0"]


def test_daily_figures_that_are_summed_are_compared_net_of_returns(spark: SparkSession) -> None:
    rows = compared(spark, [("daily", 5.0), ("daily_return", 2.0)], [("daily", 3.0)], "sum")
    assert [row["outcome"] for row in rows] == ["already_loaded"]
