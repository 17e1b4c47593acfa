"""Re-validation: rejected lines are validated again by rules that have changed since."""

from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lepton_spark.config import InputSettings
from lepton_spark.ingest.files.layout import mapped_columns
from lepton_spark.ingest.lines import deduplication
from lepton_spark.ingest.lines.daily_sales import DAY


def complete_rejects(
    rejects: DataFrame, loads: DataFrame, files: DataFrame, settings: InputSettings
) -> DataFrame:
    """The rejected lines that can be validated again: those of `files` that name every mapped column.

    rejects: rows of `rejects`. loads: ingest_batch, load_number. files: file, content_hash, name.
    Adds `file` and `rejecting_load`, the number of the load that rejected the line.
    """
    named = F.map_keys(F.from_json("line", "map<string, string>"))
    has_all = reduce(
        lambda all_so_far, name: all_so_far & F.array_contains(named, F.lit(name)),
        mapped_columns(settings),
        F.col("line").isNotNull(),
    )
    numbers = loads.select("ingest_batch", F.col("load_number").alias("rejecting_load"))
    rows = rejects.drop("file").where(F.coalesce(has_all, F.lit(False)))
    known = rows.join(files.drop("name"), "content_hash").join(F.broadcast(numbers), "ingest_batch")
    return known.drop("content_hash", "ingest_batch", "reason")


def mark_copies(validated: DataFrame) -> DataFrame:
    """Adds the columns of numbered lines: of equal lines, only the one that was rejected last counts."""
    newest = Window.partitionBy(*deduplication.IDENTITY).orderBy(F.desc("rejecting_load"))
    return validated.withColumns(
        {"is_repeat": F.lit(False), "in_earlier_file": F.row_number().over(newest) > 1}
    )


def without_superseded(validated: DataFrame, stored: DataFrame) -> DataFrame:
    """Daily figures without those for which a later load has, or would have, a valid figure of the same day.

    stored: rows of `transactions`.
    """
    figures = stored.groupBy(*DAY).agg(F.max("load_number").alias("accepting_load"))
    day = Window.partitionBy(*DAY)
    passing = F.when(F.size("reasons") == 0, F.col("rejecting_load"))
    latest = validated.join(figures, list(DAY), "left").withColumn("last_passing", F.max(passing).over(day))
    later = F.greatest("accepting_load", "last_passing")
    kept = latest.where(later.isNull() | (F.col("rejecting_load") >= later))
    return kept.drop("accepting_load", "last_passing")


def mark_unchanged(deduplicated: DataFrame) -> DataFrame:
    """Lines rejected for the same reasons as before count as already loaded."""
    unchanged = (F.col("outcome") == deduplication.REJECTED) & (F.col("reasons") == F.col("reasons_before"))
    return deduplicated.withColumn(
        "outcome", F.when(unchanged, deduplication.ALREADY_LOADED).otherwise(F.col("outcome"))
    )
