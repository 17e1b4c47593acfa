"""Runs monitoring when sales have changed: a stream over the change data feed of `sales`."""

import logging
import time
from collections.abc import Callable

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame

from lepton_spark.errors import InputError, LeaseError, explain
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.panel import sales_version
from lepton_spark.tables.delta.change_feed import change_stream

log = logging.getLogger(__name__)

LEASE_SECONDS = 10.0
"""Time between two attempts while another job holds the lease, such as the one that changes `sales`."""


def follow_sales(context: JobContext, monitor: Callable[[], None], seconds: int | None = None) -> None:
    """Monitors if `sales` has changed since this was last called, or for the first time.

    A change that is seen twice changes nothing, as scored periods are never scored again.

    monitor: scores what is due, with the lease held, which is free in between. seconds: if given, looks
    again after so many and never returns.

    Raises: InputError without sales, or when changes since the last time are no longer there; what `monitor`
    raises.
    """
    sales_version(context.warehouse)
    failures: list[Exception] = []

    def on_changes(changed: DataFrame, _: int) -> None:
        if changed.isEmpty():
            return
        try:
            _once_leased(monitor)
        except Exception as error:  # raised again below, without Spark's own words around it
            failures.append(error)
            raise

    checkpoint = context.warehouse.checkpoint("monitor")
    writer = change_stream(context.spark, context.warehouse, "sales").writeStream.foreachBatch(on_changes)
    writer = writer.option("checkpointLocation", checkpoint)
    if seconds is None:
        writer = writer.trigger(availableNow=True)
    else:
        writer = writer.trigger(processingTime=f"{seconds} seconds")
    query = writer.start()
    try:
        query.awaitTermination()
    except StreamingQueryException as error:
        if failures:
            raise failures[0] from None
        found, remedy = str(error).partition("\n")[0], f"Delete {checkpoint} and run again."
        raise InputError(explain("changes of sales", found, "all since the last time", remedy)) from error
    finally:
        query.stop()


def _once_leased(monitor: Callable[[], None]) -> None:
    while True:
        try:
            return monitor()
        except LeaseError as error:
            log.info("waiting for the lease: %s", error)
            time.sleep(LEASE_SECONDS)
