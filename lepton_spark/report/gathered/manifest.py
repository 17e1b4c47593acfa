"""The manifest of a run, from `runs`."""

from datetime import UTC

from pyspark.sql import Row
from pyspark.sql import functions as F

from lepton_spark.report.page.figures import Manifest, StageRun
from lepton_spark.tables import Warehouse

SHOWN = 12
"""Jobs that the page lists."""


def find_manifest(warehouse: Warehouse, run_id: str) -> Manifest:
    """What the run was made of, and the last jobs of the warehouse."""
    runs = warehouse.read("runs")
    run = runs.where(F.col("run_id") == F.lit(run_id)).collect()[0]
    columns = ("job", "run_id", "finished_at", "seconds", "counts")
    last = runs.where("finished_at is not null").orderBy(F.desc("finished_at"), "run_id")
    return Manifest(
        code_version=run["code_version"] or "",
        library_versions=dict(sorted((run["library_versions"] or {}).items())),
        input_fingerprint=run["input_fingerprint"] or "",
        settings_id=run["settings_id"] or "",
        config=run["config"] or "",
        stages=tuple(map(_stage, last.select(*columns).limit(SHOWN).collect())),
    )


def _stage(row: Row) -> StageRun:
    counts = {name: count for name, count in sorted((row["counts"] or {}).items()) if count}
    finished_at = row["finished_at"].astimezone(UTC)  # PySpark returns the local time, without a zone
    return StageRun(row["job"], row["run_id"], finished_at, row["seconds"], counts)
