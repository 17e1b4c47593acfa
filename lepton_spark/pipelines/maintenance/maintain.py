"""The maintain job: deletes the rows of old runs, compacts small files and vacuums unused ones."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame
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
    newest, challengers = runs.complete_forecasts(), runs.complete_forecasts("challenger")
    rows = warehouse.read("latest_forecasts").select("run_id").distinct().collect()
    published = {str(row["run_id"]) for row in rows}
    warehouse.clear_build_folder()
    tables = [name for name in TABLES if warehouse.exists(name)]
    of_runs = [name for name in tables if "run_id" in TABLES[name].column_names and name not in NEVER_DELETED]
    present, deleted = _runs_in(warehouse, of_runs), {}
    for name in tables:
        with context.stage(f"maintain {name}") as stage:
            if name in of_runs:
                n_kept = retention.runs_of(name)
                kept = {*newest[:n_kept], *challengers[:n_kept], *published}
                old = present[name] - kept - runs.refits_of(kept)
                deleted[name] = _delete(warehouse, name, old, [*newest, *challengers])
                stage.note(f"{deleted[name]} runs deleted")
            warehouse.compact(name)
            warehouse.vacuum(name, hours=24 * retention.time_travel_days)
    return MaintainResult(deleted)


def _runs_in(warehouse: Warehouse, names: Sequence[str]) -> Mapping[str, set[str]]:
    """The runs that each table has rows of, incomplete ones included; asked for all tables at once."""
    found = defaultdict[str, set[str]](set)
    if names:
        by_table = (warehouse.read(name).select(F.lit(name).alias("name"), "run_id") for name in names)
        for row in reduce(DataFrame.unionAll, by_table).distinct().collect():
            found[row["name"]].add(row["run_id"])
    return found


def _delete(warehouse: Warehouse, name: str, old: Collection[str], complete: Sequence[str]) -> int:
    """Deletes the rows of these runs; returns how many were complete."""
    if old:
        warehouse.delete(name, F.col("run_id").isin(*old))
    return len([run for run in old if run in complete])
