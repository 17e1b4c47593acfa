"""The panel job: packs the sales of years that have changed."""

from dataclasses import dataclass, replace

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.errors import InputError, explain
from lepton_spark.panel.pack import pack
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.runs.run_id import fingerprint_of
from lepton_spark.pipelines.runs.run_log import Run, RunLog
from lepton_spark.tables import Warehouse
from lepton_spark.tables.delta.change_feed import changes

SALES_VERSION = "sales_version"
"""Count of a panel run: the version of `sales` that it has packed."""


@dataclass(frozen=True)
class PanelResult:
    """years: those packed again, empty when `sales` has not changed; n_rows: packed rows written."""

    years: tuple[int, ...]
    n_rows: int
    sales_version: int


def run_panel(context: JobContext) -> PanelResult:
    """Brings `panel` up to date with `sales`: replaces the changed years in one commit.

    Raises: InputError when there is no table `sales` yet.
    """
    warehouse = context.warehouse
    runs = context.runs
    with context.stage("panel") as stage:
        version = _sales_version(warehouse)
        packed = packed_version(runs) if warehouse.exists("panel") else None
        years = _changed_years(context, packed, version)
        n_rows = _repack(warehouse, years) if years else 0
        if packed != version:  # table maintenance makes a new version without changing a year
            run = Run(fingerprint_of(["panel", str(version)]), "panel")
            counts = {SALES_VERSION: version, "packed_rows": n_rows, "years": len(years)}
            runs.record(replace(run, counts=counts), "complete", context.config)
        stage.note(f"{n_rows:,} packed rows of {', '.join(map(str, years))}" if years else "up to date")
    return PanelResult(years, n_rows, version)


def packed_version(runs: RunLog) -> int | None:
    """The version of `sales` that `panel` holds; None before the first panel run."""
    run = runs.latest("panel")
    return None if run is None else run.counts[SALES_VERSION]


def _sales_version(warehouse: Warehouse) -> int:
    version = warehouse.version("sales")
    if version is None:
        raise InputError(explain("table sales", "none", "a table with sales", "Run `lepton ingest` first."))
    return version


def _changed_years(context: JobContext, packed: int | None, version: int) -> tuple[int, ...]:
    """The years to pack again; all years of `sales` and `panel` when the change feed is incomplete."""
    warehouse = context.warehouse
    if packed == version:
        return ()
    if packed is not None and packed < version:
        try:
            changed = changes(context.spark, warehouse, "sales", packed, version)
            return _distinct(changed, F.year("date"))
        except (PySparkException, Py4JJavaError):
            pass  # files of the change feed, or earlier log entries, are deleted after a month
    stale = _distinct(warehouse.read("panel"), F.col("chunk"))
    return tuple(sorted({*stale, *_distinct(warehouse.read("sales"), F.col("year"))}))


def _distinct(rows: DataFrame, year: Column) -> tuple[int, ...]:
    return tuple(sorted(int(row[0]) for row in rows.select(year.alias("year")).distinct().collect()))


def _repack(warehouse: Warehouse, years: tuple[int, ...]) -> int:
    """Packs the years again; returns the number of packed rows."""
    changed = warehouse.read("sales").where(F.col("year").isin(*years))
    condition = f"chunk IN ({', '.join(map(str, years))})"
    warehouse.replace("panel", pack(changed), condition)
    return warehouse.read("panel").where(condition).count()
