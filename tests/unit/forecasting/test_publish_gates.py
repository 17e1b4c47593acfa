from dataclasses import replace
from typing import Any

import pytest

from lepton_spark.config import GateSettings
from lepton_spark.forecasting.publish_gates import Evidence, Furthest, evaluate

SOUND = Evidence(
    n_series=3,
    without_model=0,
    without_forecasts=0,
    unknown_series=0,
    nulls=0,
    not_units=0,
    n_days_known=100,
    recent_demand=10.0,
    forecast_demand=12.0,
    error_ratio=0.8,
)


def failed(evidence: Evidence, **settings: Any) -> list[str]:
    return [gate.name for gate in evaluate(evidence, GateSettings(**settings)) if gate.failed]


def test_sound_run_passes_every_gate() -> None:
    assert failed(SOUND) == []
    assert len(evaluate(SOUND, GateSettings())) == 5


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"without_model": 1}, "all_products"),
        ({"without_forecasts": 1}, "all_products"),
        ({"unknown_series": 1}, "all_products"),
        ({"n_series": 0}, "all_products"),
        ({"nulls": 1}, "no_null"),
        ({"not_units": 1}, "no_negative"),
        ({"forecast_demand": 31.1}, "total_forecast"),
        ({"forecast_demand": 2.3}, "total_forecast"),
        ({"recent_demand": 0.0}, "total_forecast"),
        ({"error_ratio": 1.01}, "validation_error"),
    ],
    ids=lambda value: "_".join(value) if isinstance(value, dict) else value,
)
def test_gate_fails_outside_its_bounds(change: dict[str, Any], gate: str) -> None:
    assert failed(replace(SOUND, **change)) == [gate]


def test_bounds_are_configured_and_inclusive() -> None:
    assert failed(replace(SOUND, forecast_demand=31.0, error_ratio=1.0)) == []
    assert failed(replace(SOUND, forecast_demand=31.1), max_total_factor=4) == []
    assert failed(replace(SOUND, error_ratio=1.01), max_error_ratio=1.1) == []
    assert failed(replace(SOUND, recent_demand=0.0, forecast_demand=1.0)) == []


def test_failed_total_names_the_series_that_differs_most() -> None:
    typo = Furthest("TYPO", "all", recent=1_433_000.0, ahead=5.7)
    evidence = replace(SOUND, recent_demand=1_433_500.0, forecast_demand=503.0, furthest=typo)
    (gate,) = (gate for gate in evaluate(evidence, GateSettings()) if gate.failed)
    assert gate.found == (
        "503 units a day forecast, 1.4335e+06 sold recently; "
        "of product 'TYPO' at 'all' 5.7 forecast, 1.433e+06 sold"
    )


def test_total_of_a_short_history_is_not_judged() -> None:
    gates = {
        gate.name: gate
        for gate in evaluate(replace(SOUND, n_days_known=27, forecast_demand=99.0), GateSettings())
    }
    assert gates["total_forecast"].passed is None
    assert gates["total_forecast"].found == "27 known days, 28 are needed"
    assert not gates["total_forecast"].failed


def test_error_without_validation_is_not_judged() -> None:
    gates = {gate.name: gate for gate in evaluate(replace(SOUND, error_ratio=None), GateSettings())}
    assert gates["validation_error"].passed is None
    assert gates["validation_error"].found == "no validation observations"
