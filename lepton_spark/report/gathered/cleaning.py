"""What cleaning rejected and changed."""

from collections.abc import Iterable

from pyspark.sql import functions as F

from lepton_spark.report.page.figures import Adjusted, Cleaning, Reject
from lepton_spark.tables import Warehouse

SALES = "sales"
SHOWN_FILES = 20


def find_cleaning(warehouse: Warehouse, run_id: str) -> Cleaning:
    """Lines of all complete loads, their rejects by reason, and days that were changed before fitting."""
    loads = warehouse.read("runs").where("job = 'ingest' and state = 'complete'")
    counted = loads.agg(
        *(F.sum(F.element_at("counts", F.lit(name))).alias(name) for name in ("lines_read", "accepted"))
    ).collect()[0]
    refused = warehouse.read("files").where("state = 'refused'").orderBy(F.desc("loaded_at"), "name")
    return Cleaning(
        lines_read=counted["lines_read"] or 0,
        accepted=counted["accepted"] or 0,
        rejects=(*_rejects(warehouse), *_side_rejects(warehouse)),
        adjusted=tuple(_adjusted(warehouse, run_id)),
        refused=tuple((row["name"], row["words"] or "") for row in refused.limit(SHOWN_FILES).collect()),
    )


def _rejects(warehouse: Warehouse) -> Iterable[Reject]:
    """Most lines first; the example is the least line, so that it does not change."""
    rows = warehouse.read("rejects").groupBy("reason")
    found = rows.agg(
        F.count("*").alias("n"), F.min_by(F.struct("words", "line"), "line_hash").alias("one")
    ).orderBy(F.desc("n"), "reason")
    for row in found.collect():
        yield Reject(SALES, row["reason"], row["n"], row["one"]["words"] or "", row["one"]["line"] or "")


def _side_rejects(warehouse: Warehouse) -> Iterable[Reject]:
    rows = warehouse.read("side_rejects").groupBy("source", "reason")
    found = rows.agg(F.sum("n_rows").alias("n"), F.min("line").alias("line"))
    for row in found.orderBy(F.desc("n"), "source", "reason").collect():
        yield Reject(row["source"], row["reason"], row["n"], "", row["line"])


def _adjusted(warehouse: Warehouse, run_id: str) -> Iterable[Adjusted]:
    rows = warehouse.read("adjustments").where(F.col("run_id") == F.lit(run_id)).groupBy("rule")
    found = rows.agg(
        F.count("*").alias("n"),
        F.count_distinct("product_id", "location_id").alias("n_series"),
        F.sum("before").alias("before"),
        F.sum("after").alias("after"),
    )
    for row in found.orderBy("rule").collect():
        yield Adjusted(row["rule"], row["n"], row["n_series"], row["before"] or 0.0, row["after"])
