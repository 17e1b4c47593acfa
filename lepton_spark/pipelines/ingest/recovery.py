"""Takes back what a load that never completed left behind."""

import logging
from dataclasses import replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.ingest.lines.daily_sales import DAY, current_lines, derive_sales
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse

log = logging.getLogger(__name__)

WRITTEN_BY_LOADS = ("transactions", "rejects", "cancellations", "open_orders", "files")


def roll_back_incomplete(warehouse: Warehouse, runs: RunLog) -> int:
    """Deletes the rows of every load left running and derives anew the days it changed; how many loads.

    It may itself be cut short and run again: `sales` names the load of each row until it is derived.
    """
    running = (F.col("job") == "ingest") & (F.col("state") == "running")
    left = [row["run_id"] for row in warehouse.read("runs").where(running).select("run_id").collect()]
    for run_id in left:
        run = runs.find(run_id)
        if run is None or run.ingest_batch is None:
            continue
        log.warning("load %s never completed: taking it back", run.ingest_batch)
        for name in WRITTEN_BY_LOADS:
            warehouse.delete(name, F.col("ingest_batch") == F.lit(run.ingest_batch))
        if warehouse.exists("open_orders"):
            warehouse.vacuum("open_orders")
        _derive_again(warehouse, run.ingest_batch)
        runs.fail(replace(run, counts={}, min_date=None, max_date=None))
    return len(left)


def sales_of(warehouse: Warehouse, days: DataFrame) -> DataFrame:
    """`sales` of these product-days out of what is stored, without the load that last changed them.

    days: DAY, each once.
    """
    return derive_sales(current_lines(_lines_of(warehouse, days)), warehouse.read("cancellations"))


def _lines_of(warehouse: Warehouse, days: DataFrame) -> DataFrame:
    months = [row["month"] for row in days.select(F.trunc("date", "MM").alias("month")).distinct().collect()]
    in_months = warehouse.read("transactions").where(F.col("month").isin(months))
    return in_months.join(days, list(DAY), "left_semi")


def _last_changed(warehouse: Warehouse, days: DataFrame) -> DataFrame:
    """DAY, ingest_batch: the latest load with a line of the day, or a cancellation from or on it."""
    lines = _lines_of(warehouse, days).select(*DAY, "ingest_batch", "load_number")
    numbers = warehouse.read("runs").where(F.col("job") == "ingest").select("ingest_batch", "load_number")
    matched = warehouse.read("cancellations").join(F.broadcast(numbers), "ingest_batch")
    sold = matched.select(*lines.columns)
    returned = matched.withColumn("date", F.col("cancelled_on")).select(*lines.columns)
    latest = F.max_by("ingest_batch", "load_number").alias("ingest_batch")
    return lines.union(sold).union(returned).groupBy(*DAY).agg(latest)


def _derive_again(warehouse: Warehouse, ingest_batch: str) -> None:
    if not warehouse.exists("sales"):
        return
    changed = F.col("ingest_batch") == F.lit(ingest_batch)
    days = warehouse.read("sales").where(changed).select(*DAY)
    if not days.isEmpty():
        of_batch = F.col("target.ingest_batch") == F.lit(ingest_batch)
        sales = sales_of(warehouse, days).join(_last_changed(warehouse, days), list(DAY))
        warehouse.merge("sales", sales, delete_unmatched=of_batch)
