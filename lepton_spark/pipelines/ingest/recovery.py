"""Recovery: an incomplete load is rolled back before the next one starts."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.ingest.lines.daily_sales import DAY, current_lines, derive_sales
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse

log = logging.getLogger(__name__)

MAX_DAYS_NAMED = 400
"""Up to so many days are named in a condition; more are looked up by month."""

WRITTEN_BY_LOADS = ("transactions", "rejects", "cancellations", "open_orders", "files")


def roll_back_incomplete(warehouse: Warehouse, runs: RunLog) -> None:
    """Deletes the rows of every incomplete load and recomputes the days that it changed.

    Safe to interrupt and run again: `sales` names the load of each row until the row is recomputed.
    """
    for run in runs.incomplete_loads():
        batch = str(run.ingest_batch)
        log.warning("load %s is incomplete: rolling it back", batch)
        for name in WRITTEN_BY_LOADS:
            warehouse.delete(name, F.col("ingest_batch") == F.lit(batch))
        if warehouse.exists("open_orders"):
            warehouse.vacuum("open_orders")
        _recompute_sales(warehouse, batch)
        runs.fail(replace(run, counts={}, min_date=None, max_date=None))


def sales_of(warehouse: Warehouse, days: DataFrame) -> DataFrame:
    """`sales` of the given product-days, computed from the stored lines; without `ingest_batch`.

    days: DAY, each once.
    """
    return derive_sales(current_lines(_lines_of(warehouse, days)), warehouse.read("cancellations"))


def on_days(days: Sequence[date]) -> Column:
    """Whether a row of `transactions` is of one of these days, in words by which Delta skips files."""
    months = sorted({day.replace(day=1) for day in days})
    of_months = F.col("month").isin(months)
    return of_months if len(days) > MAX_DAYS_NAMED else of_months & F.col("date").isin(sorted(days))


def _lines_of(warehouse: Warehouse, days: DataFrame) -> DataFrame:
    named = [row["date"] for row in days.select("date").distinct().collect()]
    return warehouse.read("transactions").where(on_days(named)).join(days, list(DAY), "left_semi")


def _last_changed(warehouse: Warehouse, days: DataFrame) -> DataFrame:
    """DAY, ingest_batch: the latest load with a line of the day, or with a cancellation from or on it."""
    lines = _lines_of(warehouse, days).select(*DAY, "ingest_batch", "load_number")
    numbers = warehouse.read("runs").where(F.col("job") == "ingest").select("ingest_batch", "load_number")
    matched = warehouse.read("cancellations").join(F.broadcast(numbers), "ingest_batch")
    sold = matched.select(*lines.columns)
    returned = matched.withColumn("date", F.col("cancelled_on")).select(*lines.columns)
    latest = F.max_by("ingest_batch", "load_number").alias("ingest_batch")
    return lines.union(sold).union(returned).groupBy(*DAY).agg(latest)


def _recompute_sales(warehouse: Warehouse, ingest_batch: str) -> None:
    if not warehouse.exists("sales"):
        return
    changed = F.col("ingest_batch") == F.lit(ingest_batch)
    days = warehouse.read("sales").where(changed).select(*DAY)
    if not days.isEmpty():
        of_batch = F.col("target.ingest_batch") == F.lit(ingest_batch)
        sales = sales_of(warehouse, days).join(_last_changed(warehouse, days), list(DAY))
        warehouse.merge("sales", sales, delete_unmatched=of_batch)
