"""Takes back what a load that never completed left behind."""

import logging
from dataclasses import replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.ingest.deriving import DAY, derive_sales, latest_figures
from lepton_spark.pipelines.manifest import RunLog
from lepton_spark.tables import Warehouse

log = logging.getLogger(__name__)

WRITTEN_BY_LOADS = ("transactions", "rejects", "cancellations", "open_orders", "files")


def roll_back_incomplete(warehouse: Warehouse, runs: RunLog, kind: str) -> int:
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
        _derive_again(warehouse, run.ingest_batch, kind)
        runs.fail(replace(run, counts={}, min_date=None, max_date=None))
    return len(left)


def sales_of(warehouse: Warehouse, days: DataFrame, kind: str) -> DataFrame:
    """`sales` of these product-days out of what is stored; `ingest_batch` is the latest load of the day.

    days: DAY, each once.
    """
    months = [row["month"] for row in days.select(F.trunc("date", "MM").alias("month")).distinct().collect()]
    lines = (
        warehouse.read("transactions").where(F.col("month").isin(months)).join(days, list(DAY), "left_semi")
    )
    current = latest_figures(lines) if kind == "daily" else lines
    return derive_sales(current, warehouse.read("cancellations"))


def _derive_again(warehouse: Warehouse, ingest_batch: str, kind: str) -> None:
    if not warehouse.exists("sales"):
        return
    changed = F.col("ingest_batch") == F.lit(ingest_batch)
    days = warehouse.read("sales").where(changed).select(*DAY)
    if not days.isEmpty():
        of_batch = F.col("target.ingest_batch") == F.lit(ingest_batch)
        warehouse.merge("sales", sales_of(warehouse, days, kind), delete_unmatched=of_batch)
