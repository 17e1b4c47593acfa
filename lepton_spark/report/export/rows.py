"""The rows that a planner can take away, in the order of the file."""

from enum import StrEnum

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.report.explanation.explained import published_run
from lepton_spark.tables import Warehouse

ROWS_PER_PART = 100_000
"""Rows that reach the driver in one go."""


class Exported(StrEnum):
    """What can be exported."""

    FORECASTS = "forecasts"
    ORDERS = "orders"
    REJECTS = "rejects"


def exported_rows(warehouse: Warehouse, what: Exported) -> DataFrame:
    """The published forecasts, the orders of their run, or the rejected lines, in parts, each sorted.

    Raises: InputError for forecasts or orders if nothing is published.
    """
    if what is Exported.FORECASTS:
        published_run(warehouse)
        return _sorted(warehouse.read("latest_forecasts"), "product_id", "location_id", "date")
    if what is Exported.ORDERS:
        of_run = F.col("run_id") == F.lit(published_run(warehouse))
        return _sorted(warehouse.read("inventory").where(of_run), "product_id", "location_id")
    reasons = F.array_join("reasons", ", ")
    rows = warehouse.read("rejects").withColumn("reasons", reasons)
    return _sorted(rows, "file", "line_number", "line_hash", "occurrence", "ingest_batch")


def _sorted(rows: DataFrame, *columns: str) -> DataFrame:
    n_parts = 1 + rows.count() // ROWS_PER_PART
    return rows.repartitionByRange(n_parts, *columns).sortWithinPartitions(*columns)
