"""Orders and stock at risk of a run, from `inventory`."""

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from lepton_spark.report.page.figures import Order, Orders, Series
from lepton_spark.tables import Warehouse

SHOWN = 10
"""Orders, or levels, that the page lists."""

TENTHS = 10


def find_orders(warehouse: Warehouse, run_id: str) -> Orders:
    """Totals over all series of the run, and its most urgent orders; empty without orders."""
    rows = warehouse.read("inventory").where(F.col("run_id") == F.lit(run_id))
    counts = {row["status"]: row["count"] for row in rows.groupBy("status").count().collect()}
    if not counts.get("ok"):
        most = _first(rows.where("mean_until_next is not null"), F.desc("mean_until_next"))
        return Orders(counts=counts, most_demanded=most)
    due = F.col("order_quantity") > 0
    total = rows.agg(
        F.count_if(due).alias("n"),
        F.sum("order_quantity").alias("units"),
        F.sum("order_value").alias("value"),
        F.sum("units_short_unordered").alias("short"),
    ).collect()[0]
    return Orders(
        counts=counts,
        n_orders=total["n"],
        units=total["units"] or 0.0,
        value=total["value"],
        units_short=total["short"] or 0.0,
        at_risk=_by_risk(rows),
        urgent=_first(rows.where(due), F.desc("units_short_unordered")),
    )


def _by_risk(rows: DataFrame) -> tuple[int, ...]:
    """Series by tenths of the likelihood of a stock-out before the order is received."""
    tenth = F.least(F.floor(F.col("stockout_before_receipt") * TENTHS), F.lit(TENTHS - 1))
    known = rows.where("stockout_before_receipt is not null").groupBy(tenth.alias("tenth")).count()
    found = {int(row["tenth"]): int(row["count"]) for row in known.collect()}
    return tuple(found.get(number, 0) for number in range(TENTHS))


def _first(rows: DataFrame, by: Column) -> tuple[Order, ...]:
    return tuple(map(_order, rows.orderBy(by, "product_id", "location_id").limit(SHOWN).collect()))


def _order(row: Row) -> Order:
    return Order(
        series=Series(row["product_id"], row["location_id"]),
        words=row["words"],
        order_date=row["order_date"],
        order_quantity=row["order_quantity"],
        stockout_risk=row["stockout_before_receipt"],
        units_short=row["units_short_unordered"],
        mean_until_next=row["mean_until_next"],
        safety_stock=row["safety_stock"],
        level=row["order_up_to"] if row["reorder_point"] is None else row["reorder_point"],
    )
