"""Cleaning up after a complete load; every step can be interrupted and run again."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType

from lepton_spark.config import Config
from lepton_spark.ingest.lines.cancellations import still_open
from lepton_spark.ingest.lines.identity import IDENTITY, OF_TICKET, REJECT_KEY
from lepton_spark.ingest.lines.reading.parsing import code
from lepton_spark.pipelines.caching import persisted
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse

POSITION = ("content_hash", "line_number")
"""The place of a line: its file, and its number in it."""

RESOLVED_REJECTS = "rejects_mended"
"""Count of a load: rows of `rejects` to be deleted once the load is complete."""

REINGESTED = "reingested"
"""Count of a re-ingesting load, and of a file: accepted lines that were rejected when the file was loaded."""


def clean_up_last(warehouse: Warehouse, runs: RunLog, config: Config) -> None:
    """Cleans up after the last complete load, in case it was interrupted before it had cleaned up.

    It leaves the orders to the end of the present load: until then they match nothing.
    """
    last = runs.latest("ingest")
    if last is not None:
        _clean_rejects(warehouse, str(last.ingest_batch), last.counts, config)


def clean_up(warehouse: Warehouse, batch: str, counts: Mapping[str, int], config: Config) -> None:
    """Deletes what a complete load has made obsolete: resolved rejects and orders that are no longer open.

    counts: those of the load.
    """
    _clean_rejects(warehouse, batch, counts, config)
    close_orders(warehouse, config.input.cancel_window_days)


def _clean_rejects(warehouse: Warehouse, batch: str, counts: Mapping[str, int], config: Config) -> None:
    if counts.get(RESOLVED_REJECTS):
        with resolved_rejects(warehouse, batch, config.tickets) as resolved:
            if resolved is not None:
                warehouse.delete_keys("rejects", resolved)
    if counts.get(REINGESTED):
        _update_file_counts(warehouse)


@contextmanager
def resolved_rejects(warehouse: Warehouse, batch: str, tickets: Sequence[str]) -> Iterator[DataFrame | None]:
    """The keys of earlier rows of `rejects` that a load has replaced, cached; None if there are none.

    Those are the rows of files that it read again, and of lines that it accepted or rejected for another
    reason. A line that is valid now may have another identity, but it is in the same place of its file; one
    that was delivered again with a correction has the same ticket, product and day.
    tickets: the source columns of tickets.
    """
    of_load = F.col("ingest_batch") == F.lit(batch)
    earlier = warehouse.read("rejects").where(~of_load)
    if earlier.isEmpty():
        yield None
        return
    files = warehouse.read("files").where(of_load & F.col("lines").isNotNull()).select("content_hash")
    accepted = warehouse.read("transactions").where(of_load)
    rejected = warehouse.read("rejects").where(of_load)
    of_identity = accepted.select(*IDENTITY).union(rejected.select(*IDENTITY))
    replaced = [
        earlier.join(F.broadcast(files), "content_hash", "left_semi"),
        earlier.join(of_identity, list(IDENTITY), "left_semi"),
        earlier.join(accepted.select(*POSITION), list(POSITION), "left_semi"),
    ]
    for ticket in tickets:
        of_ticket = F.element_at(F.from_json("line", "map<string, string>"), F.lit(ticket))
        named = earlier.withColumn("transaction_id", code(of_ticket, StringType()))
        replaced.append(named.join(accepted.select(*OF_TICKET), list(OF_TICKET), "left_semi"))
    keys = reduce(DataFrame.union, (rows.select(*REJECT_KEY) for rows in replaced)).distinct()
    with persisted(keys) as resolved:
        yield None if resolved.isEmpty() else resolved


def _update_file_counts(warehouse: Warehouse) -> None:
    """Writes to `files` how many rejected lines of each file were accepted later; idempotent."""
    loads = warehouse.read("runs").where(F.col("counts")[REINGESTED] > 0).select("ingest_batch")
    lines = warehouse.read("transactions").join(F.broadcast(loads), "ingest_batch", "left_semi")
    accepted = lines.groupBy("content_hash").agg(F.count("*").alias("n"))
    files = warehouse.read("files").join(accepted, "content_hash")
    others = F.map_filter("counts", lambda name, _: name != F.lit(REINGESTED))
    counts = F.map_concat(others, F.create_map(F.lit(REINGESTED), F.col("n")))
    warehouse.merge("files", files.withColumn("counts", counts).drop("n"))


def window_start(warehouse: Warehouse, days: int) -> date:
    """The first day of the cancellation window, which ends with the latest day of `transactions`."""
    row = warehouse.read("transactions").agg(F.max("date").alias("newest")).first()
    newest = None if row is None else row["newest"]
    return date.min if newest is None else newest - timedelta(days=days)


def close_orders(warehouse: Warehouse, days: int) -> None:
    """Deletes matched and expired orders, and their customer tokens from the files."""
    if not warehouse.exists("open_orders"):
        return
    orders = warehouse.read("open_orders")
    kept = still_open(orders, warehouse.read("cancellations"), window_start(warehouse, days))
    if orders.count() > kept.count():
        warehouse.overwrite("open_orders", kept)
        warehouse.vacuum("open_orders")
