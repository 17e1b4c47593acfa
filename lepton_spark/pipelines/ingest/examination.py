"""Examines a load: reads its lines, validates them and finds the outcome of each; writes nothing."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from zoneinfo import ZoneInfo

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.ingest.lines import deduplication, load_report
from lepton_spark.ingest.lines.changed_orders import changed_orders
from lepton_spark.ingest.lines.daily_sales import current_figures
from lepton_spark.ingest.lines.reading.midnights import DAYS_AS_WRITTEN, files_of_midnights
from lepton_spark.ingest.lines.totals import MIN_DAYS, product_of_totals
from lepton_spark.ingest.lines.validation import masked_lines, validate_lines
from lepton_spark.ingest.load_gates import LoadVolume
from lepton_spark.ingest.losses import FileLoss, Losses, ProductLoss, reason_to_accept
from lepton_spark.pipelines.caching import persisted
from lepton_spark.pipelines.ingest.delivery import Delivery
from lepton_spark.pipelines.ingest.repair.recovery import dates_of, on_days, sales_on_days
from lepton_spark.pipelines.ingest.scan_tasks import in_blocks, small_scans
from lepton_spark.pipelines.ingest.sources import SourceLines, read_sources
from lepton_spark.pipelines.ingest.writing import Load

N_WORST = 3
"""How many of the products that lose most are named."""

KEY_COLUMNS = ("product_id", "location_id", "date", "line_hash")
OUTCOME_COLUMNS = ("occurrence", "outcome", "replaces", "is_rejected")
"""Columns that deduplication adds to validated lines."""


@dataclass(frozen=True)
class Examined:
    """The lines of a load with their outcomes.

    statistics: counts over all lines as delivered, repeats included. losses: lines that could be demand and
    are rejected. on_new_days: `sales` has no row on the days of these. totals: the product that seems
    to be a line of totals, from `product_of_totals`. changed: from `changed_orders`.
    """

    lines: DataFrame
    report: load_report.LoadReport
    statistics: Mapping[str, int]
    volume: LoadVolume
    losses: Losses
    on_new_days: bool
    totals: tuple[str, int, int] | None
    changed: tuple[int, str, str] | None


@contextmanager
def examine(load: Load, delivery: Delivery, started_at: datetime) -> Iterator[Examined]:
    """Reads and validates a load's lines; they stay cached while the block runs."""
    raw = read_sources(load.context.spark, delivery.readable, load.config)
    with ExitStack() as cached:
        midnights = files_of_midnights(raw)
        with small_scans(load.context.spark, delivery.readable):
            frames = in_blocks([group for _, group in raw], delivery.readable)
            blocks = [(settings, frame) for (settings, _), frame in zip(raw, frames, strict=True)]
            validated = cached.enter_context(persisted(_validated(load, blocks, started_at, midnights)))
            dates = dates_of(validated)
        on_new_days = load.warehouse.read("sales").where(sales_on_days(dates)).isEmpty()
        stored = None if on_new_days else stored_lines(load, dates)  # a line's day has a row in `sales`
        lines = cached.enter_context(deduplicated(load, validated, stored, _earlier_rejects(load)))
        report = load_report.summarize(lines, delivery.copies, {DAYS_AS_WRITTEN: midnights})
        statistics = load_report.raw_statistics(validated)
        volume = LoadVolume(delivery.lines_read, statistics.get("product_codes_folded", 0), len(dates))
        losses = _losses(load, delivery, lines, report)
        described = _with_lines(raw, lines, report)
        accepted = lines.where(F.col("outcome") == deduplication.ACCEPTED)
        totals = product_of_totals(accepted) if _may_have_totals(load, delivery, dates) else None
        has_tickets = bool(load.config.tickets)
        changed = changed_orders(accepted, stored) if has_tickets and stored is not None else None
        yield Examined(described, report, statistics, volume, losses, on_new_days, totals, changed)


def _may_have_totals(load: Load, delivery: Delivery, dates: Sequence[date]) -> bool:
    """Whether daily figures are of enough days, each file and location counted, to look for totals."""
    settings = load.config.input
    is_one_location = settings.columns.location_id is None
    too_few = is_one_location and len(delivery.readable) * len(dates) < MIN_DAYS
    return settings.kind == "daily" and not too_few


