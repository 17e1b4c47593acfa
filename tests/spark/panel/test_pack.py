"""Packing of days that are out of order, unknown or without a price."""

from datetime import date

import pyarrow as pa
from pyspark.sql import SparkSession

from lepton_spark.panel.pack import dense_lists, pack


def test_unknown_days_and_gaps_are_told_apart(spark: SparkSession) -> None:
    rows = [
        ("a", "all", date(2021, 3, 4), None, 2.0),
        ("a", "all", date(2021, 3, 1), 5.0, None),
        ("a", "all", date(2021, 3, 3), 0.0, 1.0),
    ]
    sales = spark.createDataFrame(
        rows, "product_id string, location_id string, date date, quantity double, price double"
    )
    (row,) = pack(sales).collect()
    assert (row.first_date, row.quantity) == (date(2021, 3, 1), [5.0, None, 0.0, -1.0])
    assert row.price == [None, None, 1.0, 2.0]


def test_part_of_a_batch_of_lists_is_placed_on_its_days() -> None:
    days = pa.array([[9], [7, 5], [3, 4]], pa.list_(pa.int32())).slice(1)
    units = pa.array([[0.0], [1.0, 2.0], [3.0, 4.0]]).slice(1)
    first, lists = dense_lists(days, {"quantity": units})
    assert first.tolist() == [5, 3]
    assert lists["quantity"].to_pylist() == [[2.0, None, 1.0], [3.0, 4.0]]
