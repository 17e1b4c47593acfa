"""Deletes the lines of files that `lepton unload` takes back."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.ingest.lines.identity import IDENTITY
from lepton_spark.tables import Warehouse

UNLOADED = "unloaded"
"""The reason in `files` of a file whose lines were taken back."""

UNLOADED_LINES = "unloaded_lines"
"""Count of a run that takes lines back."""


def delete_unloaded_lines(warehouse: Warehouse) -> None:
    """Deletes the lines of files that are marked as unloaded, and cancellations by or of these lines."""
    marked = warehouse.read("files").where(F.col("reason") == F.lit(UNLOADED))
    hashes = [row["content_hash"] for row in marked.select("content_hash").collect()]
    of_files = F.col("content_hash").isin(hashes)
    cancelled = cancellations_of(warehouse, hashes)
    if not cancelled.isEmpty():
        warehouse.delete_keys("cancellations", cancelled)
    if warehouse.exists("open_orders"):
        lines = warehouse.read("transactions").where(of_files)
        warehouse.delete_keys("open_orders", lines.select(*IDENTITY))
        warehouse.vacuum("open_orders")
    for name in ("rejects", "transactions"):
        warehouse.delete(name, of_files)


def cancellations_of(warehouse: Warehouse, hashes: Sequence[str]) -> DataFrame:
    """Rows of `cancellations` of which the sale or the return is a line of files with these content hashes.

    Adds has_sale and has_return, whether the files hold the sale and the return; and is_match, false for a
    sale that was withdrawn by `input.skip_where`: its `cancel_line_hash` is the content hash of a file.
    """
    lines = warehouse.read("transactions").where(F.col("content_hash").isin(list(hashes))).select(*IDENTITY)
    is_there = F.lit(True)
    sales = lines.withColumn("has_sale", is_there)
    returns = lines.select(
        F.col("line_hash").alias("cancel_line_hash"),
        F.col("occurrence").alias("cancel_occurrence"),
        is_there.alias("has_return"),
    )
    joined = (
        warehouse.read("cancellations")
        .join(sales, list(IDENTITY), "left")
        .join(returns, ["cancel_line_hash", "cancel_occurrence"], "left")
    )
    of_files = warehouse.read("files").select(F.col("content_hash").alias("cancel_line_hash"))
    marked = joined.join(of_files.withColumn("by_file", is_there), "cancel_line_hash", "left")
    known = {name: F.coalesce(name, F.lit(False)) for name in ("has_sale", "has_return")}
    flagged = marked.withColumns(known | {"is_match": F.col("by_file").isNull()})
    withdrawn_by_these = F.col("cancel_line_hash").isin(list(hashes))
    return flagged.where(F.col("has_sale") | F.col("has_return") | withdrawn_by_these)
