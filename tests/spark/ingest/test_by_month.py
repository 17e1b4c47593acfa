"""Accepted lines are written in order of month and series; they change tasks only if they have to."""

from collections.abc import Callable
from datetime import date

import pytest
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from lepton_spark.pipelines.ingest.writing import by_month

N_LINES = 600_000
N_TASKS = 4


def lines(spark: SparkSession, month: Column) -> DataFrame:
    """Lines in N_TASKS tasks; month: their month, from 0, by the column `id`."""
    start, product = F.lit(date(2021, 1, 1)), (F.col("id") * 7 % 500).cast("string")
    ids = spark.range(0, N_LINES, 1, N_TASKS)
    return ids.select(
        F.add_months(start, month).alias("date"),
        product.alias("product_id"),
        F.lit("all").alias("location_id"),
    )


def written(frame: DataFrame) -> DataFrame:
    """Each line with its task, its place there, and what it is sorted by."""
    series = F.pmod(F.hash("product_id", "location_id"), F.lit(1 << 26))
    place = {"task": F.spark_partition_id(), "place": F.monotonically_increasing_id()}
    return frame.withColumns(place | {"key": F.struct(F.trunc("date", "MM"), series)})


@pytest.mark.parametrize(
    ("month", "n_tasks"),
    [(lambda: F.col("id") * 4 / N_LINES, 4), (lambda: F.col("id") % 6, 3)],
    ids=["delivered by day", "delivered by product"],
)
def test_by_month_moves_lines_only_if_tasks_have_many_months(
    spark: SparkSession, month: Callable[[], Column], n_tasks: int
) -> None:
    found = written(by_month(lines(spark, F.floor(month()).cast("int")), N_LINES)).persist()
    assert found.count() == N_LINES
    assert found.select("task").distinct().count() == n_tasks
    before = F.lag("key").over(Window.partitionBy("task").orderBy("place"))
    assert found.withColumn("before", before).where("before > key").isEmpty()
    found.unpersist()
