"""The ingest job: new files are inspected, their lines judged and placed, what they change is derived."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.errors import BalanceError
from lepton_spark.ingest import counting, placing
from lepton_spark.ingest.cancelling import CANDIDATE, match_returns, still_open
from lepton_spark.ingest.delivery import files_frame
from lepton_spark.ingest.deriving import DAY, current_figures
from lepton_spark.ingest.judging import judge
from lepton_spark.ingest.layout import Layout
from lepton_spark.ingest.reading import read_lines
from lepton_spark.pipelines.ingest_delivery import (
    Delivery,
    batch_of,
    file_counts,
    look_for_files,
    record_files,
)
from lepton_spark.pipelines.ingest_recovery import roll_back_incomplete, sales_of
from lepton_spark.pipelines.manifest import Clock, Run, RunLog, run_id_for
from lepton_spark.pipelines.progress import Progress
from lepton_spark.tables import Warehouse

log = logging.getLogger(__name__)

NO_KEY = (
    "no privacy key: found LEPTON_PRIVACY_KEY unset; cancellations are matched within this load alone. "
    "Set it to match those of earlier loads"
)


@dataclass(frozen=True)
class RefusedFile:
    """A file that could not be read, and why."""

    name: str
    reason: str
    words: str


@dataclass(frozen=True)
class IngestResult:
    """What a load came to; ingest_batch is None when there was nothing new."""

    ingest_batch: str | None
    counts: Mapping[str, int]
    refused: tuple[RefusedFile, ...]
    seconds: float


@dataclass(frozen=True)
class Load:
    """What every step of one load needs to know."""

    spark: SparkSession
    warehouse: Warehouse
    config: Config
    key: bytes | None
    run: Run
    files: DataFrame = field(repr=False)

    @property
    def batch(self) -> str:
        """The load's id."""
        return str(self.run.ingest_batch)


def ingest(
    spark: SparkSession, config: Config, clock: Clock, privacy_key: bytes | None, progress: Progress
) -> IngestResult:
    """Loads what is new under `input.path`; a load left incomplete is taken back first.

    Raises: InputError for a path or option that cannot be worked with; BalanceError when lines do not add up.
    """
    begun = clock()
    warehouse = Warehouse(spark, config.warehouse.root)
    runs = RunLog(warehouse, clock)
    with progress.stage("look for new files") as stage:
        roll_back_incomplete(warehouse, runs, config.input.kind)
        delivery = look_for_files(spark, warehouse, config)
        stage.note(f"{len(delivery.readable)} new, {delivery.n_known} known, {len(delivery.refused)} refused")
    if not delivery.readable:
        record_files(warehouse, delivery, {}, batch_of(delivery, config), begun)
        return _result(None, file_counts(delivery), delivery, (clock() - begun).total_seconds())
    run = runs.start(_new_run(warehouse, delivery, config), config)
    load = Load(spark, warehouse, config, privacy_key, run, files_frame(spark, delivery.readable))
    try:
        finished = _load(load, delivery, begun, progress)
    except BalanceError:
        runs.fail(run)
        raise
    runs.complete(finished)
    _close_orders(load)
    return _result(load.batch, finished.counts, delivery, (clock() - begun).total_seconds())


def _new_run(warehouse: Warehouse, delivery: Delivery, config: Config) -> Run:
    complete = (F.col("job") == "ingest") & (F.col("state") == "complete")
    last = warehouse.read("runs").where(complete).agg(F.max("load_number").alias("last")).first()
    number = 1 + (last["last"] or 0 if last else 0)
    batch = batch_of(delivery, config)
    return Run(run_id_for("ingest", None, config, batch), "ingest", ingest_batch=batch, load_number=number)


def _load(load: Load, delivery: Delivery, begun: datetime, progress: Progress) -> Run:
    with progress.stage("read and judge lines") as stage:
        numbered = _numbered(load, delivery, begun).persist()
        found, first, last = counting.findings(numbered)
        placed = _placed(load, numbered, first, last)
        ended = counting.places(placed, delivery.copies)
        counting.check_balance(delivery.lines_read, ended.total)
        stage.note(", ".join(f"{ended.total[place]} {place}" for place in placing.PLACES))
    with progress.stage("write transactions, cancellations, sales") as stage:
        _write_lines(load, placed)
        if _matches_customers(load.config):
            _write_cancellations(load, placed)
            if load.key is None:
                log.warning(NO_KEY)
                stage.note(NO_KEY)
        _write_sales(load)
        record_files(load.warehouse, delivery, ended.by_file, load.batch, begun)
        numbered.unpersist()
    counts = {
        "lines_read": delivery.lines_read,
        **ended.total,
        **found,
        **counting.missing_values(delivery.readable),
    }
    return replace(
        load.run,
        counts=counts | file_counts(delivery),
        min_date=ended.first_accepted,
        max_date=ended.last_accepted,
    )


