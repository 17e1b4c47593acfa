"""Which sale each return cancels: a stack per customer, product and quantity, as window functions."""

from datetime import date

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

CANDIDATE = (
    "product_id",
    "location_id",
    "line_hash",
    "occurrence",
    "line_kind",
    "date",
    "sold_at",
    "quantity",
    "customer",
)
"""Columns of a sale or return that may be matched."""

_STACK = ("customer", "product_id", "location_id", "quantity")


def match_returns(candidates: DataFrame, window_days: int) -> DataFrame:
    """Rows of `cancellations`: each return with the latest earlier unmatched sale within the window.

    candidates: CANDIDATE columns of sales and returns not yet matched. Lines without a customer match
    nothing. A sale comes before a return of the same instant.

    Every sale is pushed on its stack and every return pops the top, even if that sale is too old to be
    matched: the sales below it are older still. With S = sales - returns so far, the depth of the stack is
    S - min(0, lowest S so far). A return pops the sale that precedes it on the same level.
    """
    returned = candidates.where(F.col("line_kind") == "return").select(*_STACK).distinct()
    of_customers = candidates.where(F.col("customer").isNotNull())
    relevant = of_customers.join(returned, list(_STACK), "left_semi")
    step = F.when(F.col("line_kind") == "sale", 1).otherwise(-1)
    at = F.coalesce("sold_at", F.col("date").cast("timestamp"))
    stack = Window.partitionBy(*_STACK).orderBy("at", F.desc("step"), "line_hash", "occurrence")
    so_far = stack.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    summed = relevant.withColumns({"step": step, "at": at}).withColumn("sum", F.sum("step").over(so_far))
    deep = summed.withColumn("depth", F.col("sum") - F.least(F.lit(0), F.min("sum").over(so_far)))
    level = F.when(F.col("step") == 1, F.col("depth")).otherwise(
        F.coalesce(F.lag("depth").over(stack), F.lit(0))
    )
    on_level = Window.partitionBy(*_STACK, "level").orderBy("at", F.desc("step"), "line_hash", "occurrence")
    sale = F.struct("line_kind", "date", "line_hash", "occurrence")
    paired = deep.withColumn("level", level).withColumn("sale", F.lag(sale).over(on_level))
    in_time = F.date_diff("date", "sale.date") <= window_days
    return paired.where((F.col("step") == -1) & (F.col("sale.line_kind") == "sale") & in_time).select(
        "product_id",
        "location_id",
        F.col("sale.date").alias("date"),
        F.col("date").alias("cancelled_on"),
        "quantity",
        F.col("sale.line_hash").alias("line_hash"),
        F.col("sale.occurrence").alias("occurrence"),
        F.col("line_hash").alias("cancel_line_hash"),
        F.col("occurrence").alias("cancel_occurrence"),
    )


def still_open(orders: DataFrame, cancellations: DataFrame, since: date) -> DataFrame:
    """Open orders that a later line may still match: not matched yet, and not before a day."""
    sales = cancellations.select("line_hash", "occurrence")
    returns = cancellations.select(
        F.col("cancel_line_hash").alias("line_hash"), F.col("cancel_occurrence").alias("occurrence")
    )
    recent = orders.where(F.col("date") >= F.lit(since))
    return recent.join(sales.union(returns), ["line_hash", "occurrence"], "left_anti")
