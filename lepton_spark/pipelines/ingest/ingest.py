"""The ingest job: new files are inspected, their lines judged and placed, what they change is derived."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.errors import BalanceError, GatesError
from lepton_spark.ingest.files.delivery import files_frame
from lepton_spark.ingest.files.layout import Layout
from lepton_spark.ingest.files.reading import read_lines
from lepton_spark.ingest.lines import deduplication, load_report
from lepton_spark.ingest.lines.daily_sales import current_figures
from lepton_spark.ingest.lines.validation import validate_lines
from lepton_spark.pipelines.context import Progress
from lepton_spark.pipelines.ingest import load_gates
from lepton_spark.pipelines.ingest.completion import MENDED, settle, settle_last, stale_rejects
from lepton_spark.pipelines.ingest.covariates import load_side_inputs
from lepton_spark.pipelines.ingest.delivery import (
    Delivery,
    Stamp,
    batch_of,
    file_counts,
    look_for_files,
    record_files,
)
from lepton_spark.pipelines.ingest.load_gates import LoadVolume
from lepton_spark.pipelines.ingest.privacy_key import check_of, require_same_key
from lepton_spark.pipelines.ingest.recovery import roll_back_incomplete
from lepton_spark.pipelines.ingest.writing import (
    Load,
    matches_customers,
    write_cancellations,
    write_lines,
    write_sales,
)
from lepton_spark.pipelines.runs.run_log import Clock, Run, RunLog, run_id_for
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


def ingest(
    spark: SparkSession, config: Config, clock: Clock, privacy_key: bytes | None, progress: Progress
) -> IngestResult:
    """Loads what is new under `input.path`; a load left incomplete is taken back first.

    Raises: InputError for a path or option that cannot be worked with; BalanceError when lines do not add up;
    ConfigError when the privacy key is another than that of earlier loads.
    """
    begun = clock()
    warehouse = Warehouse(spark, config.warehouse.root)
    runs = RunLog(warehouse, clock)
    require_same_key(warehouse, config.input, privacy_key)
    load_side_inputs(spark, config, progress)
    with progress.stage("look for new files") as stage:
        roll_back_incomplete(warehouse, runs)
        settle_last(warehouse, runs, config)
        delivery = look_for_files(spark, warehouse, config)
        stage.note(f"{len(delivery.readable)} new, {delivery.n_known} known, {len(delivery.refused)} refused")
    number = next_number(warehouse)
    batch = batch_of(delivery, config, number)
    if not delivery.readable:
        record_files(warehouse, delivery, {}, Stamp(batch, begun))
        return _result(None, file_counts(delivery), delivery, (clock() - begun).total_seconds())
    run_id = run_id_for("ingest", None, config, batch)
    run = runs.start(Run(run_id, "ingest", ingest_batch=batch, load_number=number), config)
    load = Load(spark, warehouse, config, privacy_key, run, files_frame(spark, delivery.readable))
    try:
        finished, ended = _load(load, delivery, begun, progress)
    except BalanceError:
        runs.fail(run)
        raise
    except GatesError:
        runs.refuse(run)
        raise
    runs.complete(finished)
    settle(warehouse, batch, finished.counts, config)
    return _result(batch, finished.counts, ended, (clock() - begun).total_seconds())


def next_number(warehouse: Warehouse) -> int:
    """The place of the next load among the complete ones."""
    complete = (F.col("job") == "ingest") & (F.col("state") == "complete")
    last = warehouse.read("runs").where(complete).agg(F.max("load_number").alias("last")).first()
    return 1 + (last["last"] or 0 if last else 0)


def _load(load: Load, delivery: Delivery, begun: datetime, progress: Progress) -> tuple[Run, Delivery]:
    """The load's run with its counts, and the delivery less the files of which no line was accepted."""
    with ExitStack() as kept:
        with progress.stage("read and judge lines") as stage:
            seen = kept.enter_context(examine(load, delivery, begun))
            ended = seen.ended
            load_report.check_balance(delivery.lines_read, ended.total)
            stage.note(", ".join(f"{ended.total[place]} {place}" for place in deduplication.OUTCOMES))
            recent = load_gates.recent_volumes(load.warehouse)
            judged = load_gates.judge_load(seen.volume, recent, load.config.gates)
            load_gates.require(judged, load.config.gates)
        left = delivery.without_barren(ended.files_without_accepted)
        with progress.stage("write transactions, cancellations, sales") as stage:
            _write(load, seen.placed)
            if load.key is None and matches_customers(load.config):
                log.warning(NO_KEY)
                stage.note(NO_KEY)
            stamp = Stamp(load.batch, begun, check_of(load.config.input, load.key))
            record_files(load.warehouse, left, delivery.by_hash(ended.by_file), stamp)
    counts = {
        "lines_read": delivery.lines_read,
        load_gates.DAYS: seen.volume.days,
        **ended.total,
        **seen.found,
        **load_report.missing_values(delivery.readable),
        **file_counts(left),
        MENDED: 0 if load.run.load_number == 1 else stale_rejects(load.warehouse, load.batch).count(),
    }
    return replace(load.run, counts=counts, min_date=ended.first_accepted, max_date=ended.last_accepted), left


