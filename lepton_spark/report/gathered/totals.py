"""All series together by day: what was sold, what is forecast."""

from datetime import date, timedelta

from pyspark.sql import functions as F

from lepton_spark.report.page.figures import DayTotal
from lepton_spark.tables import Warehouse

DAYS_BEFORE = 91
"""Days of sales before the forecasts."""


def day_totals(
    warehouse: Warehouse, run_id: str, earlier_id: str | None, cutoff: date, period: int
) -> tuple[DayTotal, ...]:
    """One row per day, or per week for weekly forecasts, up to the last one that is forecast.

    run_id: the published run. earlier_id: the run published before, if any. period: 1 or 7 days.
    """
    begin = cutoff - timedelta(days=DAYS_BEFORE - 1)
    known = warehouse.read("sales").where(F.col("date") >= F.lit(begin))
    weeks = F.floor(F.datediff("date", F.lit(begin)) / period) * period
    sold = known.groupBy(F.date_add(F.lit(begin), weeks.cast("int")).alias("date")).agg(
        F.sum("quantity"), F.max("date")
    )
    found = sold.collect()
    newest = max((row[2] for row in found), default=cutoff)
    whole = (row for row in found if row[0] + timedelta(days=period - 1) <= newest)
    by_day = {row[0]: row[1] for row in whole}
    forecasts = (
        warehouse.read("group_forecasts").where("segment = 'all'").select("run_id", "date", "forecast")
    )
    rows = forecasts.where(F.col("run_id").isin([run_id, earlier_id or run_id])).collect()
    after = {(row["run_id"], row["date"]): row["forecast"] for row in rows}
    days = sorted({*by_day, *(day for _, day in after)})
    return tuple(
        DayTotal(day, by_day.get(day), after.get((run_id, day)), after.get((earlier_id or "", day)))
        for day in days
    )
