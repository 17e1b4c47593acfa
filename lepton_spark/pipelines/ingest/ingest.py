"""The ingest job: new files are inspected, their lines validated and written, and `sales` updated."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime

from lepton_spark.errors import BalanceError, GatesError, LossError
from lepton_spark.gates import Gate
from lepton_spark.ingest import load_gates
from lepton_spark.ingest.files.delivery import files_frame
from lepton_spark.ingest.lines import deduplication, load_report
from lepton_spark.ingest.losses import TOO_MANY_LOST, Losses, product_words, require_products, too_lossy_files
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.covariate_matches import unmatched_covariates
from lepton_spark.pipelines.ingest.covariates import load_covariates
from lepton_spark.pipelines.ingest.delivery import (
    NO_LINE_ACCEPTED,
    Delivery,
    LoadStamp,
    file_counts,
    find_delivery,
    load_id,
    record_files,
)
from lepton_spark.pipelines.ingest.examination import Examined, examine
from lepton_spark.pipelines.ingest.privacy_key import check_value, require_same_key
from lepton_spark.pipelines.ingest.repair.completion import (
    RESOLVED_REJECTS,
    clean_up,
    clean_up_last,
    close_orders,
)
from lepton_spark.pipelines.ingest.repair.recovery import roll_back_incomplete
from lepton_spark.pipelines.ingest.writing import (
    Load,
    matches_customers,
    write_cancellations,
    write_lines,
    write_sales,
    write_withdrawals,
)
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_id import run_id_for
from lepton_spark.pipelines.runs.run_log import RunLog

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
    warnings: tuple[str, ...] = ()


def run_ingest(context: JobContext) -> IngestResult:
    """Loads the covariates and the new files of all sources, after rolling back an incomplete load.

    Raises: InputError for a path or option that cannot be used; BalanceError when lines do not add up;
    GatesError for a load of unusual volume; LossError when products would lose too many lines; ConfigError
    when the privacy key differs from earlier loads'.
    """
    started_at = context.clock()
    runs = context.runs
    require_same_key(context)
    load_covariates(context)
    with context.stage("find new files") as stage:
        roll_back_incomplete(context.warehouse, runs)
        clean_up_last(context.warehouse, runs, context.config)
        delivery = find_delivery(context)
        stage.note(delivery.summary)
    result = _load_delivery(context, delivery, runs, started_at)
    warnings = (*_warning_of_mapping(delivery), *result.warnings, *unmatched_covariates(context))
    return replace(result, warnings=warnings)


def _warning_of_mapping(delivery: Delivery) -> tuple[str, ...]:
    if delivery.changed is None:
        return ()
    found = f"known files were loaded with another mapping: {delivery.changed}"
    remedy = "Take them back with `lepton unload` and load again to have them by the present one."
    return (f"{found}. Their lines stay as they are. {remedy}",)


@dataclass(frozen=True)
class _Finished:
    """The counts of a load, and what the user should know about it."""

    counts: Mapping[str, int]
    warnings: tuple[str, ...] = ()


class _LossyFilesError(LossError):
    """Files that would lose too many of their lines; files: the explanation by number."""

    def __init__(self, files: Mapping[int, str]) -> None:
        super().__init__("; ".join(files.values()))
        self.files = files


def _load_delivery(
    context: JobContext, delivery: Delivery, runs: RunLog, started_at: datetime
) -> IngestResult:
    """Loads the readable files; those that lose too many lines are refused, and the others loaded without."""
    number = runs.next_load_number()
    if not delivery.readable:
        stamp = LoadStamp(load_id(delivery, context.config, number), started_at)
        record_files(context.warehouse, delivery, {}, stamp)
        close_orders(context.warehouse, context.config.input.cancel_window_days)
        return _result(context, None, _Finished(file_counts(delivery)), delivery, started_at)
    load = planned_load(context, delivery, number)
    try:
        finished, remaining = _run_load(load, delivery, runs, started_at)
    except _LossyFilesError as lossy:
        return _load_delivery(context, delivery.without(lossy.files, TOO_MANY_LOST), runs, started_at)
    return _result(context, load.batch, finished, remaining, started_at)


def planned_load(context: JobContext, delivery: Delivery, number: int) -> Load:
    """The load of a delivery's new files; nothing is written."""
    batch = load_id(delivery, context.config, number)
    run_id = run_id_for("ingest", None, context.config, batch)
    run = Run(run_id, "ingest", ingest_batch=batch, load_number=number)
    return Load(context, run, files_frame(context.spark, delivery.readable))


def _run_load(
    load: Load, delivery: Delivery, runs: RunLog, started_at: datetime
) -> tuple[_Finished, Delivery]:
    """Runs a load; returns its counts and warnings, and the delivery with unusable files in `refused`."""
    load = replace(load, run=runs.start(load.run, load.config))
    try:
        finished, remaining, warnings = _load(load, delivery, runs, started_at)
    except BalanceError:  # raised before a write; after other errors the next load rolls this one back
        runs.fail(load.run)
        raise
    except (GatesError, LossError):
        runs.refuse(load.run)
        raise
    runs.complete(finished)
    clean_up(load.warehouse, load.batch, finished.counts, load.config)
    return _Finished(finished.counts, warnings), remaining


