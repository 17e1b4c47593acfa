"""The unload job: takes the lines of loaded files back, as if the files had not been delivered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import reduce
from hashlib import sha256

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lepton_spark.errors import InputError, explain
from lepton_spark.ingest.lines.deduplication import ALREADY_LOADED
from lepton_spark.ingest.lines.identity import DAY
from lepton_spark.pipelines.caching import persisted
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.repair.recovery import recompute_sales, roll_back_incomplete
from lepton_spark.pipelines.ingest.repair.unloaded_lines import (
    UNLOADED,
    UNLOADED_LINES,
    cancellations_of,
    delete_unloaded_lines,
)
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_id import run_id_for
from lepton_spark.tables import Warehouse

WORDS = "its lines were taken back by `lepton unload`; the next load reads it again if it is still there"


@dataclass(frozen=True)
class UnloadResult:
    """files: names of the files whose lines were taken back. n_lines: how many lines of `transactions`.

    overlapping: files loaded with or after them of which some lines were known already, perhaps from these.
    """

    files: tuple[str, ...]
    n_lines: int
    overlapping: tuple[str, ...]


def run_unload(context: JobContext, patterns: Sequence[str]) -> UnloadResult:
    """Deletes the lines of loaded files from every table, and recomputes the sales of their days.

    patterns: names of files as in the table `files`, with or without their folders, or patterns such as
    `2024-*.csv`. An interrupted run is finished by the next job.

    Raises: InputError for a name that is not among the loaded files, and for files whose lines cancel sales
    of other files.
    """
    warehouse, runs = context.warehouse, context.runs
    with context.stage("find the files") as stage:
        roll_back_incomplete(warehouse, runs)
        recorded = warehouse.read("files").drop("words").collect()
        files = _named(recorded, patterns)
        hashes = [row["content_hash"] for row in files]
        _require_no_cancelled_sales_elsewhere(warehouse, hashes)
        stage.note(f"{len(files)} files")
    of_files = F.col("content_hash").isin(hashes)
    lines = warehouse.read("transactions").where(of_files)
    n_lines = lines.count()
    number = runs.next_load_number()
    batch = sha256("\n".join(["unload", *sorted(hashes), str(number)]).encode()).hexdigest()[:32]
    run_id = run_id_for("ingest", None, context.config, batch)
    planned = Run(run_id, "ingest", ingest_batch=batch, load_number=number, counts={UNLOADED_LINES: n_lines})
    with context.stage("take the lines back, recompute sales") as stage:
        run = runs.start(planned, context.config)
        with persisted(_days(warehouse, hashes)) as days:
            span = days.agg(F.min("date").alias("first"), F.max("date").alias("last")).first()
            changed = warehouse.read("sales").join(days, list(DAY), "left_semi")
            warehouse.merge("sales", changed.withColumn("ingest_batch", F.lit(batch)))
        taken_back = {"state": F.lit("refused"), "reason": F.lit(UNLOADED), "words": F.lit(WORDS)}
        warehouse.update("files", of_files, taken_back)
        delete_unloaded_lines(warehouse)
        recompute_sales(warehouse, batch)
        stage.note(f"{n_lines:,} lines")
    first, last = (None, None) if span is None else (span["first"], span["last"])
    runs.complete(replace(run, min_date=first, max_date=last))
    return UnloadResult(tuple(sorted(row["name"] for row in files)), n_lines, _overlapping(recorded, files))


def _named(recorded: Sequence[Row], patterns: Sequence[str]) -> list[Row]:
    loaded = [row for row in recorded if row["reason"] in (None, UNLOADED)]
    for pattern in patterns:
        if not any(_matches(row["name"], pattern) for row in loaded):
            names = ", ".join(sorted(row["name"] for row in loaded)[:5]) or "none so far"
            remedy = "The table `files` lists all names."
            raise InputError(explain("file to unload", pattern, f"loaded files, such as {names}", remedy))
    return [row for row in loaded if any(_matches(row["name"], pattern) for pattern in patterns)]


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"*/{pattern}")


def _require_no_cancelled_sales_elsewhere(warehouse: Warehouse, hashes: Sequence[str]) -> None:
    """Raises InputError if a sale and its cancellation are in a file of these and in another one.

    The customers of matched sales are not kept, so the two could not be matched again.
    """
    matched = cancellations_of(warehouse, hashes).where("is_match")
    others = matched.where(~(F.col("has_sale") & F.col("has_return")))
    hash_of_sale = F.when(F.col("has_sale"), F.col("cancel_line_hash")).otherwise(F.col("line_hash"))
    elsewhere = others.select(hash_of_sale.alias("line_hash")).distinct()
    lines = warehouse.read("transactions").where(~F.col("content_hash").isin(list(hashes)))
    found = lines.join(elsewhere, "line_hash", "left_semi").select("content_hash").distinct()
    names = warehouse.read("files").join(found, "content_hash").select("name").limit(3).collect()
    if names:
        listed = ", ".join(sorted(row["name"] for row in names))
        allowed = "files whose returns and sales are matched with each other only"
        remedy = "Unload these too, and load them again together."
        raise InputError(explain("file to unload", f"lines matched with lines of {listed}", allowed, remedy))


def _days(warehouse: Warehouse, hashes: Sequence[str]) -> DataFrame:
    """DAY of every line of the files, of their rejected lines, and of cancellations by or of their lines."""
    of_files = F.col("content_hash").isin(list(hashes))
    lines, rejects = (warehouse.read(name).where(of_files) for name in ("transactions", "rejects"))
    cancelled = cancellations_of(warehouse, hashes)
    returned_on = cancelled.withColumn("date", F.col("cancelled_on"))
    frames = (frame.select(*DAY) for frame in (lines, rejects, cancelled, returned_on))
    return reduce(DataFrame.union, frames).distinct()


def _overlapping(recorded: Sequence[Row], files: Sequence[Row]) -> tuple[str, ...]:
    first = min(row["loaded_at"] for row in files)
    taken_back = {row["content_hash"] for row in files}
    later = [
        row["name"]
        for row in recorded
        if row["content_hash"] not in taken_back
        and row["loaded_at"] >= first
        and (row["counts"] or {}).get(ALREADY_LOADED)
    ]
    return tuple(sorted(later))
