"""Planned promotions from Spark frames: rows as in the table `plans`."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.api.frames import spark_columns
from lepton_spark.api.frames.columns import Columns
from lepton_spark.errors import InputError, examples, explain
from lepton_spark.ingest.lines.reading.values import ALL_LOCATIONS
from lepton_spark.tables.schemas.covariate_tables import ALWAYS_KNOWN


def spark_plans(
    frames: Sequence[DataFrame], columns: Columns, measures: Sequence[str], zone: str
) -> DataFrame:
    """Plans of one day each, for the days of the frames on which a measure is above 0.

    Raises: InputError for a measure that is not from 0 to 1.
    """
    first, *others = (_rows(frame, columns, measures, zone) for frame in frames)
    rows = first
    for other in others:
        rows = rows.unionByName(other)
    is_share = F.forall("measures", lambda value: F.coalesce(value.between(0, 1), F.lit(False)))
    outside = rows.where(~is_share).count()
    if outside:
        found = f"{outside:,} rows with another value"
        allowed = "numbers from 0 to 1"
        raise InputError(
            explain(f"columns {examples(list(measures))}", found, allowed, "Fill or scale them first.")
        )
    return dated_plans(rows.where(F.exists("measures", lambda value: value > 0)).dropna())


def dated_plans(rows: DataFrame) -> DataFrame:
    """Plans of one day each, always known. rows: product_id, location_id, date and a list of measures."""
    days = {"start_date": F.col("date"), "end_date": F.col("date"), "known_at": F.lit(ALWAYS_KNOWN)}
    return rows.withColumns(days).drop("date")


def _rows(frame: DataFrame, columns: Columns, measures: Sequence[str], zone: str) -> DataFrame:
    everywhere = F.lit(ALL_LOCATIONS)
    return frame.select(
        spark_columns.code(frame, columns.product).alias("product_id"),
        (everywhere if columns.location is None else spark_columns.code(frame, columns.location)).alias(
            "location_id"
        ),
        spark_columns.day(frame, columns.date, zone).alias("date"),
        F.array(*(spark_columns.number(frame, name) for name in measures)).alias("measures"),
    )
