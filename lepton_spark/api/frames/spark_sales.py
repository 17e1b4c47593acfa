"""Daily sales from a Spark frame, by the same rules as from a pandas frame."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lepton_spark.api.frames import rejected_rows, spark_columns
from lepton_spark.api.frames.columns import Columns
from lepton_spark.api.frames.pandas_sales import DECIMALS
from lepton_spark.config import InputSettings
from lepton_spark.ingest.lines.reading.values import ALL_LOCATIONS
from lepton_spark.tables.schemas.schema import SERIES_KEY

DAY = (*SERIES_KEY, "date")


@dataclass(frozen=True)
class SparkSales:
    """The sales of a frame.

    daily: rows as in the table `sales`, with the columns that forecasts need. rejects: the caller's rows that
    do not count, with `reason` and `message`. n_rows: rows of the frame. n_rejected: rejected ones
    by reason.
    """

    daily: DataFrame
    rejects: DataFrame
    n_rows: int
    n_rejected: Mapping[str, int]


def spark_sales(
    frame: DataFrame, columns: Columns, settings: InputSettings, zone: str, today: date
) -> SparkSales:
    """The sales of a frame, as `pandas_sales` finds them. zone: in which instants are days.

    Raises: InputError for a missing column, or for one of another type than dates, numbers or codes.
    """
    columns.require_in(frame.columns)
    lines = _lines(frame, columns, zone).withColumn("reason", _reason(settings, today))
    if settings.conflicts != "sum":
        lines = lines.withColumn("reason", F.coalesce("reason", _conflict()))
    kept = lines.localCheckpoint()
    by_reason = {row["reason"]: row["count"] for row in kept.groupBy("reason").count().collect()}
    n_rows, n_rejected = sum(by_reason.values()), {code: n for code, n in by_reason.items() if code}
    words = [
        F.lit(text) for pair in rejected_rows.messages(columns, settings, today).items() for text in pair
    ]
    message = F.element_at(F.create_map(*words), F.col("reason")).alias("message")
    rejects = kept.where(F.col("reason").isNotNull()).select("row.*", "reason", message)
    return SparkSales(_daily(kept, settings), rejects, n_rows, n_rejected)


def _lines(frame: DataFrame, columns: Columns, zone: str) -> DataFrame:
    """The caller's row, and its product_id, location_id, date and units, null where there is none."""
    everywhere = F.lit(ALL_LOCATIONS)
    location = everywhere if columns.location is None else spark_columns.code(frame, columns.location)
    return frame.select(
        F.struct("*").alias("row"),
        spark_columns.code(frame, columns.product).alias("product_id"),
        location.alias("location_id"),
        spark_columns.day(frame, columns.date, zone).alias("date"),
        spark_columns.number(frame, columns.quantity).alias("units"),
    )


def _reason(settings: InputSettings, today: date) -> Column:
    """The first reason for which a row is rejected; null for a row that may count."""
    rules = {
        rejected_rows.MISSING_PRODUCT: F.col("product_id").isNull(),
        rejected_rows.MISSING_LOCATION: F.col("location_id").isNull(),
        rejected_rows.NO_DATE: F.col("date").isNull(),
        rejected_rows.TOO_EARLY: F.col("date") < F.lit(settings.earliest_date),
        rejected_rows.TOO_LATE: F.col("date") > F.lit(today),
        rejected_rows.NO_QUANTITY: F.col("units").isNull(),
    }
    return F.coalesce(*(F.when(rule, F.lit(code)) for code, rule in rules.items()))


def _conflict() -> Column:
    """The reason of a row that may count, if another one has another value for its series and day."""
    of_day = Window.partitionBy(*DAY)
    counted = F.when(F.col("reason").isNull(), F.col("units"))
    differ = F.min(counted).over(of_day) != F.max(counted).over(of_day)
    return F.when(differ, F.lit(rejected_rows.CONFLICT))


def _daily(lines: DataFrame, settings: InputSettings) -> DataFrame:
    """The sales of each series and day; unknown where a row was rejected, 0 where all is returned."""
    sold = F.when(F.col("reason").isNull(), F.greatest("units", F.lit(0.0)))
    units = F.sum(sold.cast(f"decimal(38,{DECIMALS})")) if settings.conflicts == "sum" else F.max(sold)
    days = lines.where(F.col("reason").isNull() | F.col("reason").isin(*rejected_rows.UNKNOWN)).groupBy(*DAY)
    sales = days.agg(
        F.bool_or(F.col("reason").isNotNull()).alias("is_unknown"),
        F.round(units.cast("double"), DECIMALS).alias("sold_quantity"),
        F.count_if(F.col("reason").isNull()).alias("n_transactions"),
    )
    known = F.when(~F.col("is_unknown"), F.col("sold_quantity"))
    return sales.withColumns({"quantity": known, "price": F.lit(None).cast("double")}).drop("is_unknown")
