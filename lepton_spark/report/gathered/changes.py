"""The published forecasts against those of the run published before."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.report.page.figures import Change, Changes, Series
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.schema import SERIES_KEY

SHOWN = 15
"""Series that the page lists."""


def find_changes(warehouse: Warehouse, run_id: str, earlier_id: str, cutoff: date) -> Changes | None:
    """What changed on the days that both runs forecast; None if there is no such day.

    cutoff: that of the earlier run.
    """
    latest = warehouse.read("latest_forecasts").select("date", *SERIES_KEY, "forecast")
    earlier = warehouse.read("forecasts").where(F.col("run_id") == F.lit(earlier_id))
    days = latest.select("date").distinct().join(earlier.select("date").distinct(), "date").collect()
    if not days:
        return None
    shared = F.col("date").isin([row["date"] for row in days])
    models = warehouse.read("models")
    both = _with_model(_sums(latest.where(shared), "after"), models, run_id, "model_after").join(
        _with_model(_sums(earlier.where(shared), "before"), models, earlier_id, "model_before"),
        list(SERIES_KEY),
        "full_outer",
    )
    rows = both.persist()
    try:
        return _changes(rows, cutoff, len(days))
    finally:
        rows.unpersist()


def _sums(forecasts: DataFrame, name: str) -> DataFrame:
    return forecasts.groupBy(*SERIES_KEY).agg(F.sum("forecast").alias(name))


def _with_model(sums: DataFrame, models: DataFrame, run_id: str, name: str) -> DataFrame:
    of_run = models.where(F.col("run_id") == F.lit(run_id))
    return sums.join(of_run.select(*SERIES_KEY, F.col("model").alias(name)), list(SERIES_KEY), "left")


def _changes(rows: DataFrame, cutoff: date, n_days: int) -> Changes:
    before, after = F.col("before"), F.col("after")
    total = rows.agg(
        F.sum("before").alias("before"),
        F.sum("after").alias("after"),
        F.count_if(before.isNull()).alias("n_new"),
        F.count_if(after.isNull()).alias("n_gone"),
        F.count_if(F.col("model_before") != F.col("model_after")).alias("n_other_model"),
    ).collect()[0]
    size = F.abs(F.coalesce(after, F.lit(0.0)) - F.coalesce(before, F.lit(0.0)))
    largest = rows.where(size > 0).orderBy(size.desc(), *SERIES_KEY).limit(SHOWN).collect()
    return Changes(
        cutoff=cutoff,
        n_days=n_days,
        before=total["before"] or 0.0,
        after=total["after"] or 0.0,
        n_new=total["n_new"],
        n_gone=total["n_gone"],
        n_other_model=total["n_other_model"],
        largest=tuple(
            Change(Series(row["product_id"], row["location_id"]), row["before"], row["after"])
            for row in largest
        ),
    )
