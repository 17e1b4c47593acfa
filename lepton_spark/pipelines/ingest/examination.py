"""Examines a load: reads its lines, validates them and finds the outcome of each; writes nothing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.ingest.files.layout import Layout
from lepton_spark.ingest.files.reading import read_lines
from lepton_spark.ingest.lines import deduplication, load_report
from lepton_spark.ingest.lines.daily_sales import current_figures
from lepton_spark.ingest.lines.validation import validate_lines
from lepton_spark.ingest.load_gates import LoadVolume
from lepton_spark.ingest.losses import FileLoss, Losses, ProductLoss, reason_to_accept
from lepton_spark.pipelines.ingest.delivery import Delivery
from lepton_spark.pipelines.ingest.writing import Load

N_WORST = 3
"""How many of the products that lose most are named."""


@dataclass(frozen=True)
class Examined:
    """The lines of a load with their outcomes.

    statistics: counts over all lines as delivered, repeats included. losses: lines that could be demand and
    are rejected.
    """

    lines: DataFrame
    report: load_report.LoadReport
    statistics: Mapping[str, int]
    volume: LoadVolume
    losses: Losses


@contextmanager
def examine(load: Load, delivery: Delivery, started_at: datetime) -> Iterator[Examined]:
    """Reads and validates a load's lines; they stay cached while the block runs."""
    numbered = _numbered(load, delivery, started_at).persist()
    try:
        statistics, first, last = load_report.raw_statistics(numbered)
        lines = _deduplicated(load, numbered, first, last)
        report = load_report.summarize(lines, delivery.copies)
        n_days = numbered.select("date").distinct().where(F.col("date").isNotNull()).count()
        volume = LoadVolume(delivery.lines_read, statistics.get("product_codes_folded", 0), n_days)
        yield Examined(lines, report, statistics, volume, _losses(load, delivery, lines, report))
    finally:
        numbered.unpersist()


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
    products = load_report.lossy_products(lines, load.config.gates.max_lost_share, counted).persist()
    try:
        total = products.agg(F.count("*").alias("products"), F.sum("lines").alias("lines")).first()
        worst = products.orderBy(F.desc("lost"), "product_id").limit(N_WORST).collect()
    finally:
        products.unpersist()
    if total is None or not total["products"]:
        return Losses(files)
    named = [ProductLoss(row["product_id"], row["lines"], row["lost"]) for row in worst]
    return Losses(files, named, total["products"], total["lines"])


def _numbered(load: Load, delivery: Delivery, started_at: datetime) -> DataFrame:
    settings, context = load.config.input, load.context
    today = started_at.astimezone(ZoneInfo(settings.timezone)).date()
    raw = read_lines(context.spark, delivery.readable, Layout.of(settings), settings.columns.date)
    validated = validate_lines(raw.frame, load.files, settings, raw.typed_forms, today, context.privacy_key)
    add_files = settings.kind == "daily" and settings.conflicts == "sum"
    return deduplication.number_lines(validated, settings.duplicates, add_files=add_files)


def _deduplicated(load: Load, numbered: DataFrame, first: object, last: object) -> DataFrame:
    """Lines with their outcomes; earlier rejects of a file that is read again do not count."""
    hashes = load.files.select("content_hash")
    rejects = load.rows_of_other_loads("rejects").join(hashes, "content_hash", "left_anti")
    return deduplicate(load, numbered, stored_between(load, first, last), rejects)


def stored_between(load: Load, first: object, last: object) -> DataFrame:
    """Lines of other loads in the months of a load; a join by hash alone would read every month."""
    in_months = F.col("month").between(F.trunc(F.lit(first).cast("date"), "MM"), F.lit(last).cast("date"))
    return load.rows_of_other_loads("transactions").where(in_months)


def deduplicate(load: Load, numbered: DataFrame, stored: DataFrame, rejects: DataFrame) -> DataFrame:
    """The outcome of each line, by the kind of the input."""
    settings = load.config.input
    if settings.kind == "daily":
        return deduplication.deduplicate_daily(numbered, current_figures(stored), rejects, settings.conflicts)
    return deduplication.deduplicate_transactions(numbered, stored, rejects)
