"""Evidence of the gates from tables with one fault of each kind."""

from datetime import date

import pytest
from pyspark.sql import SparkSession

from lepton_spark.forecasting.publish_gates import Evidence, Furthest, RunTables, collect_evidence
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS

CUTOFF = date(2024, 3, 31)
HORIZON = 3
KEY = "product_id string, location_id string"


@pytest.fixture(scope="module")
def evidence(spark: SparkSession) -> Evidence:
    first_dates = {"future": date(2024, 4, 1)}
    in_panel = ("sound", "two-models", "step-twice", "step-missing", "no-model", "null", "future")
    days = {name: [1, 2, 3] for name in ("sound", "two-models", "no-model", "null", "unknown")}
    days |= {"step-twice": [1, 3, 3], "step-missing": [1, 2]}
    units = {"sound": 2.0, "null": None, "two-models": -1.0}
    panel = [(name, "all", first_dates.get(name, CUTOFF)) for name in (*in_panel, "sound")]  # two years
    models = [(name, "all") for name in ("two-models", *days) if name != "no-model"]
    forecasts = [
        (name, "all", step, *[units.get(name, 1.0)] * (1 + len(QUANTILE_LEVELS)))
        for name, steps in days.items()
        for step in steps
    ]
    numbers = ", ".join(f"{name} double" for name in ("forecast", *QUANTILE_LEVELS))
    tables = RunTables(
        panel=spark.createDataFrame(panel, f"{KEY}, first_date date"),
        models=spark.createDataFrame(models, KEY),
        fits=spark.createDataFrame(
            [("sound", "all", 28, 28.0), ("step-missing", "all", 27, 999.0), ("no-model", "all", 40, 70.0)],
            f"{KEY}, n_days_known int, recent_quantity double",
        ),
        forecasts=spark.createDataFrame(forecasts, f"{KEY}, step int, {numbers}"),
        metrics_summary=spark.createDataFrame(
            [("all", "chosen", "validation", 0.25), ("all", "chosen", "test", 0.5)],
            "segment string, model string, split string, value_added double",
        ),
    )
    return collect_evidence(tables, CUTOFF, HORIZON)


def test_series_are_those_of_the_panel_by_the_cutoff(evidence: Evidence) -> None:
    assert (evidence.n_series, evidence.unknown_series) == (6, 1)


def test_series_need_one_model_and_each_step_once(evidence: Evidence) -> None:
    assert (evidence.without_model, evidence.without_forecasts) == (2, 2)


def test_rows_with_nulls_and_with_negative_numbers_are_counted(evidence: Evidence) -> None:
    assert (evidence.nulls, evidence.not_units) == (3, 3)


def test_demand_is_of_series_with_enough_known_days(evidence: Evidence) -> None:
    assert evidence.n_days_known == 40
    assert evidence.recent_demand == pytest.approx(1.0 + 2.5)
    assert evidence.forecast_demand == pytest.approx(2.0 + 1.0)
    assert evidence.furthest == Furthest("no-model", "all", recent=2.5, ahead=1.0)


def test_error_ratio_is_of_the_validation_windows(evidence: Evidence) -> None:
    assert evidence.error_ratio == 0.75
