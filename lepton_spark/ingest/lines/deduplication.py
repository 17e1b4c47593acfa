"""The outcome of each line: exactly one of accepted, already_loaded, repeat, skipped, rejected."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lepton_spark.ingest.lines.quantities import is_return, net_units

ACCEPTED = "accepted"
ALREADY_LOADED = "already_loaded"
REPEAT = "repeat"
REJECTED = "rejected"
SKIPPED = "skipped"
OUTCOMES = (ACCEPTED, ALREADY_LOADED, REPEAT, SKIPPED, REJECTED)

IDENTITY = ("line_hash", "occurrence")
"""Columns that identify a line across loads."""


def number_lines(validated: DataFrame, duplicates: str, *, add_files: bool) -> DataFrame:
    """Validated lines with `is_repeat`, `occurrence` and `in_earlier_file`.

    is_repeat: equal to an earlier line of its file in every source column, personal ones included; false
    for all lines unless `duplicates` is drop. occurrence: number of the line, from 1, among those of its file
    with the same hash. in_earlier_file: the same line is also in an earlier file of this load.
    add_files: whether equal lines of two files are two lines; occurrences then count over the whole load.
    """
    within = () if add_files else ("file",)
    same_line = Window.partitionBy("line_hash", "file", "personal").orderBy("line_number")
    same_hash = Window.partitionBy("line_hash", *within, "is_repeat").orderBy(
        "file", "line_number", "personal"
    )
    same_identity = Window.partitionBy("line_hash", "occurrence", "is_repeat").orderBy("file")
    is_repeat = F.row_number().over(same_line) > 1 if duplicates == "drop" else F.lit(False)
    return (
        validated.repartition("line_hash")
        .withColumn("is_repeat", is_repeat)
        .withColumn("occurrence", F.row_number().over(same_hash))
        .withColumn("in_earlier_file", F.row_number().over(same_identity) > 1)
    )


def deduplicate_transactions(
    numbered: DataFrame, known_lines: DataFrame, known_rejects: DataFrame
) -> DataFrame:
    """Numbered lines with `outcome`, `replaces` and `is_rejected`; a line is identified by IDENTITY.

    known_lines, known_rejects: IDENTITY of lines that earlier loads accepted, or rejected. A line that was
    rejected before has the outcome already_loaded only if it is rejected again.
    is_rejected: breaks a rule, even if it was rejected before; false for a repeat or a line accepted before.
    """
    flagged = numbered.transform(_flag, known_lines, "is_known").transform(
        _flag, known_rejects, "was_rejected"
    )
    known = F.col("in_earlier_file") | F.col("is_known") | (_has_reason() & F.col("was_rejected"))
    is_rejected = _has_reason() & ~F.col("is_known") & ~F.col("is_repeat")
    with_outcome = flagged.withColumns(
        {"outcome": _outcome(known, _has_reason()), "replaces": F.lit(False), "is_rejected": is_rejected}
    )
    return with_outcome.drop("is_known", "was_rejected")


def deduplicate_daily(
    numbered: DataFrame, current: DataFrame, known_rejects: DataFrame, conflicts: str
) -> DataFrame:
    """Numbered lines with `outcome`, `replaces` and `is_rejected`; a figure is identified by its product-day.

    A figure is already loaded if it equals the current one of its product-day, and replaces it otherwise.
    current: product_id, location_id, date, current_net and current_price, from `current_figures`.
    conflicts: `input.conflicts`; reject or sum.
    """
    with_known = numbered.transform(_flag, known_rejects, "was_rejected")
    counted = with_known.withColumn(
        "counts",
        ~F.col("is_repeat") & ~F.col("is_skipped") & ~_has_reason() & ~F.col("in_earlier_file"),
    )
    compared = _with_figures(counted, conflicts).join(current, ["product_id", "location_id", "date"], "left")
    has_current = F.col("current_net").isNotNull()
    is_equal = F.col("figure").eqNullSafe(F.struct("current_net", "current_price"))
    conflicting = F.col("counts") & F.col("conflicts")
    rejected = _has_reason() | conflicting
    known = (
        F.col("in_earlier_file")
        | F.col("equals_earlier")
        | (F.col("counts") & has_current & is_equal & ~conflicting)
    )
    with_outcome = compared.withColumn(
        "outcome", _outcome(known | (rejected & F.col("was_rejected")), rejected)
    )
    return with_outcome.withColumns(
        {
            "replaces": (F.col("outcome") == ACCEPTED) & has_current,
            "is_rejected": rejected & ~F.col("is_repeat"),
            "reasons": F.when(conflicting, F.array(F.lit("conflicting_day"))).otherwise(F.col("reasons")),
            "words": F.when(conflicting, _conflict_words()).otherwise(F.col("words")),
        }
    ).drop("counts", "figure", "conflicts", "equals_earlier", "was_rejected", "current_net", "current_price")


def _with_figures(counted: DataFrame, conflicts: str) -> DataFrame:
    """Lines with the `figure` (net units, price) of their product-day in this load.

    conflicts: whether the lines of the product-day differ. equals_earlier: whether they are all equal and
    this line is not the first. Both are false if figures are summed.
    """
    day = Window.partitionBy("product_id", "location_id", "date", "counts")
    units = net_units()  # decimals, because stored figures are sums of decimals: 0.1 + 0.2 is 0.3
    if conflicts == "sum":
        total = F.sum(units).over(day).cast("double")
        figure = F.struct(total.alias("net"), F.max("price").over(day).alias("price"))
        return counted.withColumns(
            {"figure": figure, "conflicts": F.lit(False), "equals_earlier": F.lit(False)}
        )
    nth = F.row_number().over(day.orderBy("file", "line_number"))
    valued = counted.withColumn("figure", F.struct(units.cast("double").alias("net"), "price"))
    all_equal = F.min("figure").over(day).eqNullSafe(F.max("figure").over(day))
    return valued.withColumns(
        {"conflicts": ~all_equal, "equals_earlier": F.col("counts") & (nth > 1) & all_equal}
    )


def _conflict_words() -> Column:
    return F.concat(
        F.lit("product-day: found "),
        F.when(is_return(), -F.col("quantity")).otherwise(F.col("quantity")).cast("string"),
        F.lit(
            " and another value in the same load; allowed: one. "
            "Map input.columns.location_id if they are of two stores, or set input.conflicts: sum if they "
            "belong together"
        ),
    )


def _has_reason() -> Column:
    return F.size("reasons") > 0


def _outcome(known: Column, rejected: Column) -> Column:
    return (
        F.when(F.col("is_skipped"), SKIPPED)
        .when(F.col("is_repeat"), REPEAT)
        .when(known, ALREADY_LOADED)
        .when(rejected, REJECTED)
        .otherwise(ACCEPTED)
    )


def _flag(lines: DataFrame, known: DataFrame, name: str) -> DataFrame:
    """Lines with a column that is true where their IDENTITY is among the known ones."""
    marked = known.select(*IDENTITY).distinct().withColumn(name, F.lit(True))
    return lines.join(marked, list(IDENTITY), "left").withColumn(name, F.coalesce(name, F.lit(False)))
