"""Upkeep: rows of runs that are no longer kept go, small files are joined, files of the past are deleted."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import Config, RetentionSettings
from lepton_spark.pipelines.context import Progress
from lepton_spark.tables import TABLES, Warehouse

NEVER_DELETED = ("runs", "latest_forecasts")


@dataclass(frozen=True)
class MaintainResult:
    """By table: how many runs' rows were deleted, of those that were kept so long."""

    runs_deleted: Mapping[str, int]


def maintain(spark: SparkSession, config: Config, progress: Progress) -> MaintainResult:
    """Within `retention`, for every table that stands; the published run's rows always stay."""
    warehouse = Warehouse(spark, config.warehouse.root)
    newest = _forecast_runs(warehouse)
    rows = warehouse.read("latest_forecasts").select("run_id").distinct().collect()
    published = {str(row["run_id"]) for row in rows}
    deleted = {}
    warehouse.clear_build_folder()
    for name, table in TABLES.items():
        if not warehouse.exists(name):
            continue
        with progress.stage(f"maintain {name}") as stage:
            if "run_id" in table.column_names and name not in NEVER_DELETED:
                kept = {*newest[: _runs_kept(config.retention, name)], *published}
                deleted[name] = _delete_others(warehouse, name, kept, newest)
                stage.note(f"{deleted[name]} runs deleted")
            warehouse.compact(name)
            warehouse.vacuum(name, hours=24 * config.retention.time_travel_days)
    return MaintainResult(deleted)


def _runs_kept(retention: RetentionSettings, name: str) -> int:
    own = {str(table): kept for table, kept in retention.tables.items()}
    return own.get(name, retention.runs)


def _forecast_runs(warehouse: Warehouse) -> list[str]:
    """Complete forecast runs, the last first."""
    complete = (F.col("job") == F.lit("forecast")) & (F.col("state") == F.lit("complete"))
    rows = warehouse.read("runs").where(complete).orderBy(F.col("finished_at").desc(), "run_id").collect()
    return [str(row["run_id"]) for row in rows]


def _delete_others(warehouse: Warehouse, name: str, kept: set[str], complete: list[str]) -> int:
    """Rows of complete runs that are no longer kept, and of runs that never completed."""
    there = [str(row["run_id"]) for row in warehouse.read(name).select("run_id").distinct().collect()]
    gone = [run for run in there if run not in kept]
    if gone:
        warehouse.delete(name, F.col("run_id").isin(gone))
    return len([run for run in gone if run in complete])
