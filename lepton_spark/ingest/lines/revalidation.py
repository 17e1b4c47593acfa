"""Re-validation: rejected lines are validated again by rules that have changed since."""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lepton_spark.config import InputSettings
from lepton_spark.ingest.lines import deduplication
from lepton_spark.ingest.lines.identity import DAY
from lepton_spark.ingest.lines.validation import source_names


def complete_rejects(
    rejects: DataFrame,
    loads: DataFrame,
    files: DataFrame,
    settings: InputSettings,
    others: Sequence[InputSettings] = (),
) -> DataFrame:
    """The rejected lines that can be validated again: those of `files` that name every mapped column.

    A line that also has the columns of another source is left out, because that may read it otherwise.
    rejects: rows of `rejects`. loads: ingest_batch, load_number. files: file, content_hash, name.
    Adds `file` and `rejecting_load`, the number of the load that rejected the line.
    """
    has_all = reduce(lambda found, other: found & ~_has_columns(other), others, _has_columns(settings))
    numbers = loads.select("ingest_batch", F.col("load_number").alias("rejecting_load"))
    rows = rejects.drop("file").where(has_all)
    known = rows.join(files.drop("name"), "content_hash").join(F.broadcast(numbers), "ingest_batch")
    return known.drop("content_hash", "ingest_batch", "reason")


def _has_columns(settings: InputSettings) -> Column:
    """Whether a rejected line names every column that validation reads."""
    named = F.map_keys(F.from_json("line", "map<string, string>"))
    wanted = F.array(*map(F.lit, source_names(settings)))
    return F.coalesce(F.size(F.array_except(wanted, named)) == 0, F.lit(False))


def number_revalidated(validated: DataFrame, stored: DataFrame | None, files: DataFrame) -> DataFrame:
    """Adds the columns of numbered lines: of equal lines, only the one that was rejected last counts.

    A line that is valid now is numbered after the accepted lines of its file with the same identity; one that
    is rejected again keeps its identity.
    stored: rows of `transactions`; None if there are none. files: file, content_hash.
    """
    newest = Window.partitionBy("rejected_hash", "rejected_occurrence").orderBy(F.desc("rejecting_load"))
    is_valid = F.col("reject").isNull()
    marked = validated.withColumns(
        {"counts": is_valid, "is_repeat": F.lit(False), "in_earlier_file": F.row_number().over(newest) > 1}
    )
    same = Window.partitionBy("line_hash", "file", "counts", "in_earlier_file").orderBy("line_number")
    number = F.row_number().over(same)
    if stored is not None:
        accepted = stored.join(files, "content_hash").groupBy("line_hash", "file")
        marked = marked.join(
            accepted.agg(F.max("occurrence").alias("n_accepted")), ["line_hash", "file"], "left"
        )
        number = number + F.coalesce("n_accepted", F.lit(0))
    return marked.withColumns(
        {
            "occurrence": F.when(is_valid, number).otherwise(F.col("rejected_occurrence")),
            "line_hash": F.when(is_valid, F.col("line_hash")).otherwise(F.col("rejected_hash")),
        }
    )


def without_superseded(validated: DataFrame, stored: DataFrame | None) -> DataFrame:
    """Daily figures without those for which a later load has, or would have, a valid figure of the same day.

    stored: rows of `transactions`; None if there are none.
    """
    accepting = F.lit(None).cast("bigint").alias("accepting_load")
    with_load = validated.withColumn("accepting_load", accepting)
    if stored is not None:
        figures = stored.groupBy(*DAY).agg(F.max("load_number").alias("accepting_load"))
        with_load = validated.join(figures, list(DAY), "left")
    passing = F.when(F.col("reject").isNull(), F.col("rejecting_load"))
    latest = with_load.withColumn("last_passing", F.max(passing).over(Window.partitionBy(*DAY)))
    later = F.greatest("accepting_load", "last_passing")
    kept = latest.where(later.isNull() | (F.col("rejecting_load") >= later))
    return kept.drop("accepting_load", "last_passing")


def mark_unchanged(deduplicated: DataFrame) -> DataFrame:
    """Lines rejected for the same reasons as before count as already loaded."""
    is_rejected = F.col("outcome") == deduplication.REJECTED
    unchanged = is_rejected & (F.col("reject.reasons") == F.col("reasons"))
    return deduplicated.withColumn(
        "outcome", F.when(unchanged, deduplication.ALREADY_LOADED).otherwise(F.col("outcome"))
    )