def _require_few_lost(losses: Losses, context: JobContext) -> None:
    """Raises _LossyFilesError for files, and LossError for products, that lose too large a share of lines."""
    max_share = context.config.gates.max_lost_share
    lossy = too_lossy_files(losses, max_share, context.accepted)
    if lossy:
        raise _LossyFilesError(lossy)
    require_products(losses, max_share)


def _warnings(examined: Examined, tickets: Sequence[str]) -> tuple[str, ...]:
    """What the user should look at; tickets: their source columns."""
    warnings = []
    if examined.losses.n_products:
        warnings.append(f"lost lines: {product_words(examined.losses)}")
    if examined.totals is not None:
        product, n_days, n_all = examined.totals
        found = f"product '{product}' equals the sum of all others on {n_days} of {n_all} days"
        remedy = "If it is a line of totals, leave it out by input.product_pattern or input.skip_where."
        warnings.append(f"{found}. {remedy}")
    if examined.changed is not None:
        n_lines, of_ticket, product = examined.changed
        found = "lines with the ticket, product and day of lines loaded before, but other figures"
        example = f"such as product '{product}' of ticket '{of_ticket}'"
        identity = " or ".join(f"[{ticket}]" for ticket in tickets)
        remedy = f"If these are orders that were changed, set input.identity: {identity} to keep the first."
        warnings.append(f"{found}: {n_lines} ({example}). Both count. {remedy}")
    return tuple(warnings)


def _load(
    load: Load, delivery: Delivery, runs: RunLog, started_at: datetime
) -> tuple[Run, Delivery, tuple[str, ...]]:
    """Writes the lines; returns the run with its counts, the delivery with unusable files, and warnings."""
    context = load.context
    with ExitStack() as cached:
        with context.stage("read and validate lines") as stage:
            examined = cached.enter_context(examine(load, delivery, started_at))
            total = examined.report.total
            load_report.check_balance(delivery.lines_read, total)
            stage.note(", ".join(f"{total[outcome]} {outcome}" for outcome in deduplication.OUTCOMES))
            _require_few_lost(examined.losses, context)
            load_gates.require_passed(volume_gates(load, examined, runs), load.config.gates)
        remaining = delivery.refusing(examined.report.files_without_accepted, NO_LINE_ACCEPTED)
        with context.stage("write transactions, cancellations, sales") as stage:
            write_lines(load, examined.lines, examined.report)
            if matches_customers(load.config):
                has_returns = bool(examined.statistics.get("negative_quantity"))
                write_cancellations(load, examined.lines, has_returns=has_returns)
                if context.privacy_key is None:
                    log.warning(NO_KEY)
                    stage.note(NO_KEY)
            n_withdrawn = write_withdrawals(load, examined.lines)
            key = check_value(load.config, context.privacy_key)
            stamp = LoadStamp(load.batch, started_at, key, context.accepted)
            by_file = delivery.by_hash(examined.report.by_file)
            record_files(load.warehouse, remaining, by_file, stamp)
            n_resolved = write_sales(load, examined.report, on_new_days=examined.on_new_days)
    written = {"withdrawn": n_withdrawn, RESOLVED_REJECTS: n_resolved}
    run = _with_counts(load, delivery, remaining, examined, written)
    return run, remaining, _warnings(examined, load.config.tickets)


def volume_gates(load: Load, examined: Examined, runs: RunLog) -> tuple[Gate, ...]:
    """The gates that compare the volume of a load with those of the last complete loads."""
    recent = load_gates.recent_volumes(runs.last_load_counts(load_gates.RECENT_LOADS))
    return load_gates.evaluate_load(examined.volume, recent, load.config.gates)


def _with_counts(
    load: Load, delivery: Delivery, remaining: Delivery, examined: Examined, written: Mapping[str, int]
) -> Run:
    counts = {
        "lines_read": delivery.lines_read,
        load_gates.DAYS: examined.volume.days,
        **examined.report.total,
        "lost": examined.losses.lost,
        **examined.statistics,
        **load_report.missing_values(delivery.readable),
        **file_counts(remaining),
        **written,
    }
    first, last = examined.report.first_accepted, examined.report.last_accepted
    return replace(load.run, counts=counts, min_date=first, max_date=last)


def _result(
    context: JobContext,
    batch: str | None,
    finished: _Finished,
    delivery: Delivery,
    started_at: datetime,
) -> IngestResult:
    none_read = {"lines_read": 0, **dict.fromkeys(deduplication.OUTCOMES, 0)}
    seconds = (context.clock() - started_at).total_seconds()
    counts = none_read | dict(finished.counts)
    return IngestResult(batch, counts, refused_files(delivery), seconds, finished.warnings)


def refused_files(delivery: Delivery) -> tuple[RefusedFile, ...]:
    """The files that could not be loaded, with reason and explanation."""
    return tuple(
        RefusedFile(file.name, str(found.reason), str(found.words)) for file, found in delivery.refused
    )
