"""Lines of totals in daily reports: a product that equals the sum of all others."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.ingest.lines.reading.quantities import net_units

MIN_DAYS, MIN_SHARE = 5, 0.9
"""On so many days, and on this share of all days, the product must equal the sum of the others."""

MIN_PRODUCTS = 3


def product_of_totals(figures: DataFrame) -> tuple[str, int, int] | None:
    """The product that equals the sum of all others on nearly all days, on how many, and of how many.

    figures: accepted daily figures. Days of fewer than MIN_PRODUCTS products are not looked at. None if there
    is no such product.
    """
    units = net_units().cast("double")
    days = figures.groupBy("file", "location_id", "date").agg(
        F.sum(units).alias("total"),
        F.max(units).alias("largest"),
        F.max_by("product_id", units).alias("product_id"),
        F.count("*").alias("products"),
    )
    is_total = F.abs(F.col("total") - 2 * F.col("largest")) < 1e-6 * F.col("largest")
    counted = days.where((F.col("products") >= MIN_PRODUCTS) & (F.col("largest") > 0))
    by_product = counted.groupBy("product_id").agg(
        F.count_if(is_total).alias("days"), F.count("*").alias("on_top")
    )
    row = by_product.agg(
        F.max_by("product_id", "days").alias("product_id"),
        F.max("days").alias("n"),
        F.sum("on_top").alias("all"),
    ).first()
    if row is None or row["n"] is None or row["n"] < max(MIN_DAYS, MIN_SHARE * row["all"]):
        return None
    return row["product_id"], row["n"], row["all"]
