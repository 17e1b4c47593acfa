"""Whole runs of lepton: all days from new files to published forecasts, then one more day."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from lepton_spark.config import Config, SparkSettings
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.run import RunResult, run_all
from lepton_spark.session import open_session
from lepton_spark.tables import Warehouse
from speed_parts.catalogue import Catalogue
from speed_parts.event_log import spark_settings, tasks_of
from speed_parts.measures import COLUMNS, Rows, Stages, Subject, rows_of

REFIT_DAYS = 7
"""Of both runs: the first one is a full run, the one a day later keeps its models."""
ALL = "all"
FULL_RUN, NEXT_DAY = "full run", "one more day"


def full_run(catalogue: Catalogue, scratch: Path, memory: str) -> Rows:
    """Load all days into tables that do not exist yet, forecast and publish."""
    shutil.rmtree(scratch / "tables", ignore_errors=True)
    shutil.rmtree(scratch / "delivered", ignore_errors=True)
    shutil.copytree(catalogue.history, scratch / "delivered", copy_function=os.link)
    return _measured(catalogue, FULL_RUN, scratch, memory)


def next_day(catalogue: Catalogue, scratch: Path, memory: str) -> Rows:
    """After `full_run`: load the lines of one more day, forecast with the kept models and publish."""
    (scratch / "delivered" / catalogue.next_day.name).hardlink_to(catalogue.next_day)
    return _measured(catalogue, NEXT_DAY, scratch, memory)


def _measured(catalogue: Catalogue, work: str, scratch: Path, memory: str) -> Rows:
    events, stages = scratch / "events", Stages()
    result = _run(_configuration(scratch, spark_settings(events, memory)), stages)
    if not result.publish.published:
        raise RuntimeError(f"{work}: {result.publish.why}")
    whole, *costs = stages.costs
    n_series, n_lines = result.forecast.n_series, result.ingest.counts["lines_read"]
    return rows_of([*costs, whole], tasks_of(events), Subject(catalogue.n_products, work, n_series, n_lines))


def _run(config: Config, stages: Stages) -> RunResult:
    spark = open_session(config.spark, "speed")
    spark.range(1_000_000).selectExpr("sum(id)").collect()
    warehouse = Warehouse(spark, config.warehouse.root)
    context = JobContext(spark, warehouse, config, lambda: datetime.now(UTC), stages)
    with stages.stage(ALL):
        result = run_all(context, on_ingested=lambda _: None)
    spark.stop()
    return result


def _configuration(scratch: Path, spark: SparkSettings) -> Config:
    delivered = {"path": str(scratch / "delivered"), "format": "parquet", "kind": "daily", "columns": COLUMNS}
    return Config.model_validate(
        {
            "warehouse": {"root": str(scratch / "tables")},
            "input": delivered,
            "forecast": {"refit_days": REFIT_DAYS},
            "spark": spark,
        }
    )
