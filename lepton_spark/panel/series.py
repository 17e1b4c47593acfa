"""The series of a run: packed years as known at the cutoff."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.panel.ordered_sum import ordered_sum
from lepton_spark.tables.schemas.schema import SERIES_KEY


def known_at(panel: DataFrame, cutoff: date) -> DataFrame:
    """Rows of `panel` truncated after the cutoff, so that no later step can see a later day.

    Columns: the series key, `first_day` (days since 1970-01-01) and `quantity`.
    """
    first_day = F.unix_date("first_date")
    n_days = F.unix_date(F.lit(cutoff)) - first_day + 1
    return panel.where(F.col("first_date") <= F.lit(cutoff)).select(
        *SERIES_KEY, first_day.alias("first_day"), F.slice("quantity", 1, n_days).alias("quantity")
    )


def count_series(panel: DataFrame, cutoff: date) -> int:
    """The number of series with a row in `sales` up to the cutoff."""
    return known_at(panel, cutoff).select(*SERIES_KEY).distinct().count()


def run_series(panel: DataFrame, cancellations: DataFrame | None, cutoff: date, n_batches: int) -> DataFrame:
    """One row per series and year: `batch`, the series key, `first_day`, and `quantity` by day.

    quantity: null = no row in `sales`, -1 = unknown. Units that were cancelled only after the cutoff count as
    sold.
    cancellations: None if the input never has any.
    The years of a series are not joined here, which would cost as much as fitting it; the UDF joins them.
    """
    years = known_at(panel, cutoff)
    if cancellations is not None:
        years = _restore(years, cancellations, cutoff)
    return years.withColumn("batch", batch_of(n_batches)).select(
        "batch", *SERIES_KEY, "first_day", "quantity"
    )


def with_lists(series: DataFrame, lists: DataFrame, n_batches: int) -> DataFrame:
    """The packed years and the rows of `lists`, in the same batches; columns that a row lacks are null.

    lists: the series key and list columns, without `first_day`.
    """
    rows = lists.withColumn("batch", batch_of(n_batches))
    return series.unionByName(rows, allowMissingColumns=True)


def batch_of(n_batches: int) -> Column:
    """The batch of a series: a hash of its key, independent of the other series of a run."""
    return F.pmod(F.xxhash64(*SERIES_KEY), F.lit(n_batches)).cast("int")


def batch_count(n_series: int, series_per_batch: int) -> int:
    """The power of two nearest to `n_series / series_per_batch`, at least 1; a tie goes to the larger.

    >>> batch_count(1_500, 512), batch_count(1_536, 512)
    (2, 4)
    """
    wanted = max(n_series / series_per_batch, 1.0)
    lower = 1 << (int(wanted).bit_length() - 1)
    return lower if wanted - lower < 2 * lower - wanted else 2 * lower


def _restore(years: DataFrame, cancellations: DataFrame, cutoff: date) -> DataFrame:
    """Adds back units that were sold by the cutoff and cancelled after it; such rows are few."""
    later = (F.col("date") <= F.lit(cutoff)) & (F.col("cancelled_on") > F.lit(cutoff))
    by_day = (
        cancellations.where(later)
        .groupBy(*SERIES_KEY, F.unix_date("date").alias("day"))
        .agg(ordered_sum(F.col("quantity")).alias("units"))
    )
    by_series = by_day.groupBy(*SERIES_KEY).agg(
        F.map_from_entries(F.collect_list(F.struct("day", "units"))).alias("restored")
    )
    added = F.transform(
        "quantity",
        lambda units, index: F.when(
            units >= 0, units + F.coalesce(F.element_at("restored", F.col("first_day") + index), F.lit(0.0))
        ).otherwise(units),
    )
    quantity = F.when(F.col("restored").isNull(), F.col("quantity")).otherwise(added)
    joined = years.join(F.broadcast(by_series), list(SERIES_KEY), "left")
    return joined.withColumn("quantity", quantity).drop("restored")
