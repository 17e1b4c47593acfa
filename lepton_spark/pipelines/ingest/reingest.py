"""What was refused, judged again by changed rules: lines that pass are loaded, the others stay on record."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from hashlib import sha256
from zoneinfo import ZoneInfo

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.ingest.files.layout import mapped_columns
from lepton_spark.ingest.files.typed_lines import TYPED_FORMS
from lepton_spark.ingest.lines import deduplication, load_report
from lepton_spark.ingest.lines.daily_sales import DAY
from lepton_spark.ingest.lines.validation import revalidate_rejects
from lepton_spark.pipelines.context import Progress
from lepton_spark.pipelines.ingest.completion import MENDED, REINGESTED, settle, settle_last, stale_rejects
from lepton_spark.pipelines.ingest.ingest import next_number, place, stored_between
from lepton_spark.pipelines.ingest.recovery import roll_back_incomplete
from lepton_spark.pipelines.ingest.writing import Load, write_lines, write_sales
from lepton_spark.pipelines.runs.run_log import Clock, Run, RunLog, run_id_for
from lepton_spark.tables import Warehouse

TYPED_FORMATS = ("parquet", "delta")


@dataclass(frozen=True)
class ReingestResult:
    """Lines of `rejects`: accepted now, refused for other reasons now, as before, not judged.

    ingest_batch: the load they came in by; None when nothing changed.
    """

    ingest_batch: str | None
    accepted: int
    other_reasons: int
    as_before: int
    not_judged: int


def reingest(spark: SparkSession, config: Config, clock: Clock, progress: Progress) -> ReingestResult:
    """Judges the rejects of loaded files by the present `input`, as one load more.

    A line is judged where it names every mapped column; of daily input, where no later figure of its
    product-day is known. Its customer is not known any more, so it neither cancels nor can be cancelled.

    Raises: BalanceError when lines do not add up.
    """
    begun = clock()
    warehouse = Warehouse(spark, config.warehouse.root)
    runs = RunLog(warehouse, clock)
    with ExitStack() as kept:
        with progress.stage("judge rejects again") as stage:
            roll_back_incomplete(warehouse, runs)
            settle_last(warehouse, runs, config)
            load = _load(spark, warehouse, config)
            judged, placed = kept.enter_context(_judged(load, begun))
            ended = load_report.summarize(placed, ())
            n_judged = judged.count()
            load_report.check_balance(n_judged, ended.total)
            result = _result(load, ended.total, warehouse.read("rejects").count() - n_judged)
            stage.note(f"{result.accepted} accepted, {result.other_reasons} refused for other reasons")
        if not (result.accepted or result.other_reasons):
            return replace(result, ingest_batch=None)
        with progress.stage("write transactions, rejects, sales"):
            run = runs.start(load.run, config)
            write_lines(load, placed)
            write_sales(load)
    counts = {
        "lines_read": n_judged,
        **ended.total,
        REINGESTED: result.accepted,
        MENDED: stale_rejects(warehouse, load.batch).count(),
    }
    first, last = ended.first_accepted, ended.last_accepted
    runs.complete(replace(run, counts=counts, min_date=first, max_date=last))
    settle(warehouse, load.batch, counts, config)
    return result


def _load(spark: SparkSession, warehouse: Warehouse, config: Config) -> Load:
    """The load that the rejects would be: files are those that were loaded and have some."""
    number = next_number(warehouse)
    rules = config.input.model_dump_json(exclude={"path"})
    batch = sha256("\n".join([REINGESTED, rules, str(number)]).encode()).hexdigest()[:32]
    run_id = run_id_for("ingest", None, config, batch)
    hashes = warehouse.read("rejects").select("content_hash").distinct()
    loaded = warehouse.read("files").where(F.col("state") == F.lit("loaded"))
    rows = loaded.join(hashes, "content_hash").select("content_hash", "name").collect()
    numbered = [(place, row["content_hash"], row["name"]) for place, row in enumerate(sorted(rows))]
    files = F.broadcast(spark.createDataFrame(numbered, "file INT, content_hash STRING, name STRING"))
    return Load(
        spark, warehouse, config, None, Run(run_id, "ingest", ingest_batch=batch, load_number=number), files
    )


@contextmanager
def _judged(load: Load, begun: datetime) -> Iterator[tuple[DataFrame, DataFrame]]:
    """Rejects that can be judged, and the same with their places; kept at hand while the block lasts."""
    settings = load.config.input
    today = begun.astimezone(ZoneInfo(settings.timezone)).date()
    forms = tuple(form.read for form in TYPED_FORMS.values()) if settings.format in TYPED_FORMATS else ()
    newest = Window.partitionBy(*deduplication.IDENTITY).orderBy(F.desc("rejected_by"))
    told = {"is_repeat": F.lit(False), "in_earlier_file": F.row_number().over(newest) > 1}
    judged = revalidate_rejects(_judgeable(load), settings, forms, today).withColumns(told).persist()
    first, last = judged.agg(F.min("date"), F.max("date")).first() or (None, None)
    stored = stored_between(load, first, last)
    numbered = _not_overtaken(judged, stored) if settings.kind == "daily" else judged
    placed = _placed(load, numbered, stored).persist()
    try:
        yield numbered, placed
    finally:
        placed.unpersist()
        judged.unpersist()


def _judgeable(load: Load) -> DataFrame:
    """Rows of `rejects` of the load's files that name every mapped column, with the number of their load."""
    named = F.map_keys(F.from_json("line", "map<string, string>"))
    has_all = reduce(
        lambda all_so_far, name: all_so_far & F.array_contains(named, F.lit(name)),
        mapped_columns(load.config.input),
        F.col("line").isNotNull(),
    )
    loads = load.warehouse.read("runs").where(F.col("job") == F.lit("ingest"))
    numbers = loads.select("ingest_batch", F.col("load_number").alias("rejected_by"))
    rows = load.stored("rejects").drop("file").where(F.coalesce(has_all, F.lit(False)))
    known = rows.join(load.files.drop("name"), "content_hash").join(F.broadcast(numbers), "ingest_batch")
    return known.drop("content_hash", "ingest_batch", "reason")


def _placed(load: Load, numbered: DataFrame, stored: DataFrame) -> DataFrame:
    """Where each line ends; one that is refused for the same reasons counts as on record already."""
    placed = place(load, numbered, stored, rejects=load.stored("rejects").limit(0))
    as_before = (F.col("outcome") == deduplication.REJECTED) & (F.col("reasons") == F.col("reasons_before"))
    return placed.withColumn(
        "outcome", F.when(as_before, deduplication.ALREADY_LOADED).otherwise(F.col("outcome"))
    )


def _not_overtaken(numbered: DataFrame, stored: DataFrame) -> DataFrame:
    """Figures of daily input less those of whose product-day a later one is known, accepted or to be."""
    figures = stored.groupBy(*DAY).agg(F.max("load_number").alias("accepted_by"))
    day = Window.partitionBy(*DAY)
    passing = F.when(F.size("reasons") == 0, F.col("rejected_by"))
    latest = numbered.join(figures, list(DAY), "left").withColumn("last_by", F.max(passing).over(day))
    later = F.greatest("accepted_by", "last_by")
    return latest.where(later.isNull() | (F.col("rejected_by") >= later)).drop("accepted_by", "last_by")


def _result(load: Load, total: Mapping[str, int], left: int) -> ReingestResult:
    return ReingestResult(
        load.batch,
        total[deduplication.ACCEPTED],
        total[deduplication.REJECTED],
        total[deduplication.ALREADY_LOADED],
        left,
    )
