"""Daily sales: rows of `sales` as a pure function of `transactions` and `cancellations`."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lepton_spark.ingest.lines.identity import DAY
from lepton_spark.ingest.lines.reading.quantities import EXACT, is_daily, is_return, net_units
from lepton_spark.ingest.losses import EXCLUSIONS

IMPOSSIBLE_DATES = ("implausible_date", "future_date")
"""Reasons for rejection by which the date of a line is wrong."""


def current_lines(transactions: DataFrame) -> DataFrame:
    """Lines that make up `sales`.

    A product-day with daily figures keeps only those of its latest load: they replace older figures and
    include the single sales of that day. Any other product-day keeps all its lines.
    """
    day = Window.partitionBy(*DAY)
    load_of_figure = F.when(is_daily(), F.col("load_number"))
    with_latest = transactions.withColumn("latest", F.max(load_of_figure).over(day))
    is_current = F.col("latest").isNull() | (is_daily() & (F.col("load_number") == F.col("latest")))
    return with_latest.where(is_current).drop("latest")


def current_figures(transactions: DataFrame) -> DataFrame:
    """Columns DAY, current_net (units sold less returned) and current_price, from daily figures only."""
    return (
        current_lines(transactions.where(is_daily()))
        .groupBy(*DAY)
        .agg(
            F.sum(net_units()).cast("double").alias("current_net"),
            F.max("price").alias("current_price"),
        )
    )


def sales_of_figures(figures: DataFrame) -> DataFrame:
    """The same as `derive_sales` for daily figures of which each is the only line of its product-day."""
    units = F.col("quantity")
    exact = F.when(units == F.floor(units), units).otherwise(units.cast(EXACT).cast("double"))
    sold = F.when(is_return(), F.lit(0.0)).otherwise(exact)
    return figures.select(
        *DAY,
        sold.alias("quantity"),
        sold.alias("sold_quantity"),
        F.lit(0.0).alias("cancelled_quantity"),
        F.when(is_return(), exact).otherwise(F.lit(0.0)).alias("returned_quantity"),
        F.when(is_return(), F.lit(0)).otherwise(F.lit(1)).cast("bigint").alias("n_transactions"),
        F.when(~is_return(), F.col("price")).alias("price"),
    )


def derive_sales(lines: DataFrame, cancellations: DataFrame) -> DataFrame:
    """Rows of `sales` without `ingest_batch`, one for every product-day among the lines.

    lines: the current lines of `transactions`. A return that cancels a sale reduces the demand of the
    sale's day and is not counted as returned on its own day. Cancellations do not change a daily figure.
    """
    matched = cancellations.select(
        F.col("cancel_line_hash").alias("line_hash"),
        F.col("cancel_occurrence").alias("occurrence"),
        F.lit(True).alias("matched"),
    )
    cancelled = cancellations.groupBy(*DAY).agg(_total(F.col("quantity")).alias("cancelled"))
    is_sale = ~is_return()
    with_matches = lines.join(matched, ["line_hash", "occurrence"], "left")
    units = F.when(is_sale, F.col("quantity"))
    priced_units = F.when(F.col("price").isNotNull(), units)
    days = with_matches.groupBy(*DAY).agg(
        _total(units).alias("sold"),
        _total(F.when(~is_sale & F.col("matched").isNull(), F.col("quantity"))).alias("returned"),
        F.count_if(is_sale).alias("n_transactions"),
        F.sum((F.col("price") * priced_units).cast(EXACT)).alias("revenue"),
        F.sum(priced_units.cast(EXACT)).alias("priced"),
        F.min(F.when(is_sale, F.col("price"))).alias("listed_price"),
        F.count(F.when(is_sale, F.col("price"))).alias("n_prices"),
        F.bool_or(is_daily()).alias("is_daily"),
    )
    return days.join(cancelled, list(DAY), "left").select(*DAY, *_measures())


def unknown_days(rejects: DataFrame) -> DataFrame:
    """DAY and load_number of rejected lines that may be demand of a product-day: its demand is unknown.

    rejects: rows of `rejects` with their load_number. Dates that are impossible name no day.
    """
    is_demand = ~F.col("reason").isin(*EXCLUSIONS) & ~F.arrays_overlap(
        "reasons", F.array(*map(F.lit, IMPOSSIBLE_DATES))
    )
    is_readable = (
        F.col("product_id").isNotNull() & F.col("location_id").isNotNull() & F.col("date").isNotNull()
    )
    return rejects.where(is_demand & is_readable).groupBy(*DAY).agg(F.max("load_number").alias("load_number"))


def with_unknown_days(sales: DataFrame, lines: DataFrame, unknown: DataFrame) -> DataFrame:
    """Rows of `sales`, with an unknown quantity where a line of the product-day was rejected.

    lines: rows of `transactions`. A daily figure of a later load makes its day known again.
    unknown: from `unknown_days`.
    """
    figures = lines.where(is_daily()).groupBy(*DAY).agg(F.max("load_number").alias("known_from"))
    still = unknown.join(figures, list(DAY), "left").where(
        F.col("known_from").isNull() | (F.col("load_number") >= F.col("known_from"))
    )
    joined = sales.join(still.select(*DAY, F.lit(True).alias("is_unknown")), list(DAY), "full")
    nothing = {
        name: F.coalesce(name, F.lit(0.0))
        for name in ("sold_quantity", "cancelled_quantity", "returned_quantity")
    }
    counts = {"n_transactions": F.coalesce("n_transactions", F.lit(0).cast("bigint"))}
    quantity = {"quantity": F.when(F.col("is_unknown").isNull(), F.col("quantity"))}
    return joined.withColumns(quantity | nothing | counts).drop("is_unknown")


def _measures() -> list[Column]:
    cancelled = F.coalesce(F.when(~F.col("is_daily"), F.col("cancelled")), F.lit(0).cast(EXACT))
    has_several = (F.col("n_prices") > 1) & (F.col("priced") > 0)  # the mean of one price may be rounded
    mean_price = F.col("revenue").cast("double") / F.col("priced").cast("double")
    return [
        F.greatest(F.col("sold") - cancelled, F.lit(0)).cast("double").alias("quantity"),
        F.col("sold").cast("double").alias("sold_quantity"),
        cancelled.cast("double").alias("cancelled_quantity"),
        F.col("returned").cast("double").alias("returned_quantity"),
        F.col("n_transactions"),
        F.when(has_several, mean_price).otherwise(F.col("listed_price")).alias("price"),
    ]


def _total(units: Column) -> Column:
    return F.coalesce(F.sum(units.cast(EXACT)), F.lit(0).cast(EXACT))
