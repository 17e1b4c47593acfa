"""`sales` of some product-days as a pure function of `transactions` and `cancellations`."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

DAY = ("product_id", "location_id", "date")
EXACT = "decimal(38,9)"
"""Sums of decimals do not depend on the order of lines; those of doubles do."""


DAILY_KINDS = ("daily", "daily_return")
"""Kinds of line that are the figure of a whole product-day."""


def current_lines(transactions: DataFrame) -> DataFrame:
    """Lines that count: of a product-day with daily figures those of the latest load, alone; else all.

    So neither an older figure nor single sales of a day whose total is known count beside it.
    """
    day = Window.partitionBy(*DAY)
    figures_of = F.when(_is_daily(), F.col("load_number"))
    latest = transactions.withColumn("latest", F.max(figures_of).over(day))
    counts = F.col("latest").isNull() | (_is_daily() & (F.col("load_number") == F.col("latest")))
    return latest.where(counts).drop("latest")


def current_figures(transactions: DataFrame) -> DataFrame:
    """DAY, current_quantity (negative for a return) and current_price of daily input."""
    signed = F.when(_is_return(), -F.col("quantity")).otherwise(F.col("quantity"))
    return (
        current_lines(transactions.where(_is_daily()))
        .groupBy(*DAY)
        .agg(
            F.sum(signed.cast(EXACT)).cast("double").alias("current_quantity"),
            F.max("price").alias("current_price"),
        )
    )


def derive_sales(lines: DataFrame, cancellations: DataFrame) -> DataFrame:
    """Rows of `sales`, one for every product-day among the lines; who changed them is the caller's to say.

    lines: rows of `transactions` that count. A return that cancelled a sale counts as that, not also
    as a return of its own day. A daily figure is what it is: no cancellation is taken from it.
    """
    matched = cancellations.select(
        F.col("cancel_line_hash").alias("line_hash"),
        F.col("cancel_occurrence").alias("occurrence"),
        F.lit(True).alias("matched"),
    )
    cancelled = cancellations.groupBy(*DAY).agg(_total(F.col("quantity")).alias("cancelled"))
    is_sale = ~_is_return()
    sold_lines = lines.join(matched, ["line_hash", "occurrence"], "left")
    units = F.when(is_sale, F.col("quantity"))
    priced_units = F.when(F.col("price").isNotNull(), units)
    days = sold_lines.groupBy(*DAY).agg(
        _total(units).alias("sold"),
        _total(F.when(~is_sale & F.col("matched").isNull(), F.col("quantity"))).alias("returned"),
        F.count_if(is_sale).alias("n_transactions"),
        F.sum((F.col("price") * priced_units).cast(EXACT)).alias("money"),
        F.sum(priced_units.cast(EXACT)).alias("priced"),
        F.min(F.when(is_sale, F.col("price"))).alias("listed_price"),
        F.bool_or(_is_daily()).alias("is_daily"),
    )
    return days.join(cancelled, list(DAY), "left").select(*DAY, *_figures())


def _figures() -> list[Column]:
    cancelled = F.coalesce(F.when(~F.col("is_daily"), F.col("cancelled")), F.lit(0).cast(EXACT))
    mean_price = F.col("money").cast("double") / F.col("priced").cast("double")
    return [
        F.greatest(F.col("sold") - cancelled, F.lit(0)).cast("double").alias("quantity"),
        F.col("sold").cast("double").alias("sold_quantity"),
        cancelled.cast("double").alias("cancelled_quantity"),
        F.col("returned").cast("double").alias("returned_quantity"),
        F.col("n_transactions"),
        F.when(F.col("priced") > 0, mean_price).otherwise(F.col("listed_price")).alias("price"),
    ]


def _is_daily() -> Column:
    return F.col("line_kind").isin(*DAILY_KINDS)


def _is_return() -> Column:
    return F.col("line_kind").isin("return", "daily_return")


def _total(units: Column) -> Column:
    return F.coalesce(F.sum(units.cast(EXACT)), F.lit(0).cast(EXACT))
