"""What a complete load leaves to be done after it: each step may be cut short and done again."""

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.ingest.lines.cancellations import still_open
from lepton_spark.ingest.lines.deduplication import IDENTITY
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse

MENDED = "rejects_mended"
"""Count of a load: rows of `rejects` that leave once it is complete."""

REINGESTED = "reingested"
"""Count of a load of rejects, and of a file: lines accepted that had been rejected when it was loaded."""


def settle_last(warehouse: Warehouse, runs: RunLog, config: Config) -> None:
    """Settles the last complete load, in case it was cut short between its completion and its settling."""
    last = runs.latest("ingest")
    if last is not None:
        settle(warehouse, str(last.ingest_batch), last.counts, config)


def settle(warehouse: Warehouse, batch: str, counts: Mapping[str, int], config: Config) -> None:
    """Removes what a complete load made stale: rejects judged anew, orders that cannot be cancelled now.

    counts: those of the load.
    """
    if counts.get(MENDED):
        warehouse.delete_keys("rejects", stale_rejects(warehouse, batch))
    if counts.get(REINGESTED):
        _credit_files(warehouse)
    if warehouse.exists("open_orders"):
        _close_orders(warehouse, config.input.cancel_window_days)


def stale_rejects(warehouse: Warehouse, batch: str) -> DataFrame:
    """Earlier rows of `rejects` that a load has judged anew.

    Those of a file it read again, and of a line that it accepted, or rejected for another reason.
    """
    of_load = F.col("ingest_batch") == F.lit(batch)
    earlier = warehouse.read("rejects").where(~of_load)
    files = warehouse.read("files").where(of_load & F.col("lines").isNotNull()).select("content_hash")
    accepted = warehouse.read("transactions").where(of_load).select(*IDENTITY)
    rejected = warehouse.read("rejects").where(of_load).select(*IDENTITY)
    read_again = earlier.join(F.broadcast(files), "content_hash", "left_semi")
    mended = earlier.join(accepted.union(rejected), list(IDENTITY), "left_semi")
    key = (*IDENTITY, "ingest_batch")
    return read_again.select(*key).union(mended.select(*key)).distinct()


def _credit_files(warehouse: Warehouse) -> None:
    """Tells in `files` how many of each file's rejected lines were accepted since; the same if done again."""
    loads = warehouse.read("runs").where(F.col("counts")[REINGESTED] > 0).select("ingest_batch")
    lines = warehouse.read("transactions").join(F.broadcast(loads), "ingest_batch", "left_semi")
    accepted = lines.groupBy("content_hash").agg(F.count("*").alias("n"))
    files = warehouse.read("files").join(accepted, "content_hash")
    others = F.map_filter("counts", lambda name, _: name != F.lit(REINGESTED))
    counts = F.map_concat(others, F.create_map(F.lit(REINGESTED), F.col("n")))
    warehouse.merge("files", files.withColumn("counts", counts).drop("n"))


def _close_orders(warehouse: Warehouse, days: int) -> None:
    """Drops matched and expired orders; their tokens leave the disk with them."""
    orders, matched, loaded = map(warehouse.read, ("open_orders", "cancellations", "transactions"))
    kept = still_open(orders, matched, loaded, days)
    if not orders.join(kept, list(IDENTITY), "left_anti").isEmpty():
        warehouse.overwrite("open_orders", kept)
        warehouse.vacuum("open_orders")
