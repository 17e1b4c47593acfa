"""What was sold in each day or week of a period, for monitoring."""

from datetime import date, timedelta
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lepton_spark.monitoring.actuals import CAUSES, daily_units, units_by_step
from lepton_spark.monitoring.location_days import DAY_SCHEMA
from lepton_spark.tables.schemas.monitoring_tables import CLOSED, OUT_OF_STOCK, OUTAGE, REJECTED

CUTOFF = date(2021, 3, 7)


def _daily(spark: SparkSession, lost: int) -> DataFrame:
    """Two weeks from a week before the cutoff: 2 units a day, closed on the first; one day out of stock."""
    causes = {-6: CAUSES.index(CLOSED), lost: CAUSES.index(OUT_OF_STOCK)}
    rows = [
        ("p", "all", CUTOFF + timedelta(days=day), None if day in causes else 2.0, causes.get(day))
        for day in range(-6, 8)
    ]
    schema = "product_id STRING, location_id STRING, date DATE, units DOUBLE, cause INT"
    return spark.createDataFrame(rows, schema)


def _by_step(spark: SparkSession, lost: int, period: int, name: str = "units") -> dict[int, Any]:
    return {row["step"]: row[name] for row in units_by_step(_daily(spark, lost), CUTOFF, period).collect()}


def test_a_week_is_the_sum_of_its_known_days_and_unknown_with_a_lost_one(spark: SparkSession) -> None:
    assert _by_step(spark, 3, 7) == {0: 12.0, 1: None}
    assert _by_step(spark, -3, 7) == {0: None, 1: 14.0}
    causes = _by_step(spark, 3, 7, "cause")
    assert causes == {0: CAUSES.index(CLOSED), 1: CAUSES.index(OUT_OF_STOCK)}


def test_days_are_numbered_from_the_cutoff(spark: SparkSession) -> None:
    made = _by_step(spark, 3, 1)
    assert sorted(made) == list(range(-6, 8))
    assert {step for step, units in made.items() if units is None} == {-6, 3}


DAYS = {"open": (True, False, False), "closed": (False, True, False), "silent": (False, False, True)}
DAYS |= {"usual": (False, False, False)}
"""Days of a location: announced as closed, silent, or closed as usual on this weekday."""


@pytest.mark.parametrize(
    ("day", "sold", "is_out", "units", "cause"),
    [
        pytest.param("open", "none", False, 0.0, None, id="no line on an open day"),
        pytest.param("usual", 3.0, False, 3.0, None, id="sold although usually closed"),
        pytest.param("closed", "none", False, None, CLOSED, id="announced as closed"),
        pytest.param("closed", 3.0, False, None, CLOSED, id="sold although announced as closed"),
        pytest.param("usual", "none", False, None, CLOSED, id="usually closed"),
        pytest.param("silent", "none", False, None, OUTAGE, id="silent"),
        pytest.param("open", 2.0, True, None, OUT_OF_STOCK, id="sold until it was out of stock"),
        pytest.param("closed", "none", True, None, OUT_OF_STOCK, id="closed and out of stock"),
        pytest.param("open", None, True, None, REJECTED, id="a rejected line"),
    ],
)
def test_days_are_known_or_have_a_cause(
    spark: SparkSession,
    day: str,
    sold: float | str | None,
    is_out: bool,
    units: float | None,
    cause: str | None,
) -> None:
    series = "product_id STRING, location_id STRING"
    keys = spark.createDataFrame([("p", "all")], series)
    days = spark.createDataFrame([("all", CUTOFF, *DAYS[day])], DAY_SCHEMA)
    rows = [] if sold == "none" else [("p", "all", CUTOFF, sold)]
    sales = spark.createDataFrame(rows, f"{series}, date DATE, quantity DOUBLE")
    stock = spark.createDataFrame([("p", "*", CUTOFF, is_out)], f"{series}, date DATE, out_of_stock BOOLEAN")
    row = daily_units(sales, keys, days, stock, CUTOFF, CUTOFF).collect()[0]
    assert row["units"] == units
    assert row["cause"] == (None if cause is None else CAUSES.index(cause))
