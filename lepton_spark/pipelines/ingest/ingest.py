"""The ingest job: new files are inspected, their lines validated and written, and `sales` updated."""

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime

from lepton_spark.errors import BalanceError, GatesError
from lepton_spark.gates import Gate
from lepton_spark.ingest import load_gates
from lepton_spark.ingest.files.delivery import files_frame
from lepton_spark.ingest.lines import deduplication, load_report
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.completion import (
    RESOLVED_REJECTS,
    clean_up,
    clean_up_last,
    resolved_rejects,
)
from lepton_spark.pipelines.ingest.covariates import load_covariates
from lepton_spark.pipelines.ingest.delivery import (
    Delivery,
    LoadStamp,
    file_counts,
    find_delivery,
    load_id,
    record_files,
)
from lepton_spark.pipelines.ingest.examination import Examined, examine
from lepton_spark.pipelines.ingest.privacy_key import check_value, require_same_key
from lepton_spark.pipelines.ingest.recovery import roll_back_incomplete
from lepton_spark.pipelines.ingest.writing import (
    Load,
    matches_customers,
    write_cancellations,
    write_lines,
    write_sales,
)
from lepton_spark.pipelines.runs.run_id import run_id_for
from lepton_spark.pipelines.runs.run_log import Run, RunLog

log = logging.getLogger(__name__)

NO_KEY = (
    "no privacy key: found LEPTON_PRIVACY_KEY unset; returns are matched only with sales of this load. "
    "To match earlier loads too, set it before the first load into a new warehouse (docs/ingest.md)"
)


@dataclass(frozen=True)
class RefusedFile:
    """A file that could not be loaded; reason: a code; words: the explanation."""

    name: str
    reason: str
    words: str


@dataclass(frozen=True)
class IngestResult:
    """The result of a load; ingest_batch is None when no new file could be read."""

    ingest_batch: str | None
    counts: Mapping[str, int]
    refused: tuple[RefusedFile, ...]
    seconds: float


def run_ingest(context: JobContext) -> IngestResult:
    """Loads the covariates and the new files under `input.path`, after rolling back an incomplete load.

    Raises: InputError for a path or option that cannot be used; BalanceError when lines do not add up;
    GatesError for a load of unusual volume; ConfigError when the privacy key differs from earlier loads'.
    """
    started_at = context.clock()
    runs = RunLog(context.warehouse, context.clock)
    require_same_key(context)
    load_covariates(context)
    with context.stage("find new files") as stage:
        roll_back_incomplete(context.warehouse, runs)
        clean_up_last(context.warehouse, runs, context.config)
        delivery = find_delivery(context)
        stage.note(delivery.summary)
    number = runs.next_load_number()
    if not delivery.readable:
        stamp = LoadStamp(load_id(delivery, context.config, number), started_at)
        record_files(context.warehouse, delivery, {}, stamp)
        return _result(context, None, file_counts(delivery), delivery, started_at)
    load = planned_load(context, delivery, number)
    finished, remaining = _run_load(load, delivery, runs, started_at)
    return _result(context, load.batch, finished.counts, remaining, started_at)


def planned_load(context: JobContext, delivery: Delivery, number: int) -> Load:
    """The load of a delivery's new files; nothing is written."""
    batch = load_id(delivery, context.config, number)
    run_id = run_id_for("ingest", None, context.config, batch)
    run = Run(run_id, "ingest", ingest_batch=batch, load_number=number)
    return Load(context, run, files_frame(context.spark, delivery.readable))


def _run_load(load: Load, delivery: Delivery, runs: RunLog, started_at: datetime) -> tuple[Run, Delivery]:
    """Runs a load; returns its complete run, and the delivery with unusable files moved to `refused`."""
    load = replace(load, run=runs.start(load.run, load.config))
    try:
        finished, remaining = _load(load, delivery, started_at)
    except BalanceError:  # raised before a write; after other errors the next load rolls this one back
        runs.fail(load.run)
        raise
    except GatesError:
        runs.refuse(load.run)
        raise
    runs.complete(finished)
    clean_up(load.warehouse, load.batch, finished.counts, load.config)
    return finished, remaining


def _load(load: Load, delivery: Delivery, started_at: datetime) -> tuple[Run, Delivery]:
    """Writes the lines; returns the run with its counts, and the delivery with unusable files as refused."""
    context = load.context
    with ExitStack() as cached:
        with context.stage("read and validate lines") as stage:
            examined = cached.enter_context(examine(load, delivery, started_at))
            total = examined.report.total
            load_report.check_balance(delivery.lines_read, total)
            stage.note(", ".join(f"{total[outcome]} {outcome}" for outcome in deduplication.OUTCOMES))
            load_gates.require_passed(volume_gates(load, examined), load.config.gates)
        remaining = delivery.refusing(examined.report.files_without_accepted)
        with context.stage("write transactions, cancellations, sales") as stage:
            write_lines(load, examined.lines)
            if matches_customers(load.config):
                write_cancellations(load, examined.lines)
                if context.privacy_key is None:
                    log.warning(NO_KEY)
                    stage.note(NO_KEY)
            write_sales(load)
            stamp = LoadStamp(load.batch, started_at, check_value(load.config.input, context.privacy_key))
            by_file = delivery.by_hash(examined.report.by_file)
            record_files(load.warehouse, remaining, by_file, stamp)
    return _with_counts(load, delivery, remaining, examined), remaining


def volume_gates(load: Load, examined: Examined) -> tuple[Gate, ...]:
    """The gates that compare the volume of a load with those of the last complete loads."""
    runs = RunLog(load.warehouse, load.context.clock)
    recent = load_gates.recent_volumes(runs.last_load_counts(load_gates.RECENT_LOADS))
    return load_gates.evaluate_load(examined.volume, recent, load.config.gates)


def _with_counts(load: Load, delivery: Delivery, remaining: Delivery, examined: Examined) -> Run:
    is_first = load.run.load_number == 1  # then there are no earlier rejects to count
    counts = {
        "lines_read": delivery.lines_read,
        load_gates.DAYS: examined.volume.days,
        **examined.report.total,
        **examined.statistics,
        **load_report.missing_values(delivery.readable),
        **file_counts(remaining),
        RESOLVED_REJECTS: 0 if is_first else resolved_rejects(load.warehouse, load.batch).count(),
    }
    first, last = examined.report.first_accepted, examined.report.last_accepted
    return replace(load.run, counts=counts, min_date=first, max_date=last)


def _result(
    context: JobContext,
    batch: str | None,
    counts: Mapping[str, int],
    delivery: Delivery,
    started_at: datetime,
) -> IngestResult:
    none_read = {"lines_read": 0, **dict.fromkeys(deduplication.OUTCOMES, 0)}
    seconds = (context.clock() - started_at).total_seconds()
    return IngestResult(batch, none_read | dict(counts), refused_files(delivery), seconds)


def refused_files(delivery: Delivery) -> tuple[RefusedFile, ...]:
    """The files that could not be loaded, with reason and explanation."""
    return tuple(
        RefusedFile(file.name, str(found.reason), str(found.words)) for file, found in delivery.refused
    )
