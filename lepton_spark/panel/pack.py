"""Daily sales to packed series: one row per series and year."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lepton_spark.tables.schemas.schema import SERIES_KEY


def pack(sales: DataFrame) -> DataFrame:
    """Rows of `sales` as rows of `panel`: arrays by day, from a year's first row in `sales` to its last.

    A day between them without a row is null in both arrays.
    """
    day = F.struct(F.unix_date("date").alias("day"), F.col("quantity"), F.col("price"))
    days = sales.groupBy(*SERIES_KEY, F.year("date").alias("chunk")).agg(
        F.sort_array(F.collect_list(day)).alias("days")
    )
    return days.select(
        *SERIES_KEY,
        "chunk",
        F.date_from_unix_date(F.col("days")[0]["day"]).alias("first_date"),
        _by_day("quantity").alias("quantity"),
        _by_day("price").alias("price"),
    )


def _by_day(name: str) -> Column:
    """One element per day: each observation, then a null for every day until the next one."""

    def with_gap(observation: Column, index: Column) -> Column:
        following = F.get("days", index + 1)["day"]
        gap = F.coalesce(following - observation["day"] - 1, F.lit(0))
        return F.concat(F.array(observation[name]), F.array_repeat(F.lit(None).cast("double"), gap))

    return F.flatten(F.transform("days", with_gap))
