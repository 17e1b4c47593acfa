"""The reingest job: rejected lines are validated again by the present rules, and loaded if they pass."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from hashlib import sha256
from zoneinfo import ZoneInfo

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.config import Config, InputSettings
from lepton_spark.ingest.lines import deduplication, load_report
from lepton_spark.ingest.lines.reading.midnights import DAYS_AS_WRITTEN
from lepton_spark.ingest.lines.revalidation import (
    complete_rejects,
    mark_unchanged,
    number_revalidated,
    without_superseded,
)
from lepton_spark.ingest.lines.validation import revalidate_rejects
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.examination import outcomes, stored_lines
from lepton_spark.pipelines.ingest.repair.completion import (
    REINGESTED,
    RESOLVED_REJECTS,
    clean_up,
    clean_up_last,
    close_orders,
)
from lepton_spark.pipelines.ingest.repair.recovery import dates_of, roll_back_incomplete
from lepton_spark.pipelines.ingest.sources import rules_of
from lepton_spark.pipelines.ingest.writing import Load, write_lines, write_sales
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_id import run_id_for


@dataclass(frozen=True)
class ReingestResult:
    """Numbers of rejected lines by outcome.

    ingest_batch: the load that wrote them; None when nothing changed.
    accepted: loaded now. other_reasons: rejected for other reasons now. as_before: rejected for the same
    reasons. not_validated: lines that cannot be validated again.
    """

    ingest_batch: str | None
    accepted: int
    other_reasons: int
    as_before: int
    not_validated: int


def run_reingest(context: JobContext) -> ReingestResult:
    """Validates the rejected lines of loaded files by the present `input`, and loads them as one more load.

    A line is validated again when it names every mapped column and, for daily input, when no later figure of
    its product-day has been delivered. Its customer is unknown by now, so it takes no part in cancellations.

    Raises: BalanceError when lines do not add up.
    """
    started_at = context.clock()
    warehouse, runs = context.warehouse, context.runs
    with ExitStack() as cached:
        with context.stage("validate rejected lines again") as stage:
            roll_back_incomplete(warehouse, runs)
            clean_up_last(warehouse, runs, context.config)
            load = _planned_load(context, runs.next_load_number())
            validated, deduplicated = cached.enter_context(_revalidated(load, started_at))
            report = load_report.summarize(deduplicated, ())
            n_validated = validated.count()
            load_report.check_balance(n_validated, report.total)
            n_left = warehouse.read("rejects").count() - n_validated
            result = _result(load, report.total, n_left)
            stage.note(f"{result.accepted} accepted, {result.other_reasons} rejected for other reasons")
        if not (result.accepted or result.other_reasons):
            close_orders(warehouse, context.config.input.cancel_window_days)
            return replace(result, ingest_batch=None)
        with context.stage("write transactions, rejects, sales"):
            run = runs.start(load.run, context.config)
            write_lines(load, deduplicated, report)
            n_resolved = write_sales(load, report, on_new_days=False)
    counts = {
        "lines_read": n_validated,
        **report.total,
        REINGESTED: result.accepted,
        RESOLVED_REJECTS: n_resolved,
    }
    first, last = report.first_accepted, report.last_accepted
    runs.complete(replace(run, counts=counts, min_date=first, max_date=last))
    clean_up(warehouse, load.batch, counts, context.config)
    return result


def _planned_load(context: JobContext, number: int) -> Load:
    """The load of all rejected lines; its files are the loaded ones that have rejected lines."""
    warehouse, config = context.warehouse, context.config
    batch = sha256("\n".join([REINGESTED, rules_of(config), str(number)]).encode()).hexdigest()[:32]
    run_id = run_id_for("ingest", None, config, batch)
    hashes = warehouse.read("rejects").select("content_hash").distinct()
    loaded = warehouse.read("files").where(F.col("state") == F.lit("loaded"))
    rows = loaded.join(hashes, "content_hash").select("content_hash", "name").collect()
    numbered = [(index, row["content_hash"], row["name"]) for index, row in enumerate(sorted(rows))]
    files = F.broadcast(context.spark.createDataFrame(numbered, "file INT, content_hash STRING, name STRING"))
    return Load(context, Run(run_id, "ingest", ingest_batch=batch, load_number=number), files)


@contextmanager
def _revalidated(load: Load, started_at: datetime) -> Iterator[tuple[DataFrame, DataFrame]]:
    """The validated lines, and the same with their report; both stay cached while the block runs."""
    settings = load.config.input
    today = started_at.astimezone(ZoneInfo(settings.timezone)).date()
    loads = load.warehouse.read("runs").where(F.col("job") == F.lit("ingest"))
    rejects, midnights = load.rows_of_other_loads("rejects"), _files_of_midnights(load)
    validated = reduce(
        DataFrame.unionByName,
        (
            revalidate_rejects(
                complete_rejects(rejects, loads, load.files, source, others), source, today, midnights
            )
            for source, others in _readings(load.config)
        ),
    ).persist()
    stored = stored_lines(load, dates_of(validated))
    current = without_superseded(validated, stored) if settings.kind == "daily" else validated
    numbered = number_revalidated(current, stored, load.files)
    known = None if settings.adds_figures else stored  # figures that are added to it may equal it
    deduplicated = mark_unchanged(outcomes(load, numbered, known, None)).persist()
    try:
        yield numbered, deduplicated
    finally:
        deduplicated.unpersist()
        validated.unpersist()


def _readings(config: Config) -> list[tuple[InputSettings, list[InputSettings]]]:
    """The sources that read lines differently, each with the others."""
    by_rules = {source.model_dump_json(exclude={"path"}): source for source in config.inputs}
    different = [by_rules[rules] for rules in sorted(by_rules)]
    return [(source, [other for other in different if other is not source]) for source in different]


def _files_of_midnights(load: Load) -> list[int]:
    """The files that were found to hold only midnights when they were loaded."""
    counted = load.warehouse.read("files").where(F.col("counts")[DAYS_AS_WRITTEN] > 0)
    return [row["file"] for row in load.files.join(counted.select("content_hash"), "content_hash").collect()]


def _result(load: Load, total: Mapping[str, int], n_not_validated: int) -> ReingestResult:
    return ReingestResult(
        load.batch,
        total[deduplication.ACCEPTED],
        total[deduplication.REJECTED],
        total[deduplication.ALREADY_LOADED],
        n_not_validated,
    )
