"""Forecasts that planners have overridden, in orders."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.tables.schemas.schema import SERIES_KEY


def with_overridden_means(fits: DataFrame, latest: DataFrame) -> DataFrame:
    """The rows of `fits` with the published means of the days that a planner has overridden.

    latest: rows of `latest_forecasts` with an override.
    """
    pairs = F.collect_list(F.struct("step", F.col("forecast").alias("mean")))
    of_series = latest.groupBy(*SERIES_KEY).agg(F.map_from_entries(pairs).alias("means"))

    def mean_of(forecast: Column, position: Column) -> Column:
        return F.coalesce(F.element_at("means", (position + 1).cast("int")), forecast)

    joined = fits.join(of_series, [*SERIES_KEY], "left")
    return joined.withColumn("forecast", F.transform("forecast", mean_of)).drop("means")


def with_override_words(orders: DataFrame, latest: DataFrame) -> DataFrame:
    """The rows of `inventory` with `overridden_days`, also in words.

    latest: rows of `latest_forecasts` with an override.
    """
    days = latest.groupBy(*SERIES_KEY).agg(F.collect_list("date").alias("dates"))
    joined = orders.join(days, [*SERIES_KEY], "left")
    within = F.filter("dates", lambda day: day < F.col("next_receipt_date"))
    count = F.coalesce(F.size(within), F.lit(0))
    number = F.when(F.col("dates").isNull() | F.col("next_receipt_date").isNull(), 0).otherwise(count)
    made = joined.withColumn("overridden_days", number.cast("int")).drop("dates")
    is_one = F.col("overridden_days") == 1
    added = F.format_string(
        ", %d day%s by a planner's override", "overridden_days", F.when(is_one, "").otherwise("s")
    )
    words = F.when(F.col("overridden_days") > 0, F.concat("words", added)).otherwise(F.col("words"))
    return made.withColumn("words", words)
