"""The outcome of each line: exactly one of accepted, already_loaded, repeat, skipped, rejected."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lepton_spark.ingest.lines.identity import DAY, IDENTITY
from lepton_spark.ingest.lines.reading.quantities import is_return, net_units
from lepton_spark.ingest.lines.rules import rejection

ACCEPTED = "accepted"
ALREADY_LOADED = "already_loaded"
REPEAT = "repeat"
REJECTED = "rejected"
SKIPPED = "skipped"
OUTCOMES = (ACCEPTED, ALREADY_LOADED, REPEAT, SKIPPED, REJECTED)


def crowded_keys(lines: DataFrame, stored: DataFrame | None, kind: str) -> DataFrame:
    """The keys, as `key`, that several lines share. Only such lines need to be compared with each other.

    lines: new lines. stored: lines of earlier loads, accepted or rejected. kind: `input.kind`.
    """
    keys = lines.select(key_of(kind).alias("key"))
    if stored is not None:
        keys = keys.unionAll(stored.select(key_of(kind).alias("key")))
    return keys.groupBy("key").count().where(F.col("count") > 1).select("key")


def key_of(kind: str) -> Column:
    """A number that equal lines share: by identity, or by product-day for daily figures."""
    return F.xxhash64(*DAY) if kind == "daily" else F.xxhash64("line_hash")


def outcome_of_single_lines(lines: DataFrame) -> DataFrame:
    """Lines that equal no other line, new or stored, with the columns that deduplication adds."""
    is_invalid = F.col("reject").isNotNull()
    return lines.withColumns(
        {
            "occurrence": F.lit(1),
            "outcome": F.when(F.col("is_skipped"), SKIPPED).when(is_invalid, REJECTED).otherwise(ACCEPTED),
            "replaces": F.lit(False),
            "is_rejected": is_invalid,
        }
    )


def number_lines(validated: DataFrame, *, add_files: bool = False) -> DataFrame:
    """Validated lines with `is_repeat`, `occurrence`, `in_earlier_file` and `counts`.

    is_repeat: equal to an earlier line of its file in all source columns; false for all lines if `content` is
    null. occurrence: number of the line, from 1, among those of its file with the same identity.
    in_earlier_file: the same line is also in an earlier file of this load. counts: neither rejected nor
    skipped.
    add_files: whether equal lines of two files are two lines; occurrences then count over the whole load.
    """
    identity = (*DAY, "counts", "line_hash")
    of_line = Window.partitionBy(*identity)
    same_content = Window.partitionBy(*identity, "file", "content").orderBy("line_number")
    in_file = Window.partitionBy(*identity, "file").orderBy("content", "line_number")
    counted = of_line.orderBy("file", "content", "line_number") if add_files else in_file
    so_far = counted.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    earlier = of_line.orderBy("file").rangeBetween(Window.unboundedPreceding, -1)
    numbered = (
        validated.withColumn("counts", F.col("reject").isNull() & ~F.col("is_skipped"))
        .withColumn("is_repeat", F.col("content").isNotNull() & (F.row_number().over(same_content) > 1))
        # a repeat has the number of the line that it repeats
        .withColumn("occurrence", F.sum(F.when(F.col("is_repeat"), 0).otherwise(1)).over(so_far).cast("int"))
    )
    if add_files:
        return numbered.withColumn("in_earlier_file", F.lit(False))
    known = F.max("occurrence").over(earlier) >= F.col("occurrence")
    return numbered.withColumn("in_earlier_file", F.coalesce(known, F.lit(False)))


def deduplicate_transactions(
    numbered: DataFrame, known_lines: DataFrame | None, known_rejects: DataFrame | None
) -> DataFrame:
    """Numbered lines with `outcome`, `replaces` and `is_rejected`; a line is identified by IDENTITY.

    known_lines, known_rejects: IDENTITY of lines that earlier loads accepted, or rejected; None if there are
    none. A line that was rejected before has the outcome already_loaded only if it is rejected again.
    is_rejected: breaks a rule, even if it was rejected before; false for a repeat or a line accepted before.
    """
    flagged = numbered.transform(_flag, known_lines, "is_known").transform(
        _flag, known_rejects, "was_rejected"
    )
    known = F.col("in_earlier_file") | F.col("is_known") | (_is_invalid() & F.col("was_rejected"))
    is_rejected = _is_invalid() & ~F.col("is_known") & ~F.col("is_repeat")
    with_outcome = flagged.withColumns(
        {"outcome": _outcome(known, _is_invalid()), "replaces": F.lit(False), "is_rejected": is_rejected}
    )
    return with_outcome.drop("is_known", "was_rejected")


def deduplicate_daily(
    numbered: DataFrame, current: DataFrame | None, known_rejects: DataFrame | None, conflicts: str
) -> DataFrame:
    """Numbered lines with `outcome`, `replaces` and `is_rejected`; a figure is identified by its product-day.

    A figure is already loaded if it equals the current one of its product-day, and replaces it otherwise.
    current: product_id, location_id, date, current_net and current_price, from `current_figures`; None if
    there are none. conflicts: `input.conflicts`; reject or sum.
    """
    compared = _with_figures(numbered.transform(_flag, known_rejects, "was_rejected"), conflicts)
    has_current = is_equal = F.lit(False)
    if current is not None:
        compared = compared.join(current, list(DAY), "left")
        has_current = F.col("counts") & F.col("current_net").isNotNull()
        is_equal = has_current & (F.col("net") == F.col("current_net"))
        is_equal &= F.col("day_price").eqNullSafe(F.col("current_price"))
    rejected = _is_invalid() | F.col("conflicts")
    known = F.col("in_earlier_file") | F.col("equals_earlier") | (is_equal & ~F.col("conflicts"))
    conflict = rejection(F.array(F.lit("conflicting_day")), _conflict_words(), F.lit(None).cast("string"))
    with_outcome = compared.withColumns(
        {
            "outcome": _outcome(known | (rejected & F.col("was_rejected")), rejected),
            "is_rejected": rejected & ~F.col("is_repeat"),
            "reject": F.when(F.col("conflicts"), conflict).otherwise(F.col("reject")),
        }
    )
    replaces = (F.col("outcome") == ACCEPTED) & has_current
    unused = (
        "net",
        "day_price",
        "conflicts",
        "equals_earlier",
        "was_rejected",
        "current_net",
        "current_price",
    )
    return with_outcome.withColumn("replaces", replaces).drop(*unused)


def _with_figures(numbered: DataFrame, conflicts: str) -> DataFrame:
    """Lines with `net` and `day_price`, the figure of their product-day in this load.

    conflicts: whether the lines of the product-day differ. equals_earlier: whether they are all equal and
    this line is not the first of them. is_repeat: this line equals an earlier one of its file. All are false
    if figures are summed.
    """
    day, counts = Window.partitionBy(*DAY, "counts"), F.col("counts")
    units = net_units()  # decimals, because stored figures are sums of decimals: 0.1 + 0.2 is 0.3
    if conflicts == "sum":
        return numbered.withColumns(
            {
                "net": F.sum(F.when(~F.col("is_repeat"), units)).over(day).cast("double"),
                "day_price": F.max("price").over(day),
                "conflicts": F.lit(False),
                "equals_earlier": F.lit(False),
            }
        )
    ordered = day.orderBy("line_hash", "file", "line_number")
    whole = ordered.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    differ = F.min("line_hash").over(whole) != F.max("line_hash").over(whole)
    before = F.lag(F.struct("line_hash", "file")).over(ordered)
    found = numbered.withColumns(
        {
            "conflicts": counts & differ,
            "nth": F.row_number().over(ordered),
            "is_repeat": F.coalesce(before == F.struct("line_hash", "file"), F.lit(False)),
        }
    )
    return found.withColumns(
        {
            "net": units.cast("double"),
            "day_price": F.col("price"),
            "equals_earlier": counts & ~F.col("conflicts") & (F.col("nth") > 1),
        }
    ).drop("nth")


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


def _is_invalid() -> Column:
    return F.col("reject").isNotNull()


def _outcome(known: Column, rejected: Column) -> Column:
    return (
        F.when(F.col("is_skipped"), SKIPPED)
        .when(F.col("is_repeat"), REPEAT)
        .when(known, ALREADY_LOADED)
        .when(rejected, REJECTED)
        .otherwise(ACCEPTED)
    )


def _flag(lines: DataFrame, known: DataFrame | None, name: str) -> DataFrame:
    """Lines with a column that is true where their IDENTITY is among the known ones."""
    if known is None:
        return lines.withColumn(name, F.lit(False))
    marked = known.select(*IDENTITY).distinct().withColumn(name, F.lit(True))
    return lines.join(marked, list(IDENTITY), "left").withColumn(name, F.coalesce(name, F.lit(False)))
