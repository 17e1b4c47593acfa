"""What was sold on each day of a period, and on which days that is known."""

from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.models.data.arrays import BoolArray
from lepton_spark.panel.calendar import Calendar, epoch_day
from lepton_spark.panel.covariates import for_each_series
from lepton_spark.panel.ordered_sum import ordered_sum
from lepton_spark.tables.schemas.schema import SERIES_KEY


def days_of_locations(keys: DataFrame, calendar: Calendar, first: date, last: date) -> DataFrame:
    """One row for each location and day: `is_open`, and `is_closed` where it was announced to be closed.

    keys: the locations of some series, collected, because there are few. calendar: up to the last day.
    """
    names = sorted(row[0] for row in keys.select("location_id").distinct().collect())
    n_days, begin = (last - first).days + 1, epoch_day(first)
    is_open = calendar.is_open(names, begin)
    is_closed = calendar.is_announced_closed(names, begin, n_days)
    rows = [
        (name, first + timedelta(days=day), *_flags(is_open, is_closed, place, day))
        for place, name in enumerate(names)
        for day in range(n_days)
    ]
    schema = "location_id STRING, date DATE, is_open BOOLEAN, is_closed BOOLEAN"
    return keys.sparkSession.createDataFrame(rows, schema)


def _flags(is_open: BoolArray, is_closed: BoolArray, place: int, day: int) -> tuple[bool, bool]:
    return bool(is_open[place, day]), bool(is_closed[place, day])


def daily_units(
    sales: DataFrame, keys: DataFrame, days: DataFrame, stock: DataFrame | None, first: date, last: date
) -> DataFrame:
    """`units` of each series and day, null where unknown, and `is_lost`: by the rules of the panel.

    A day without a row is 0 if the location was open, else unknown. Unknown is also a day announced as
    closed. Lost is a day out of stock, or of which a line was rejected: its demand cannot be known.

    keys: the series. days: of `days_of_locations`. stock: rows of that table; None: no such input.
    """
    inside = F.col("date").between(F.lit(first), F.lit(last))
    sold = sales.where(inside).select(*SERIES_KEY, "date", "quantity", F.lit(True).alias("is_sold"))
    grid = keys.join(F.broadcast(days), "location_id").join(sold, [*SERIES_KEY, "date"], "left")
    is_lost = F.coalesce("is_sold", F.lit(False)) & F.col("quantity").isNull()
    if stock is not None:
        out = for_each_series(stock.where(F.col("out_of_stock") & inside), keys)
        of_day = out.select(*SERIES_KEY, "date").distinct().withColumn("is_out", F.lit(True))
        grid = grid.join(of_day, [*SERIES_KEY, "date"], "left")
        is_lost |= F.coalesce("is_out", F.lit(False))
    known = F.when(F.col("quantity") > 0, F.col("quantity")).when(F.col("is_open"), F.lit(0.0))
    units = F.when(~is_lost & ~F.col("is_closed"), known)
    return grid.select(*SERIES_KEY, "date", units.alias("units"), is_lost.alias("is_lost"))


def units_by_step(daily: DataFrame, cutoff: date, period: int) -> DataFrame:
    """`units` of each series and step, from 1 after the cutoff; step 0 and below are before it.

    A week is the sum of its known days; unknown if there are none, or if a day is lost.

    daily: of `daily_units`. period: days of a step, 1 or 7.
    """
    step = F.ceil(F.datediff("date", F.lit(cutoff)) / F.lit(period)).cast("int").alias("step")
    by_step = daily.groupBy(*SERIES_KEY, step)
    units = F.when(~F.bool_or("is_lost"), ordered_sum(F.col("units")))
    return by_step.agg(units.alias("units"))
