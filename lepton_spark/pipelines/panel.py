"""The panel job: repack the years whose sales changed."""

from dataclasses import dataclass, replace

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.errors import InputError, explain
from lepton_spark.panel.pack import pack
from lepton_spark.pipelines.context import Progress
from lepton_spark.pipelines.runs.run_log import Clock, Run, RunLog, fingerprint_of
from lepton_spark.tables import Warehouse
from lepton_spark.tables.delta.change_feed import changes

SALES_VERSION = "sales_version"
"""The count of a panel run that says up to which version of `sales` it has packed."""


@dataclass(frozen=True)
class PanelResult:
    """years: those repacked, none where `sales` has not changed; n_rows: packed rows written."""

    years: tuple[int, ...]
    n_rows: int
    sales_version: int


def update_panel(spark: SparkSession, config: Config, clock: Clock, progress: Progress) -> PanelResult:
    """Bring `panel` up to `sales`: the changed years are replaced in one commit.

    Raises: InputError before anything was ingested.
    """
    warehouse = Warehouse(spark, config.warehouse.root)
    log = RunLog(warehouse, clock)
    with progress.stage("panel") as stage:
        version = _sales_version(warehouse)
        packed_version = packed_until(log) if warehouse.exists("panel") else None
        years = _changed_years(spark, warehouse, packed_version, version)
        n_rows = _repack(warehouse, years) if years else 0
        if packed_version != version:  # maintenance moves the version and changes no year
            run = Run(fingerprint_of(["panel", str(version)]), "panel")
            log.record(_counted(run, version, n_rows, len(years)), "complete", config)
        stage.note(f"{n_rows:,} packed rows of {', '.join(map(str, years))}" if years else "up to date")
    return PanelResult(years, n_rows, version)


def packed_until(log: RunLog) -> int | None:
    """The version of `sales` that the panel holds; None before the first packing."""
    run = log.latest("panel")
    return None if run is None else run.counts[SALES_VERSION]


def _counted(run: Run, version: int, n_rows: int, n_years: int) -> Run:
    return replace(run, counts={SALES_VERSION: version, "packed_rows": n_rows, "years": n_years})


def _sales_version(warehouse: Warehouse) -> int:
    version = warehouse.version("sales")
    if version is None:
        raise InputError(explain("table sales", "none", "a table with sales", "Run `lepton ingest` first."))
    return version


def _changed_years(
    spark: SparkSession, warehouse: Warehouse, packed: int | None, version: int
) -> tuple[int, ...]:
    """The years to repack; all of `sales` and `panel` where no feed says which."""
    if packed == version:
        return ()
    if packed is not None and packed < version:
        try:
            return _distinct(changes(spark, warehouse, "sales", packed, version), F.year("date"))
        except (PySparkException, Py4JJavaError):
            pass  # the feed's files, or the log before it, are gone: they are kept for a month
    stale = _distinct(warehouse.read("panel"), F.col("chunk"))
    return tuple(sorted({*stale, *_distinct(warehouse.read("sales"), F.year("date"))}))


def _distinct(rows: DataFrame, year: Column) -> tuple[int, ...]:
    return tuple(sorted(int(row[0]) for row in rows.select(year.alias("year")).distinct().collect()))


def _repack(warehouse: Warehouse, years: tuple[int, ...]) -> int:
    chosen = warehouse.read("sales").where(F.col("year").isin(*years))
    condition = f"chunk IN ({', '.join(map(str, years))})"
    warehouse.replace("panel", pack(chosen), condition)
    return warehouse.read("panel").where(condition).count()
