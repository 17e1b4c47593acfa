"""The series of a run: their packed years, as they stood at the cutoff."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.panel.ordered_sum import ordered_sum
from lepton_spark.tables.schemas.schema import SERIES_KEY


def known_at(panel: DataFrame, cutoff: date) -> DataFrame:
    """The `panel` rows that begin by the cutoff, cut off after it: nothing below sees a later day.

    Gives the series, `first_day` (days since 1970-01-01) and `quantity`.
    """
    first_day = F.unix_date("first_date")
    n_days = F.unix_date(F.lit(cutoff)) - first_day + 1
    return panel.where(F.col("first_date") <= F.lit(cutoff)).select(
        *SERIES_KEY, first_day.alias("first_day"), F.slice("quantity", 1, n_days).alias("quantity")
    )


def count_series(panel: DataFrame, cutoff: date) -> int:
    """How many series have a row in `sales` by the cutoff."""
    return known_at(panel, cutoff).select(*SERIES_KEY).distinct().count()


def run_series(panel: DataFrame, cancellations: DataFrame | None, cutoff: date, n_batches: int) -> DataFrame:
    """One row a series and year: `batch`, the series, `first_day`, `quantity` by day to the last observation.

    Null = no row in `sales`. Units that were cancelled after the cutoff count as sold; None where
    nothing is ever cancelled. A batch is put together where it is worked: joining arrays here costs as
    much as fitting them.
    """
    years = known_at(panel, cutoff)
    if cancellations is not None:
        years = _restore(years, cancellations, cutoff)
    return years.withColumn("batch", batch_of(n_batches)).select(
        "batch", *SERIES_KEY, "first_day", "quantity"
    )


def with_lists(series: DataFrame, lists: DataFrame, n_batches: int) -> DataFrame:
    """The packed years and, as further rows of the same groups, lists of the series: null in rows of years.

    lists: the series' key and columns of lists; `first_day` is null in their rows.
    """
    rows = lists.withColumn("batch", batch_of(n_batches))
    return series.unionByName(rows, allowMissingColumns=True)


def batch_of(n_batches: int) -> Column:
    """The batch of a series: a hash of its ids, whatever else is in the run."""
    return F.pmod(F.xxhash64(*SERIES_KEY), F.lit(n_batches)).cast("int")


def batch_count(n_series: int, series_per_batch: int) -> int:
    """The power of two nearest to `n_series / series_per_batch`, at least 1; of two as near the larger."""
    wanted = max(n_series / series_per_batch, 1.0)
    lower = 1 << (int(wanted).bit_length() - 1)
    return lower if wanted - lower < 2 * lower - wanted else 2 * lower


def _restore(years: DataFrame, cancellations: DataFrame, cutoff: date) -> DataFrame:
    """Adds back what was sold by the cutoff and cancelled after it; so few rows that they are broadcast."""
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
        lambda units, place: (
            units + F.coalesce(F.element_at("restored", F.col("first_day") + place), F.lit(0.0))
        ),
    )
    quantity = F.when(F.col("restored").isNull(), F.col("quantity")).otherwise(added)
    joined = years.join(F.broadcast(by_series), list(SERIES_KEY), "left")
    return joined.withColumn("quantity", quantity).drop("restored")