@dataclass(frozen=True)
class Examined:
    """The lines of a load with their places, and what they come to; nothing is written yet."""

    placed: DataFrame
    ended: load_report.LoadReport
    found: Mapping[str, int]
    volume: LoadVolume


@contextmanager
def examine(load: Load, delivery: Delivery, begun: datetime) -> Iterator[Examined]:
    """Reads and judges a load's lines; they are kept at hand while the block lasts."""
    numbered = _numbered(load, delivery, begun).persist()
    try:
        found, first, last = load_report.raw_statistics(numbered)
        placed = _placed(load, numbered, first, last)
        ended = load_report.summarize(placed, delivery.copies)
        n_days = numbered.select("date").distinct().where(F.col("date").isNotNull()).count()
        volume = LoadVolume(delivery.lines_read, found.get("product_codes_folded", 0), n_days)
        yield Examined(placed, ended, found, volume)
    finally:
        numbered.unpersist()


def _numbered(load: Load, delivery: Delivery, begun: datetime) -> DataFrame:
    settings = load.config.input
    today = begun.astimezone(ZoneInfo(settings.timezone)).date()
    raw = read_lines(load.spark, delivery.readable, Layout.of(settings), settings.columns.date)
    judged = validate_lines(raw.frame, load.files, settings, raw.typed_forms, today, load.key)
    add_files = settings.kind == "daily" and settings.conflicts == "sum"
    return deduplication.number_lines(judged, settings.duplicates, add_files=add_files)


def _placed(load: Load, numbered: DataFrame, first: object, last: object) -> DataFrame:
    """Lines against what is stored; earlier rejects of a file that is read again are judged anew."""
    hashes = load.files.select("content_hash")
    rejects = load.stored("rejects").join(hashes, "content_hash", "left_anti")
    return place(load, numbered, stored_between(load, first, last), rejects)


def stored_between(load: Load, first: object, last: object) -> DataFrame:
    """Earlier lines of a load's months; random hashes would have every month read."""
    in_months = F.col("month").between(F.trunc(F.lit(first).cast("date"), "MM"), F.lit(last).cast("date"))
    return load.stored("transactions").where(in_months)


def place(load: Load, numbered: DataFrame, stored: DataFrame, rejects: DataFrame) -> DataFrame:
    """Where each line ends, by the kind of the input."""
    if load.config.input.kind == "daily":
        return deduplication.deduplicate_daily(
            numbered, current_figures(stored), rejects, load.config.input.conflicts
        )
    return deduplication.deduplicate_transactions(numbered, stored, rejects)


def _write(load: Load, placed: DataFrame) -> None:
    write_lines(load, placed)
    if matches_customers(load.config):
        write_cancellations(load, placed)
    write_sales(load)


def _result(batch: str | None, counts: Mapping[str, int], delivery: Delivery, seconds: float) -> IngestResult:
    none_read = {"lines_read": 0, **dict.fromkeys(deduplication.OUTCOMES, 0)}
    return IngestResult(batch, none_read | dict(counts), refused_files(delivery), seconds)


def refused_files(delivery: Delivery) -> tuple[RefusedFile, ...]:
    """Those that could not be read, with reason and words."""
    return tuple(
        RefusedFile(file.name, str(found.reason), str(found.words)) for file, found in delivery.refused
    )
