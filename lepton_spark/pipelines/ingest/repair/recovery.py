"""Recovery: an incomplete load is rolled back before the next one starts."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.ingest.lines.daily_sales import (
    current_lines,
    derive_sales,
    unknown_days,
    with_unknown_days,
)
from lepton_spark.ingest.lines.identity import DAY, REJECT_KEY
from lepton_spark.pipelines.ingest.repair.unloaded_lines import UNLOADED_LINES, delete_unloaded_lines
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse

log = logging.getLogger(__name__)

MAX_DAYS_NAMED = 400
"""A condition names at most this many days; if there are more, it names only their months or years."""

WRITTEN_BY_LOADS = ("transactions", "rejects", "cancellations", "open_orders", "files")


def roll_back_incomplete(warehouse: Warehouse, runs: RunLog) -> None:
    """Deletes the rows of every incomplete load and recomputes the days that it changed.

    A run that was taking lines back is finished instead, if it had come so far as to mark its files. Safe
    to interrupt and run again: `sales` names the load of each row until the row is recomputed.
    """
    for run in runs.incomplete_loads():
        batch = str(run.ingest_batch)
        log.warning("load %s is incomplete: rolling it back", batch)
        for name in WRITTEN_BY_LOADS:
            warehouse.delete(name, F.col("ingest_batch") == F.lit(batch))
        if warehouse.exists("open_orders"):
            warehouse.vacuum("open_orders")
        if UNLOADED_LINES in run.counts:
            delete_unloaded_lines(warehouse)
        recompute_sales(warehouse, batch)
        runs.fail(replace(run, counts={}, min_date=None, max_date=None))


def replace_sales(
    warehouse: Warehouse, days: DataFrame, ingest_batch: Column, resolved: DataFrame | None
) -> None:
    """Computes the rows of `sales` of these product-days from the stored lines, and writes them.

    days: DAY, each once. resolved: keys of `rejects` that no longer make a day unknown.
    """
    dates = dates_of(days)
    sales = _sales_of(warehouse, days, dates, resolved)
    if not warehouse.exists("sales"):
        warehouse.append("sales", sales.withColumn("ingest_batch", ingest_batch))
        return
    warehouse.merge(
        "sales", sales.withColumn("ingest_batch", ingest_batch), within=sales_on_days(dates, "target.")
    )
    if resolved is not None:  # a day may have had nothing but a line that is an exclusion now
        warehouse.delete_keys("sales", days.join(sales, list(DAY), "left_anti"))


def _sales_of(
    warehouse: Warehouse, days: DataFrame, dates: Sequence[date], resolved: DataFrame | None = None
) -> DataFrame:
    """`sales` of product-days without `ingest_batch`. dates: of the days, so that Delta can skip files."""
    lines = warehouse.read("transactions").where(on_days(dates)).join(days, list(DAY), "left_semi")
    sales = derive_sales(current_lines(lines), warehouse.read("cancellations"))
    rejects = _rejects_on(warehouse, dates)
    if rejects is None:
        return sales
    if resolved is not None:
        rejects = rejects.join(resolved, list(REJECT_KEY), "left_anti")
    on_these_days = rejects.join(days, list(DAY), "left_semi")
    return with_unknown_days(sales, lines, unknown_days(with_load_number(warehouse, on_these_days)))


def _rejects_on(warehouse: Warehouse, dates: Sequence[date]) -> DataFrame | None:
    rejects = warehouse.read("rejects")
    if len(dates) <= MAX_DAYS_NAMED:
        rejects = rejects.where(_among("date", dates))
    return None if rejects.isEmpty() else rejects


def dates_of(lines: DataFrame) -> list[date]:
    """The days of these lines; collected, because there are few."""
    rows = lines.select("date").where(F.col("date").isNotNull()).distinct().collect()
    return sorted(row["date"] for row in rows)


def with_load_number(warehouse: Warehouse, rows: DataFrame) -> DataFrame:
    """Rows with the number of the load in their `ingest_batch`; a load in progress is not in `runs` yet."""
    started = [row for row in warehouse.started_runs().read().values() if row["job"] == "ingest"]
    loads = warehouse.read("runs").where(F.col("job") == F.lit("ingest"))
    both = loads.unionByName(warehouse.rows("runs", started), allowMissingColumns=True) if started else loads
    numbers = both.select("ingest_batch", "load_number").distinct()
    return rows.join(F.broadcast(numbers), "ingest_batch")


def on_days(dates: Sequence[date]) -> Column:
    """Condition on `transactions`: the row is of one of these days. Delta can skip files by it."""
    of_months = _among("month", sorted({day.replace(day=1) for day in dates}))
    return of_months if len(dates) > MAX_DAYS_NAMED else of_months & _among("date", dates)


def sales_on_days(dates: Sequence[date], prefix: str = "") -> Column:
    """The same for `sales`; prefix: of its columns, such as `target.` in a merge."""
    of_years = F.col(f"{prefix}year").isin(sorted({day.year for day in dates}))
    return of_years if len(dates) > MAX_DAYS_NAMED else of_years & _among(f"{prefix}date", dates)


def _among(column: str, days: Sequence[date]) -> Column:
    """Whether a column is one of these days; as one text, because `isin` calls Java six times for each."""
    listed = ", ".join(f"DATE'{day}'" for day in days)
    return F.expr(f"{column} IN ({listed})") if days else F.lit(False)


def _last_changed(warehouse: Warehouse, days: DataFrame, dates: Sequence[date]) -> DataFrame:
    """DAY, ingest_batch: the latest load with a line of the day, or with a cancellation from or on it."""
    stored = warehouse.read("transactions").where(on_days(dates)).join(days, list(DAY), "left_semi")
    matched = warehouse.read("cancellations")
    returned = matched.withColumn("date", F.col("cancelled_on"))
    frames = (stored, warehouse.read("rejects"), matched, returned)
    changes = (frame.select(*DAY, "ingest_batch") for frame in frames)
    latest = F.max_by("ingest_batch", "load_number").alias("ingest_batch")
    return with_load_number(warehouse, reduce(DataFrame.union, changes)).groupBy(*DAY).agg(latest)


def recompute_sales(warehouse: Warehouse, ingest_batch: str) -> None:
    """Computes the rows of `sales` that name this load from the stored lines."""
    if not warehouse.exists("sales"):
        return
    changed = F.col("ingest_batch") == F.lit(ingest_batch)
    days = warehouse.read("sales").where(changed).select(*DAY)
    if not days.isEmpty():
        dates = dates_of(days)
        of_batch = F.col("target.ingest_batch") == F.lit(ingest_batch)
        sales = _sales_of(warehouse, days, dates).join(_last_changed(warehouse, days, dates), list(DAY))
        warehouse.merge("sales", sales, delete_unmatched=of_batch)
