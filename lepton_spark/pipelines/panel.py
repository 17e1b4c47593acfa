"""The panel job: packs the sales that have changed."""

from contextlib import ExitStack
from dataclasses import dataclass, replace

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.errors import InputError, explain
from lepton_spark.language import Message
from lepton_spark.panel.pack import pack
from lepton_spark.panel.update import changes_by_year, updated
from lepton_spark.pipelines.caching import persisted
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_id import fingerprint_of
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse
from lepton_spark.tables.delta.change_feed import changes

SALES_VERSION = "sales_version"
"""Count of a panel run: the version of `sales` that it has packed."""


@dataclass(frozen=True)
class PanelResult:
    """years: those written again, empty when `sales` has not changed."""

    years: tuple[int, ...]
    sales_version: int


def run_panel(context: JobContext) -> PanelResult:
    """Brings `panel` up to date with `sales`: replaces the changed years in one commit.

    Raises: InputError when there is no table `sales` yet.
    """
    warehouse = context.warehouse
    runs = context.runs
    started_at = context.clock()
    with context.stage("panel") as stage:
        version = sales_version(warehouse)
        packed = packed_version(runs) if warehouse.exists("panel") else None
        years = () if packed == version else _bring_up(context, packed, version)
        if packed != version:  # table maintenance makes a new version without changing a year
            run = Run(fingerprint_of(["panel", str(version)]), "panel")
            counts = {SALES_VERSION: version, "years": len(years)}
            runs.record(replace(run, counts=counts, started_at=started_at), "complete", context.config)
        stage.note(f"sales of {', '.join(map(str, years))}" if years else "up to date")
    return PanelResult(years, version)


def packed_version(runs: RunLog) -> int | None:
    """The version of `sales` that `panel` holds; None before the first panel run."""
    run = runs.latest("panel")
    return None if run is None else run.counts[SALES_VERSION]


def sales_version(warehouse: Warehouse) -> int:
    """The version of `sales`. Raises: InputError when nothing was loaded."""
    version = warehouse.version("sales")
    if version is None:
        raise InputError(
            explain(
                Message("table {name}", name="sales"),
                Message("none"),
                Message("a table with sales"),
                Message("Run `lepton ingest` first."),
            )
        )
    return version


def _bring_up(context: JobContext, packed: int | None, version: int) -> tuple[int, ...]:
    """Brings `panel` from one version of `sales` to another; returns the years written."""
    warehouse = context.warehouse
    if packed is None or packed > version:
        return _pack_all(warehouse)
    with ExitStack() as cached:
        try:
            feed = changes(context.spark, warehouse, "sales", packed, version)
            changed = cached.enter_context(persisted(changes_by_year(feed)))
            years = _distinct(changed, "chunk")
        except (PySparkException, Py4JJavaError):  # files of the feed or of the log are deleted after a month
            return _pack_all(warehouse)
        if years:
            before = warehouse.read("panel").where(F.col("chunk").isin(*years))
            _replace(warehouse, years, updated(before, changed))
        return years


def _pack_all(warehouse: Warehouse) -> tuple[int, ...]:
    """Packs all sales, in place of all rows of `panel`; returns the years."""
    sales = warehouse.read("sales")
    stale = _distinct(warehouse.read("panel"), "chunk")
    years = tuple(sorted({*stale, *_distinct(sales, "year")}))
    if years:
        _replace(warehouse, years, pack(sales))
    return years


def _distinct(rows: DataFrame, year: str) -> tuple[int, ...]:
    return tuple(sorted(int(row[0]) for row in rows.select(year).distinct().collect()))


def _replace(warehouse: Warehouse, years: tuple[int, ...], rows: DataFrame) -> None:
    """Replaces the packed rows of these years in one commit."""
    warehouse.replace("panel", rows, f"chunk IN ({', '.join(map(str, years))})")
