"""A run adds what other locations sold to its series, if there are any."""

from datetime import date

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from lepton_spark.config import Config, ForecastSettings
from lepton_spark.forecasting.settings import fit_settings
from lepton_spark.panel.calendar import Calendar, epoch_day
from lepton_spark.pipelines.forecast.plan import Plan
from lepton_spark.pipelines.forecast.stages import with_sales_elsewhere
from lepton_spark.pipelines.runs.run import Run

CUTOFF = date(2024, 6, 30)
DAYS = epoch_day(CUTOFF) - np.arange(13, -1, -1)


@pytest.fixture(scope="module")
def series(spark: SparkSession) -> DataFrame:
    """Two weeks of two products in the north, and one of them in the south."""
    keys = [("a", "north"), ("a", "south"), ("b", "north")]
    rows = [(0, *key, int(DAYS[0]), [float(number + 1)] * 14) for number, key in enumerate(keys)]
    schema = "batch int, product_id string, location_id string, first_day int, quantity array<double>"
    return spark.createDataFrame(rows, schema).cache()


def plan_of(*locations: str, models: tuple[str, ...] = ("pooled", "mean")) -> Plan:
    config = Config(forecast=ForecastSettings(models=models))
    calendar = Calendar(dict.fromkeys(locations, DAYS), epoch_day(CUTOFF))
    run = Run("0f", "forecast", CUTOFF, "input", horizon=28, n_batches=1)
    return Plan(run, CUTOFF, fit_settings(config, calendar))


def test_series_get_the_weeks_of_other_locations(series: DataFrame) -> None:
    with with_sales_elsewhere(plan_of("north", "south"), series) as found:
        rows = found.where("elsewhere IS NOT NULL").collect()
        assert found.count() == 5
    by_key = {(row["product_id"], row["location_id"]): row["elsewhere"] for row in rows}
    assert by_key == {("a", "north"): [14.0, 14, 7, 7], ("a", "south"): [7.0, 7, 7, 7]}
    assert {row["batch"] for row in rows} == {0}


def test_one_location_needs_no_pass(series: DataFrame) -> None:
    with with_sales_elsewhere(plan_of("north"), series) as found:
        assert found is series


def test_models_of_single_series_need_no_pass(series: DataFrame) -> None:
    with with_sales_elsewhere(plan_of("north", "south", models=("mean",)), series) as found:
        assert found is series
