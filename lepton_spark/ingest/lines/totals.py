"""Lines of totals in daily reports: a product that equals the sum of all others."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.ingest.lines.reading.quantities import is_return

MIN_DAYS, MIN_SHARE = 5, 0.9
"""On so many days, and on this share of all days, the product must equal the sum of the others."""

MIN_PRODUCTS = 3


def product_of_totals(figures: DataFrame) -> tuple[str, int, int] | None:
    """The product that equals the sum of all others on nearly all days, on how many, and of how many.

    figures: accepted daily figures. Days of fewer than MIN_PRODUCTS products are not looked at. None if there
    is no such product.
    """
    if not _has_totals(figures):
        return None
    days = _counted_days(figures, F.max_by("product_id", _net()).alias("product_id"))
    by_product = days.groupBy("product_id").agg(
        F.count_if(_is_total()).alias("days"), F.count("*").alias("on_top")
    )
    row = by_product.agg(
        F.max_by("product_id", "days").alias("product_id"),
        F.max("days").alias("n"),
        F.sum("on_top").alias("all"),
    ).first()
    if row is None or not _are_enough(row["n"], row["all"]):
        return None
    return row["product_id"], row["n"], row["all"]


def _has_totals(figures: DataFrame) -> bool:
    """Whether on enough days any product equals the sum of the others.

    Asked first, because it needs no sort: Spark sorts all lines to keep a text beside a maximum.
    """
    n_days = _counted_days(figures).agg(F.count_if(_is_total()).alias("n"), F.count("*").alias("all")).first()
    return n_days is not None and _are_enough(n_days["n"], n_days["all"])


def _are_enough(n_days: int | None, n_all: int) -> bool:
    return n_days is not None and n_days >= max(MIN_DAYS, MIN_SHARE * n_all)


def _counted_days(figures: DataFrame, *more: Column) -> DataFrame:
    """The days that are looked at, with the sum and the largest figure, and further aggregates."""
    days = figures.groupBy("file", "location_id", "date").agg(
        F.sum(_net()).alias("total"), F.max(_net()).alias("largest"), F.count("*").alias("products"), *more
    )
    return days.where((F.col("products") >= MIN_PRODUCTS) & (F.col("largest") > 0))


def _net() -> Column:
    return F.when(is_return(), -F.col("quantity")).otherwise(F.col("quantity"))


def _is_total() -> Column:
    return F.abs(F.col("total") - 2 * F.col("largest")) < 1e-6 * F.col("largest")
