"""The maintain job: deletes the rows of old runs, compacts small files and vacuums unused ones."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import functions as F

from lepton_spark.pipelines.context import JobContext
from lepton_spark.tables import TABLES, Warehouse

NEVER_DELETED = ("runs", "latest_forecasts")


@dataclass(frozen=True)
class MaintainResult:
    """runs_deleted: by table, the number of complete runs whose rows were deleted."""

    runs_deleted: Mapping[str, int]


def run_maintain(context: JobContext) -> MaintainResult:
    """Applies `retention` to every existing table.

    The rows of the published run are always kept, and those of a full run as long as a run is kept that uses
    its models.
    """
    warehouse, retention = context.warehouse, context.config.retention
    runs = context.runs
    newest = runs.complete_forecasts()
    rows = warehouse.read("latest_forecasts").select("run_id").distinct().collect()
    published = {str(row["run_id"]) for row in rows}
    deleted = {}
    warehouse.clear_build_folder()
    for name, table in TABLES.items():
        if not warehouse.exists(name):
            continue
        with context.stage(f"maintain {name}") as stage:
            if "run_id" in table.column_names and name not in NEVER_DELETED:
                kept = {*newest[: retention.runs_of(name)], *published}
                deleted[name] = _delete_others(warehouse, name, kept | runs.refits_of(kept), newest)
                stage.note(f"{deleted[name]} runs deleted")
            warehouse.compact(name)
            warehouse.vacuum(name, hours=24 * retention.time_travel_days)
    return MaintainResult(deleted)


def _delete_others(warehouse: Warehouse, name: str, kept: set[str], complete: list[str]) -> int:
    """Deletes the rows of all other runs, incomplete ones included; returns how many were complete."""
    present = [str(row["run_id"]) for row in warehouse.read(name).select("run_id").distinct().collect()]
    old = [run for run in present if run not in kept]
    if old:
        warehouse.delete(name, F.col("run_id").isin(old))
    return len([run for run in old if run in complete])
