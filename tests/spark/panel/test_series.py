"""Packing of daily sales, and packed series as known at a cutoff."""

from datetime import date

from pyspark.sql import SparkSession

from lepton_spark.panel.pack import pack
from lepton_spark.panel.series import run_series

SALES = "product_id string, location_id string, date date, quantity double, price double"
CANCELLATIONS = "product_id string, location_id string, date date, cancelled_on date, quantity double"


def test_pack_makes_a_row_per_year_with_nulls_where_sales_has_no_row(spark: SparkSession) -> None:
    sales = spark.createDataFrame(
        [
            ("a", "all", date(2024, 1, 2), 7.0, None),
            ("a", "all", date(2023, 12, 31), 3.0, 2.5),
            ("a", "all", date(2023, 12, 28), 1.0, 2.0),
            ("a", "shop", date(2023, 12, 30), 4.0, 1.0),
        ],
        SALES,
    )
    rows = pack(sales).orderBy("location_id", "chunk").collect()
    assert [tuple(row) for row in rows] == [
        ("a", "all", 2023, date(2023, 12, 28), [1.0, None, None, 3.0], [2.0, None, None, 2.5]),
        ("a", "all", 2024, date(2024, 1, 2), [7.0], [None]),
        ("a", "shop", 2023, date(2023, 12, 30), [4.0], [1.0]),
    ]


def test_run_series_restores_units_cancelled_after_the_cutoff(spark: SparkSession) -> None:
    panel = spark.createDataFrame(
        [
            ("a", "all", date(2023, 12, 30), [1.0, None]),
            ("a", "all", date(2024, 1, 2), [2.0, 0.0, 9.0]),
            ("later", "all", date(2024, 1, 4), [5.0]),
        ],
        "product_id string, location_id string, first_date date, quantity array<double>",
    )
    cancelled = [
        ("a", "all", date(2024, 1, 3), date(2024, 1, 5), 4.0),  # still a sale at the cutoff
        ("a", "all", date(2024, 1, 3), date(2024, 1, 6), 0.5),
        ("a", "all", date(2024, 1, 2), date(2024, 1, 3), 100.0),  # cancelled by then
        ("a", "all", date(2024, 1, 4), date(2024, 1, 5), 100.0),  # not sold yet
    ]
    cancellations = spark.createDataFrame(cancelled, CANCELLATIONS)
    rows = run_series(panel, cancellations, date(2024, 1, 3), 4).orderBy("first_day").collect()
    assert [(row.product_id, row.location_id, row.first_day, row.quantity) for row in rows] == [
        ("a", "all", 19721, [1.0, None]),  # 2023-12-30
        ("a", "all", 19724, [2.0, 4.5]),
    ]
    assert rows[0].batch == rows[1].batch
    assert 0 <= rows[0].batch < 4
