"""The last past period that monitoring compared with sales, and what was unusual in it."""

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lepton_spark.report.page.figures import Alarm, Monitored, SegmentErrors, Series
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.monitoring_tables import ALARM, OK, PRODUCT, UNKNOWN, WATCH

SHOWN = 10
"""Alarms of products, and of the shop, that the page lists."""


def last_monitored(warehouse: Warehouse) -> Monitored | None:
    """The scored run of the latest cutoff; None before the first."""
    scored = warehouse.read("monitoring")
    last = scored.orderBy(F.desc("cutoff"), "run_id").select("run_id", "cutoff", "last_day").first()
    if last is None:
        return None
    of_run = F.col("run_id") == F.lit(last["run_id"])
    rows = scored.where(of_run)
    products, segments = rows.where(F.col("segment") == PRODUCT), rows.where(F.col("segment") != PRODUCT)
    counts = {
        row["state"]: row["count"]
        for row in products.groupBy(F.coalesce("state", F.lit(UNKNOWN)).alias("state")).count().collect()
    }
    shop = (
        *_unusual(segments, "segment"),
        *_unusual(warehouse.read("health").where(of_run), "measure"),
    )
    found = sorted(segments.collect(), key=lambda row: (row["segment"] != "all", row["segment"]))
    alarms = (*shop, *_alarms(products)) if counts.get(ALARM) else shop
    return Monitored(last["cutoff"], last["last_day"], counts, alarms, tuple(map(_errors, found)))


def _unusual(rows: DataFrame, name: str) -> list[Alarm]:
    """What is neither ok nor unknown, alarms first."""
    unusual = rows.where(~F.col("state").isin(OK, UNKNOWN)).orderBy(F.col("state") == WATCH, name)
    found = unusual.select(F.col(name).alias("subject"), "state", "since", "reason").limit(SHOWN).collect()
    return [Alarm(row["subject"], row["state"], row["since"], row["reason"] or "") for row in found]


def _alarms(products: DataFrame) -> list[Alarm]:
    """The alarms that are off by most units."""
    off = F.abs(F.col("actual") - F.col("forecast"))
    largest = products.where(F.col("state") == ALARM).orderBy(off.desc(), "product_id", "location_id")
    return [_alarm(row) for row in largest.limit(SHOWN).collect()]


def _alarm(row: Row) -> Alarm:
    series = Series(row["product_id"], row["location_id"])
    figures = (row["forecast"], row["actual"])
    return Alarm(series.label, row["state"], row["since"], row["reason"] or "", series, *figures)


def _errors(row: Row) -> SegmentErrors:
    naive = row["naive_abs_error"]
    return SegmentErrors(
        segment=row["segment"],
        n_series=row["n_series"],
        n_obs=row["n_obs"],
        wape=row["wape"],
        naive_wape=naive / row["actual"] if naive is not None and row["actual"] else None,
        rmsse=None,
        naive_rmsse=None,
        bias=row["bias"],
        coverage=row["coverage"],
    )
