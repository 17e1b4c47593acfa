"""What was sold on each day of a period, and why that is not known on other days."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.panel.covariates import for_each_series
from lepton_spark.panel.ordered_sum import ordered_sum
from lepton_spark.tables.schemas.monitoring_tables import CLOSED, OUT_OF_STOCK, OUTAGE, REJECTED
from lepton_spark.tables.schemas.schema import SERIES_KEY

CAUSES = (CLOSED, OUTAGE, OUT_OF_STOCK, REJECTED)
"""Why sales of a day are not known. Of several causes in a period the last one here is named."""


def daily_units(
    sales: DataFrame, keys: DataFrame, days: DataFrame, stock: DataFrame | None, first: date, last: date
) -> DataFrame:
    """`units` of each series and day by the rules of the panel, and the `cause` of null, an index of CAUSES.

    A day without a row is 0 if the location was open. Lost is a day out of stock, or of which a line was
    rejected: its demand cannot be known.

    keys: the series. days: of `location_days`. stock: rows of that table; None: no such input.
    """
    inside = F.col("date").between(F.lit(first), F.lit(last))
    sold = sales.where(inside).select(*SERIES_KEY, "date", "quantity", F.lit(True).alias("is_sold"))
    grid = keys.join(F.broadcast(days), "location_id").join(sold, [*SERIES_KEY, "date"], "left")
    is_out = F.lit(False)
    if stock is not None:
        out = for_each_series(stock.where(F.col("out_of_stock") & inside), keys)
        of_day = out.select(*SERIES_KEY, "date").distinct().withColumn("is_out", F.lit(True))
        grid = grid.join(of_day, [*SERIES_KEY, "date"], "left")
        is_out = F.coalesce("is_out", F.lit(False))
    is_rejected = F.coalesce("is_sold", F.lit(False)) & F.col("quantity").isNull()
    known = F.when(F.col("quantity") > 0, F.col("quantity")).when(F.col("is_open"), F.lit(0.0))
    cause = (
        F.when(is_rejected, _code(REJECTED))
        .when(is_out, _code(OUT_OF_STOCK))
        .when(F.col("is_closed"), _code(CLOSED))
        .when(known.isNull(), F.when(F.col("is_silent"), _code(OUTAGE)).otherwise(_code(CLOSED)))
    )
    units = F.when(cause.isNull(), known)
    return grid.select(*SERIES_KEY, "date", units.alias("units"), cause.alias("cause"))


def is_lost(cause: Column) -> Column:
    """Whether demand of a day is unknown although the shop was open."""
    return F.coalesce(cause.isin(CAUSES.index(OUT_OF_STOCK), CAUSES.index(REJECTED)), F.lit(False))


def units_by_step(daily: DataFrame, cutoff: date, period: int) -> DataFrame:
    """`units` and `cause` of each series and step, from 1 after the cutoff; step 0 and below are before it.

    A week is the sum of its known days; unknown if there are none, or if a day is lost. Its cause is that of
    its unknown days, also where others are known.

    daily: of `daily_units`. period: days of a step, 1 or 7.
    """
    step = F.ceil(F.datediff("date", F.lit(cutoff)) / F.lit(period)).cast("int").alias("step")
    by_step = daily.groupBy(*SERIES_KEY, step)
    units = F.when(~F.bool_or(is_lost(F.col("cause"))), ordered_sum(F.col("units")))
    return by_step.agg(units.alias("units"), F.max("cause").alias("cause"))


def _code(cause: str) -> Column:
    return F.lit(CAUSES.index(cause))