def _losses(load: Load, delivery: Delivery, lines: DataFrame, report: load_report.LoadReport) -> Losses:
    """The losses by file, and by product without the files that the user has accepted."""
    names = {read.number: read.file.name for read in delivery.readable}
    files = {
        number: FileLoss(names[number], *counts)
        for number, counts in report.losses.items()
        if number not in report.files_without_accepted
    }
    counted = [
        number for number, loss in files.items() if reason_to_accept(loss.name, load.context.accepted) is None
    ]
    if not any(files[number].lost for number in counted):
        return Losses(files)
    lossy = load_report.lossy_products(lines, load.config.gates.max_lost_share, counted)
    with persisted(lossy) as products:
        total = products.agg(F.count("*").alias("products"), F.sum("lines").alias("lines")).first()
        worst = products.orderBy(F.desc("lost"), "product_id").limit(N_WORST).collect()
    if total is None or not total["products"]:
        return Losses(files)
    named = [ProductLoss(row["product_id"], row["lines"], row["lost"]) for row in worst]
    return Losses(files, named, total["products"], total["lines"])


def _validated(load: Load, raw: SourceLines, started_at: datetime, midnights: Collection[int]) -> DataFrame:
    today = started_at.astimezone(ZoneInfo(load.config.input.timezone)).date()
    key = load.context.privacy_key
    return reduce(
        DataFrame.unionByName,
        (validate_lines(group, load.files, settings, today, key, midnights) for settings, group in raw),
    )


def _with_lines(raw: SourceLines, lines: DataFrame, report: load_report.LoadReport) -> DataFrame:
    """The lines, each conflicting one with its source columns as JSON, for which the files are read again.

    Conflicts are found after the source columns were left behind; there are few or none.
    """
    if not report.total.get("rejected.conflicting_day"):
        return lines
    key = ["file", "line_number"]
    sources = reduce(DataFrame.unionByName, (masked_lines(group, settings) for settings, group in raw))
    conflicting = lines.where(F.col("reject.line").isNull() & F.col("reject").isNotNull())
    texts = sources.join(conflicting.select(*key), key, "left_semi").withColumnRenamed("line", "source_line")
    joined = lines.join(texts, key, "left")
    line = F.coalesce("reject.line", "source_line")
    return joined.withColumn("reject", F.col("reject").withField("line", line)).drop("source_line")


def _earlier_rejects(load: Load) -> DataFrame | None:
    """Rejects of earlier loads, without those of files that are read again; None if there are none."""
    hashes = load.files.select("content_hash")
    rejects = load.rows_of_other_loads("rejects").join(hashes, "content_hash", "left_anti")
    return None if rejects.isEmpty() else rejects


def stored_lines(load: Load, dates: Sequence[date]) -> DataFrame | None:
    """Lines of other loads on these days; None if there are none."""
    lines = load.rows_of_other_loads("transactions").where(on_days(dates))
    return None if lines.isEmpty() else lines


@contextmanager
def deduplicated(
    load: Load, validated: DataFrame, stored: DataFrame | None, rejects: DataFrame | None
) -> Iterator[DataFrame]:
    """The lines with the outcome of each; nearly all of them equal no other line, so only few are compared.

    stored, rejects: lines that earlier loads accepted, or rejected.
    """
    kind = load.config.input.kind
    earlier = [frame.select(*KEY_COLUMNS) for frame in (stored, rejects) if frame is not None]
    known = reduce(DataFrame.unionAll, earlier) if earlier else None
    with persisted(deduplication.crowded_keys(validated, known, kind)) as crowded:
        if crowded.isEmpty():
            yield deduplication.outcome_of_single_lines(validated)
            return
        keyed = validated.withColumn("key", deduplication.key_of(kind))
        single = keyed.join(crowded, "key", "left_anti").drop("key")
        several = keyed.join(crowded, "key", "left_semi").drop("key")
        with persisted(_compared(load, several, stored, rejects)) as compared:
            columns = (*validated.columns, *OUTCOME_COLUMNS)
            singles = deduplication.outcome_of_single_lines(single)
            yield singles.select(*columns).unionAll(compared.select(*columns))


def _compared(load: Load, lines: DataFrame, stored: DataFrame | None, rejects: DataFrame | None) -> DataFrame:
    numbered = deduplication.number_lines(lines, add_files=load.config.input.adds_figures)
    return outcomes(load, numbered, stored, rejects)


def outcomes(
    load: Load, numbered: DataFrame, stored: DataFrame | None, rejects: DataFrame | None
) -> DataFrame:
    """The outcome of each numbered line, by the kind of the input."""
    settings = load.config.input
    if settings.kind == "daily":
        current = None if stored is None else current_figures(stored)
        return deduplication.deduplicate_daily(numbered, current, rejects, settings.conflicts)
    return deduplication.deduplicate_transactions(numbered, stored, rejects)
