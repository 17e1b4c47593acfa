"""What was sold in each day or week of a period, for monitoring."""

from datetime import date, timedelta

from pyspark.sql import DataFrame, SparkSession

from lepton_spark.monitoring.actuals import units_by_step

CUTOFF = date(2021, 3, 7)


def _daily(spark: SparkSession, lost: int) -> DataFrame:
    """Two weeks from a week before the cutoff: 2 units a day, unknown on the first; one lost day."""
    rows = [
        ("p", "all", CUTOFF + timedelta(days=day), None if day in (-6, lost) else 2.0, day == lost)
        for day in range(-6, 8)
    ]
    schema = "product_id STRING, location_id STRING, date DATE, units DOUBLE, is_lost BOOLEAN"
    return spark.createDataFrame(rows, schema)


def _by_step(spark: SparkSession, lost: int, period: int) -> dict[int, float | None]:
    return {row["step"]: row["units"] for row in units_by_step(_daily(spark, lost), CUTOFF, period).collect()}


def test_a_week_is_the_sum_of_its_known_days_and_unknown_with_a_lost_one(spark: SparkSession) -> None:
    assert _by_step(spark, 3, 7) == {0: 12.0, 1: None}
    assert _by_step(spark, -3, 7) == {0: None, 1: 14.0}


def test_days_are_numbered_from_the_cutoff(spark: SparkSession) -> None:
    made = _by_step(spark, 3, 1)
    assert sorted(made) == list(range(-6, 8))
    assert {step for step, units in made.items() if units is None} == {-6, 3}
