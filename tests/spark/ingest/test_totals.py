"""A line of totals is recognised, and a product that only sells much is not taken for one."""

from datetime import date

import pytest
from pyspark.sql import SparkSession

from lepton_spark.ingest.lines.totals import product_of_totals

FIGURES = "file INT, product_id STRING, location_id STRING, date DATE, line_kind STRING, quantity DOUBLE"


def found(spark: SparkSession, days: list[dict[str, float]], *, file: int = 0) -> object:
    rows = [
        (file, product, "all", date(2021, 1, 1 + day), "daily", units)
        for day, figures in enumerate(days)
        for product, units in figures.items()
    ]
    other = [(9, "Z", "all", date(2021, 1, 1 + day), "daily", 77.0) for day in range(len(days))]
    return product_of_totals(spark.createDataFrame([*rows, *other], FIGURES))


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([{"A": 2.5, "B": day + 1.0, "Sum": day + 3.5} for day in range(5)], ("Sum", 5, 5)),
        ([{"A": 2.5, "B": day + 1.0, "Sum": day + 3.5} for day in range(4)], None),
        ([{"A": 2.0, "B": 3.0, "Sum": 5.0}] * 8 + [{"A": 2.0, "B": 3.0, "Sum": 9.0}], None),
        ([{"A": 2.0, "B": 3.0, "Sum": 5.0}] * 9 + [{"A": 2.0, "B": 3.0, "Sum": 9.0}], ("Sum", 9, 10)),
        ([{"A": 3.0, "B": 3.0}] * 9, None),
        ([{"A": 0.0, "B": 0.0, "C": 0.0}] * 9, None),
    ],
    ids=["totals", "too few days", "too often not", "often enough", "two products", "zeros"],
)
def test_product_of_totals(
    spark: SparkSession, days: list[dict[str, float]], expected: tuple[str, int, int] | None
) -> None:
    assert found(spark, days) == expected