def _numbered(load: Load, delivery: Delivery, begun: datetime) -> DataFrame:
    settings = load.config.input
    today = begun.astimezone(ZoneInfo(settings.timezone)).date()
    raw = read_lines(load.spark, delivery.readable, Layout.of(settings), settings.columns.date)
    judged = judge(raw.frame, load.files, settings, raw.typed_forms, today, load.key)
    return placing.number_lines(judged, settings.duplicates)


def _placed(load: Load, numbered: DataFrame, first: object, last: object) -> DataFrame:
    """Lines against what is stored of the load's months; random hashes would have every month read.

    Delta shows a table as it is whenever the frame is worked out, so the load's own rows are left out.
    """
    earlier = F.col("ingest_batch") != F.lit(load.batch)
    in_months = F.col("month").between(F.trunc(F.lit(first).cast("date"), "MM"), F.lit(last).cast("date"))
    stored = load.warehouse.read("transactions").where(earlier & in_months)
    rejects = load.warehouse.read("rejects").where(earlier)
    if load.config.input.kind == "daily":
        return placing.place_daily(numbered, current_figures(stored), rejects, load.config.input.conflicts)
    return placing.place_transactions(numbered, stored, rejects)


def _write_lines(load: Load, placed: DataFrame) -> None:
    accepted = placed.where(F.col("place") == placing.ACCEPTED).join(load.files, "file")
    of_load = {"ingest_batch": F.lit(load.batch), "load_number": F.lit(load.run.load_number)}
    load.warehouse.append("transactions", accepted.withColumns(_stored(load.config) | of_load))
    rejected = placed.where(F.col("place") == placing.REJECTED).join(load.files, "file")
    named = rejected.withColumns({"reason": F.col("reasons")[0], "file": F.col("name")} | of_load)
    load.warehouse.append("rejects", named)


def _stored(config: Config) -> dict[str, Column]:
    kind = "daily" if config.input.kind == "daily" else "sale"
    return {
        "line_kind": F.when(F.col("quantity") < 0, "return").otherwise(kind),
        "quantity": F.abs("quantity"),
        "price": F.col("unit_price"),
    }


def _matches_customers(config: Config) -> bool:
    return config.input.kind == "transactions" and config.input.columns.customer_id is not None


def _write_cancellations(load: Load, placed: DataFrame) -> None:
    days = load.config.input.cancel_window_days
    accepted = placed.where((F.col("place") == placing.ACCEPTED) & F.col("customer").isNotNull())
    new = accepted.withColumns(_stored(load.config)).select(*CANDIDATE)
    of_load = {"ingest_batch": F.lit(load.batch)}
    earlier = load.warehouse.read("open_orders").withColumn("customer", F.col("customer_token"))
    matched = load.warehouse.read("cancellations")
    open_before = still_open(earlier, matched, load.warehouse.read("transactions"), days).select(*CANDIDATE)
    candidates = new if load.key is None else new.unionByName(open_before)
    load.warehouse.append("cancellations", match_returns(candidates, days).withColumns(of_load))
    if load.key is not None:
        kept = still_open(
            new, load.warehouse.read("cancellations"), load.warehouse.read("transactions"), days
        )
        load.warehouse.append(
            "open_orders", kept.withColumns({"customer_token": F.col("customer")} | of_load)
        )


def _close_orders(load: Load) -> None:
    """Drops matched and expired orders, with their tokens, once the load is complete."""
    if load.run.load_number != 1 and load.warehouse.exists("open_orders"):
        orders, matched, loaded = map(load.warehouse.read, ("open_orders", "cancellations", "transactions"))
        days = load.config.input.cancel_window_days
        load.warehouse.overwrite("open_orders", still_open(orders, matched, loaded, days))


def _write_sales(load: Load) -> None:
    of_load = F.col("ingest_batch") == F.lit(load.batch)
    lines = load.warehouse.read("transactions").where(of_load).select(*DAY)
    cancelled = load.warehouse.read("cancellations").where(of_load)
    returned_on = cancelled.select("product_id", "location_id", F.col("cancelled_on").alias("date"))
    days = lines.union(cancelled.select(*DAY)).union(returned_on).distinct()
    sales = sales_of(load.warehouse, days, load.config.input.kind).withColumn(
        "ingest_batch", F.lit(load.batch)
    )
    write = load.warehouse.merge if load.warehouse.exists("sales") else load.warehouse.append
    write("sales", sales)


def _result(batch: str | None, counts: Mapping[str, int], delivery: Delivery, seconds: float) -> IngestResult:
    none_read = {"lines_read": 0, **dict.fromkeys(placing.PLACES, 0)}
    refused = tuple(
        RefusedFile(file.name, str(found.reason), str(found.words)) for file, found in delivery.refused
    )
    return IngestResult(batch, none_read | dict(counts), refused, seconds)
