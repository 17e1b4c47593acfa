"""Where each line ends: exactly one of accepted, already_loaded, repeat, rejected."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lepton_spark.ingest.lines.daily_sales import EXACT

ACCEPTED = "accepted"
ALREADY_LOADED = "already_loaded"
REPEAT = "repeat"
REJECTED = "rejected"
PLACES = (ACCEPTED, ALREADY_LOADED, REPEAT, REJECTED)

IDENTITY = ("line_hash", "occurrence")


def number_lines(judged: DataFrame, duplicates: str, *, add_files: bool) -> DataFrame:
    """Judged lines with is_repeat, occurrence (n-th of its hash in its file), in_earlier_file of the load.

    A repeat equals an earlier line of its file in every source column, personal ones included.
    add_files: equal lines of two files of the load are two, so the occurrence is counted over the load.
    """
    within = () if add_files else ("file",)
    same_line = Window.partitionBy("line_hash", "file", "personal").orderBy("line_number")
    same_hash = Window.partitionBy("line_hash", *within, "is_repeat").orderBy(
        "file", "line_number", "personal"
    )
    same_anywhere = Window.partitionBy("line_hash", "occurrence", "is_repeat").orderBy("file")
    is_repeat = F.row_number().over(same_line) > 1 if duplicates == "drop" else F.lit(False)
    return (
        judged.repartition("line_hash")
        .withColumn("is_repeat", is_repeat)
        .withColumn("occurrence", F.row_number().over(same_hash))
        .withColumn("in_earlier_file", F.row_number().over(same_anywhere) > 1)
    )


def place_transactions(numbered: DataFrame, known_lines: DataFrame, known_rejects: DataFrame) -> DataFrame:
    """Numbered lines with `place`, `replaces`, `is_refused`; a line is known by its hash and occurrence.

    A line rejected before counts as loaded only while it is rejected still.
    is_refused: rejected, now or already; false for a repeat.
    """
    known = numbered.transform(_flag, known_lines, "is_known").transform(_flag, known_rejects, "was_rejected")
    again = F.col("in_earlier_file") | F.col("is_known") | (_is_refused() & F.col("was_rejected"))
    place = _place(again, _is_refused())
    refused = _is_refused() & ~F.col("is_known") & ~F.col("is_repeat")
    placed = known.withColumns({"place": place, "replaces": F.lit(False), "is_refused": refused})
    return placed.drop("is_known", "was_rejected")


def place_daily(
    numbered: DataFrame, current: DataFrame, known_rejects: DataFrame, conflicts: str
) -> DataFrame:
    """The same for a day's figures; a line is compared with the current figure of its product-day.

    current: product_id, location_id, date, current_quantity, current_price (signed, as delivered).
    """
    with_known = numbered.transform(_flag, known_rejects, "was_rejected")
    counted = with_known.withColumn(
        "counts", ~F.col("is_repeat") & ~_is_refused() & ~F.col("in_earlier_file")
    )
    compared = _figures(counted, conflicts).join(current, ["product_id", "location_id", "date"], "left")
    has_current = F.col("current_quantity").isNotNull()
    equal = F.col("figure").eqNullSafe(F.struct("current_quantity", "current_price"))
    conflicting = F.col("counts") & F.col("conflicts")
    refused = _is_refused() | conflicting
    again = (
        F.col("in_earlier_file")
        | F.col("said_before")
        | (F.col("counts") & has_current & equal & ~conflicting)
    )
    placed = compared.withColumn("place", _place(again | (refused & F.col("was_rejected")), refused))
    return placed.withColumns(
        {
            "replaces": (F.col("place") == ACCEPTED) & has_current,
            "is_refused": refused & ~F.col("is_repeat"),
            "reasons": F.when(conflicting, F.array(F.lit("conflicting_day"))).otherwise(F.col("reasons")),
            "words": F.when(conflicting, _conflict_words()).otherwise(F.col("words")),
        }
    ).drop(
        "counts", "figure", "conflicts", "said_before", "was_rejected", "current_quantity", "current_price"
    )


def _figures(counted: DataFrame, conflicts: str) -> DataFrame:
    """The product-day's figure (quantity, price) in this load; conflicts; said_before by an equal line."""
    day = Window.partitionBy("product_id", "location_id", "date", "counts")
    units = F.col("quantity").cast(EXACT)  # as stored figures are summed: 0.1 + 0.2 is 0.3
    value = F.struct(units.cast("double").alias("quantity"), F.col("unit_price").alias("price"))
    if conflicts == "sum":
        total = F.sum(units).over(day).cast("double")
        figure = F.struct(total.alias("quantity"), F.max("unit_price").over(day).alias("price"))
        return counted.withColumns({"figure": figure, "conflicts": F.lit(False), "said_before": F.lit(False)})
    nth = F.row_number().over(day.orderBy("file", "line_number"))
    valued = counted.withColumn("figure", value)
    least, most = F.min("figure").over(day), F.max("figure").over(day)
    return valued.withColumns(
        {
            "conflicts": ~least.eqNullSafe(most),
            "said_before": F.col("counts") & (nth > 1) & least.eqNullSafe(most),
        }
    )


def _conflict_words() -> Column:
    return F.concat(
        F.lit("product-day: found "),
        F.col("quantity").cast("string"),
        F.lit(
            " and another value in the same load; allowed: one. "
            "Set input.conflicts: sum if they belong together"
        ),
    )


def _is_refused() -> Column:
    return F.size("reasons") > 0


def _place(again: Column, refused: Column) -> Column:
    return (
        F.when(F.col("is_repeat"), REPEAT)
        .when(again, ALREADY_LOADED)
        .when(refused, REJECTED)
        .otherwise(ACCEPTED)
    )


def _flag(lines: DataFrame, known: DataFrame, name: str) -> DataFrame:
    """Whether each line's identity is among the known ones."""
    marked = known.select(*IDENTITY).distinct().withColumn(name, F.lit(True))
    return lines.join(marked, list(IDENTITY), "left").withColumn(name, F.coalesce(name, F.lit(False)))
