"""What a product sold in the last weeks before its published forecast."""

from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import functions as F

from lepton_spark.report.explanation.explained import Explained
from lepton_spark.tables import Warehouse

WEEKS = 8
"""Weeks that are shown."""


@dataclass(frozen=True)
class WeekSold:
    """Units of the seven days up to `last`; a day without a line counts as 0."""

    first: date
    last: date
    units: float


def weeks_sold(warehouse: Warehouse, explained: Explained) -> tuple[WeekSold, ...]:
    """The last weeks up to the cutoff, the oldest first; weeks end on the cutoff's weekday."""
    cutoff = explained.cutoff
    is_series = (F.col("product_id") == F.lit(explained.product_id)) & (
        F.col("location_id") == F.lit(explained.location_id)
    )
    start = cutoff - timedelta(days=7 * WEEKS)
    is_recent = (F.col("date") > F.lit(start)) & (F.col("date") <= F.lit(cutoff))
    ago = F.floor(F.datediff(F.lit(cutoff), "date") / 7).alias("ago")
    rows = warehouse.read("sales").where(is_series & is_recent).groupBy(ago).agg(F.sum("quantity").alias("n"))
    units = {int(row["ago"]): float(row["n"] or 0.0) for row in rows.collect()}
    lasts = [(week, cutoff - timedelta(days=7 * week)) for week in reversed(range(WEEKS))]
    return tuple(WeekSold(last - timedelta(days=6), last, units.get(week, 0.0)) for week, last in lasts)
