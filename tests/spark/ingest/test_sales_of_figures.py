"""Sales of new daily figures are the same, to the bit, as sales that are computed from stored lines."""

from datetime import date

from pyspark.sql import SparkSession

from lepton_spark.ingest.lines.daily_sales import derive_sales, sales_of_figures

LINES = (
    "product_id STRING, location_id STRING, date DATE, line_kind STRING, quantity DOUBLE, price DOUBLE, "
    "line_hash STRING, occurrence INT"
)
FIGURES = [
    ("daily", 3.0, 2.99),
    ("daily", 3.0, 0.1),  # three times 0.1, rounded to nine decimals, is not three times the price
    ("daily", 0.0, 1.5),
    ("daily", 7.0, None),
    ("daily", 0.30000000000000004, 0.1),
    ("daily", 123456789.123456789, 1 / 3),
    ("daily_return", 2.0, 4.0),
    ("daily_return", 0.1, None),
]


def test_figures_become_the_same_rows_on_both_ways(spark: SparkSession) -> None:
    rows = [(str(n), "all", date(2021, 1, 1), *figure, str(n), 1) for n, figure in enumerate(FIGURES)]
    lines = spark.createDataFrame(rows, LINES)
    no_cancellations = spark.createDataFrame(
        [],
        "product_id STRING, location_id STRING, date DATE, quantity DOUBLE, cancel_line_hash STRING, "
        "cancel_occurrence INT",
    )
    stored = derive_sales(lines, no_cancellations)
    new = sales_of_figures(lines).select(*stored.columns)
    assert sorted(map(tuple, new.collect())) == sorted(map(tuple, stored.collect()))
    assert new.schema.simpleString() == stored.schema.simpleString()
