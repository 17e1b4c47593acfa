"""`sales` of some product-days as a pure function of `transactions` and `cancellations`."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

DAY = ("product_id", "location_id", "date")
_EXACT = "decimal(38,9)"
"""Sums of decimals do not depend on the order of lines; those of doubles do."""


def latest_figures(transactions: DataFrame) -> DataFrame:
    """Lines of daily input that are current: those of the latest load of their product-day."""
    latest = F.max("load_number").over(Window.partitionBy(*DAY))
    return (
        transactions.withColumn("latest", latest)
        .where(F.col("load_number") == F.col("latest"))
        .drop("latest")
    )


def current_figures(transactions: DataFrame) -> DataFrame:
    """DAY, current_quantity (negative for a return) and current_price of daily input."""
    signed = F.when(F.col("line_kind") == "return", -F.col("quantity")).otherwise(F.col("quantity"))
    return (
        latest_figures(transactions)
        .groupBy(*DAY)
        .agg(
            F.sum(signed.cast(_EXACT)).cast("double").alias("current_quantity"),
            F.max("price").alias("current_price"),
        )
    )


def derive_sales(lines: DataFrame, cancellations: DataFrame) -> DataFrame:
    """Rows of `sales`, one for every product-day among the lines, with the latest load of its lines.

    lines: current rows of `transactions`. A return that cancelled a sale counts as that, not also
    as a return of its own day.
    """
    matched = cancellations.select(
        F.col("cancel_line_hash").alias("line_hash"),
        F.col("cancel_occurrence").alias("occurrence"),
        F.lit(True).alias("matched"),
    )
    cancelled = cancellations.groupBy(*DAY).agg(_total(F.col("quantity")).alias("cancelled"))
    is_sale = F.col("line_kind") != "return"
    sold_lines = lines.join(matched, ["line_hash", "occurrence"], "left")
    units = F.when(is_sale, F.col("quantity"))
    priced_units = F.when(F.col("price").isNotNull(), units)
    days = sold_lines.groupBy(*DAY).agg(
        _total(units).alias("sold"),
        _total(F.when(~is_sale & F.col("matched").isNull(), F.col("quantity"))).alias("returned"),
        F.count_if(is_sale).alias("n_transactions"),
        F.sum((F.col("price") * priced_units).cast(_EXACT)).alias("money"),
        F.sum(priced_units.cast(_EXACT)).alias("priced"),
        F.min(F.when(is_sale, F.col("price"))).alias("listed_price"),
        F.max_by("ingest_batch", "load_number").alias("ingest_batch"),
    )
    return days.join(cancelled, list(DAY), "left").select(*DAY, *_figures())


def _figures() -> list[Column]:
    cancelled = F.coalesce("cancelled", F.lit(0).cast(_EXACT))
    mean_price = F.col("money").cast("double") / F.col("priced").cast("double")
    return [
        F.greatest(F.col("sold") - cancelled, F.lit(0)).cast("double").alias("quantity"),
        F.col("sold").cast("double").alias("sold_quantity"),
        cancelled.cast("double").alias("cancelled_quantity"),
        F.col("returned").cast("double").alias("returned_quantity"),
        F.col("n_transactions"),
        F.col("ingest_batch"),
        F.when(F.col("priced") > 0, mean_price).otherwise(F.col("listed_price")).alias("price"),
    ]


def _total(units: Column) -> Column:
    return F.coalesce(F.sum(units.cast(_EXACT)), F.lit(0).cast(_EXACT))
