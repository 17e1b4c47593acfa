"""Overrides as transforms: which one counts, in which forecasts, in orders, and which forecast is judged."""

from datetime import date, timedelta
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lepton_spark.forecasting.output.overridden import overridden_forecasts
from lepton_spark.inventory.overridden import with_overridden_means, with_override_words
from lepton_spark.monitoring.override_scores import forecasts_to_score
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS

CUTOFF = date(2021, 1, 3)
WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def warehouse(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return Warehouse(spark, str(tmp_path_factory.mktemp("none")))


def _day(day: int) -> date:
    return date(2021, 1, day)


def _forecasts(warehouse: Warehouse, period: int, places: list[str]) -> DataFrame:
    """Two days or weeks of a product at each place; the mean is the step."""
    same = {"run_id": "r", "product_id": "p", "cutoff": CUTOFF, "model": "mean", "status": "ok"}
    rows = [
        same
        | dict.fromkeys(QUANTILE_LEVELS, float(step))
        | {"location_id": place, "step": step, "forecast": float(step)}
        | {"date": CUTOFF + timedelta(days=(step - 1) * period + 1)}
        for place in places
        for step in (1, 2)
    ]
    return warehouse.rows("forecasts", rows)


def _override(place: str, first: int, last: int, value: float, known: date = date(1900, 1, 1)) -> Any:
    days = {"first_date": _day(first), "last_date": _day(last), "known_at": known}
    return {"product_id": "p", "location_id": place, "value": value} | days


def _applied(
    warehouse: Warehouse, overrides: list[Any], period: int = 1, places: tuple[str, ...] = ("east",)
) -> dict[tuple[str, int], float]:
    rows = overridden_forecasts(
        _forecasts(warehouse, period, [*places]),
        warehouse.read("models"),
        warehouse.rows("overrides", overrides),
        period,
    )
    return {(row["location_id"], row["step"]): row["forecast"] for row in rows.collect()}


def test_override_of_a_location_comes_before_one_of_every_location(warehouse: Warehouse) -> None:
    everywhere = _override("*", 4, 4, 7.0, _day(4))  # known later
    found = _applied(warehouse, [everywhere, _override("east", 4, 4, 9.0)], places=("east", "west"))
    assert found == {("east", 1): 9.0, ("west", 1): 7.0}


def test_of_overrides_known_on_one_day_the_one_that_begins_last_counts(warehouse: Warehouse) -> None:
    found = _applied(
        warehouse, [_override("*", 1, 9, 7.0), _override("*", 5, 9, 8.0), _override("*", 5, 6, 9.0)]
    )
    assert found == {("east", 1): 7.0, ("east", 2): 9.0}


def test_weekly_forecasts_are_overridden_where_the_whole_week_is(warehouse: Warehouse) -> None:
    assert _applied(warehouse, [_override("*", 4, 16, 70.0)], period=7) == {("east", 1): 70.0}
    assert _applied(warehouse, [_override("*", 5, 17, 70.0)], period=7) == {("east", 2): 70.0}


def test_orders_count_overridden_days_before_the_next_delivery(spark: SparkSession) -> None:
    fits = spark.createDataFrame(
        [("p", "east", [1.0, 2.0, 3.0]), ("p", "west", [1.0, 2.0, 3.0]), ("q", "east", None)],
        "product_id STRING, location_id STRING, forecast ARRAY<DOUBLE>",
    )
    latest = spark.createDataFrame(
        [("p", "east", 1, _day(4), 9.0), ("p", "east", 3, _day(6), 0.0), ("p", "west", 3, _day(6), 5.0)],
        "product_id STRING, location_id STRING, step INT, date DATE, forecast DOUBLE",
    )
    means = with_overridden_means(fits, latest).orderBy("product_id", "location_id").collect()
    assert [row["forecast"] for row in means] == [[9.0, 2.0, 0.0], [1.0, 2.0, 5.0], None]
    orders = spark.createDataFrame(
        [
            ("p", "east", _day(7), "order 9: a"),
            ("p", "west", _day(6), "no order: b"),
            ("q", "east", None, None),
        ],
        "product_id STRING, location_id STRING, next_receipt_date DATE, words STRING",
    )
    found = with_override_words(orders, latest).orderBy("product_id", "location_id").collect()
    assert [(row["overridden_days"], row["words"]) for row in found] == [
        (2, "order 9: a, 2 days by a planner's override"),
        (0, "no order: b"),
        (0, None),
    ]


def test_forecast_that_the_planner_saw_is_judged(warehouse: Warehouse) -> None:
    """Of three published runs: the last one before the override; without any, or without a day, the first."""
    cutoffs = {"a": 3, "b": 4, "c": 5}
    known = {"seen": _day(5), "early": _day(2), "always": date(1900, 1, 1)}
    same = {"product_id": "p", "location_id": "all", "date": _day(9), "step": 1}
    rows = [
        same | {"run_id": run, "cutoff": _day(day), "override_id": name, "known_at": known[name]}
        for run, day in cutoffs.items()
        for name in known
    ]
    chosen = forecasts_to_score(warehouse.rows("applied_overrides", rows)).collect()
    assert {row["override_id"]: row["run_id"] for row in chosen} == {"seen": "b", "early": "a", "always": "a"}
