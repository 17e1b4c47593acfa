"""Cleaning up after a complete load; every step can be interrupted and run again."""

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.ingest.lines.cancellations import still_open
from lepton_spark.ingest.lines.deduplication import IDENTITY
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse

RESOLVED_REJECTS = "rejects_mended"
"""Count of a load: rows of `rejects` to be deleted once the load is complete."""

REINGESTED = "reingested"
"""Count of a re-ingesting load, and of a file: accepted lines that were rejected when the file was loaded."""


def clean_up_last(warehouse: Warehouse, runs: RunLog, config: Config) -> None:
    """Cleans up after the last complete load, in case it was interrupted before it had cleaned up."""
    last = runs.latest("ingest")
    if last is not None:
        clean_up(warehouse, str(last.ingest_batch), last.counts, config)


def clean_up(warehouse: Warehouse, batch: str, counts: Mapping[str, int], config: Config) -> None:
    """Deletes what a complete load has made obsolete: resolved rejects and orders that are no longer open.

    counts: those of the load.
    """
    if counts.get(RESOLVED_REJECTS):
        warehouse.delete_keys("rejects", resolved_rejects(warehouse, batch))
    if counts.get(REINGESTED):
        _update_file_counts(warehouse)
    if warehouse.exists("open_orders"):
        _close_orders(warehouse, config.input.cancel_window_days)


def resolved_rejects(warehouse: Warehouse, batch: str) -> DataFrame:
    """Earlier rows of `rejects` that a load has replaced.

    Those are the rows of files that it read again, and of lines that it accepted or rejected for another
    reason.
    """
    of_load = F.col("ingest_batch") == F.lit(batch)
    earlier = warehouse.read("rejects").where(~of_load)
    files = warehouse.read("files").where(of_load & F.col("lines").isNotNull()).select("content_hash")
    accepted = warehouse.read("transactions").where(of_load).select(*IDENTITY)
    rejected = warehouse.read("rejects").where(of_load).select(*IDENTITY)
    read_again = earlier.join(F.broadcast(files), "content_hash", "left_semi")
    replaced = earlier.join(accepted.union(rejected), list(IDENTITY), "left_semi")
    key = (*IDENTITY, "ingest_batch")
    return read_again.select(*key).union(replaced.select(*key)).distinct()


def _update_file_counts(warehouse: Warehouse) -> None:
    """Writes to `files` how many rejected lines of each file were accepted later; idempotent."""
    loads = warehouse.read("runs").where(F.col("counts")[REINGESTED] > 0).select("ingest_batch")
    lines = warehouse.read("transactions").join(F.broadcast(loads), "ingest_batch", "left_semi")
    accepted = lines.groupBy("content_hash").agg(F.count("*").alias("n"))
    files = warehouse.read("files").join(accepted, "content_hash")
    others = F.map_filter("counts", lambda name, _: name != F.lit(REINGESTED))
    counts = F.map_concat(others, F.create_map(F.lit(REINGESTED), F.col("n")))
    warehouse.merge("files", files.withColumn("counts", counts).drop("n"))


def _close_orders(warehouse: Warehouse, days: int) -> None:
    """Deletes matched and expired orders, and their customer tokens from the files."""
    orders, matched, loaded = map(warehouse.read, ("open_orders", "cancellations", "transactions"))
    kept = still_open(orders, matched, loaded, days)
    if not orders.join(kept, list(IDENTITY), "left_anti").isEmpty():
        warehouse.overwrite("open_orders", kept)
        warehouse.vacuum("open_orders")
