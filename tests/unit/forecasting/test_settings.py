from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.config import Config
from lepton_spark.errors import InputError
from lepton_spark.evaluation.windows import plan_windows
from lepton_spark.forecasting.packing import packed_batch
from lepton_spark.forecasting.settings import FitSettings, evaluation_settings, fit_settings
from lepton_spark.models import registry
from lepton_spark.models.local.sklearn_adapter import sklearn_linear_regression
from lepton_spark.models.registry import Candidate, register_regressor
from lepton_spark.panel.calendar import Calendar
from tests.unit.forecasting.frames import CUTOFF, N_DAYS, daily_settings, packed_rows


@pytest.mark.parametrize(("days", "weeks"), [(28, 4), (29, 5), (180, 26), (2, 1)])
def test_settings_in_days_become_the_fewest_weeks_that_hold_them(days: int, weeks: int) -> None:
    config = {
        "panel": {"new_days": days, "obsolete_days": days, "history_days": 1_000},
        "backtest": {"min_train_days": days},
    }
    found = [
        evaluation_settings(
            Config.model_validate({**config, "forecast": {"frequency": frequency}}), (0.1, 0.9)
        )
        for frequency in ("daily", "weekly")
    ]
    assert [(one.min_train, one.new, one.obsolete) for one in found] == [(days,) * 3, (weeks,) * 3]
    assert [one.min_choice for one in found] == [28, 4]


def test_evaluation_settings_are_those_of_the_configuration() -> None:
    config = Config.model_validate(
        {
            "forecast": {"horizon": 14, "models": ["ridge", "mean"], "half_lives": [28, 84]},
            "backtest": {"validation_windows": 2, "stride": 7},
        }
    )
    found = evaluation_settings(config, (0.1, 0.9))
    assert [candidate.key for candidate in found.candidates] == [
        "ridge(half_life=28)",
        "ridge(half_life=84)",
        "mean",
    ]
    assert found.windows == plan_windows(14, 2, 7)
    assert (found.horizon, found.levels) == (14, (0.1, 0.9))
    assert (found.test, found.validation) == ([0], [1, 2])
    assert found.has_choice


@pytest.mark.parametrize(
    ("models", "n_windows", "has_choice"),
    [(["mean"], 4, False), (["mean", "zero"], 2, True), (["mean", "zero"], 1, False)],
    ids=["one candidate", "one validation window", "no validation window"],
)
def test_choice_needs_two_candidates_and_a_validation_window(
    models: list[str], n_windows: int, has_choice: bool
) -> None:
    settings = daily_settings(forecast={"models": models}).evaluation
    assert replace(settings, windows=settings.windows[:n_windows]).has_choice is has_choice


@pytest.mark.parametrize(
    ("models", "holidays", "uses_pool", "uses_trees"),
    [
        (["ridge", "mean"], None, False, False),
        (["ridge", "mean"], "US", True, False),
        (["shrunk_weekday"], None, True, False),
        (["mean", "pooled"], None, True, True),
    ],
)
def test_settings_use_the_pool_where_a_candidate_does(
    models: list[str], holidays: str | None, uses_pool: bool, uses_trees: bool
) -> None:
    settings = daily_settings(forecast={"models": models, "holidays": holidays})
    assert (settings.uses_pool, settings.uses_trees) == (uses_pool, uses_trees)


def test_public_holidays_are_events_of_the_history_and_the_horizon() -> None:
    assert daily_settings().events is None
    events = daily_settings(forecast={"holidays": "US"}).events
    assert events is not None
    found = events.known_at(CUTOFF).days
    assert found[0] < CUTOFF - N_DAYS + 30
    assert found[-1] > CUTOFF + 28


def test_settings_refuse_an_unknown_model() -> None:
    config = Config()
    unknown = config.forecast.model_copy(update={"models": ("arma",)})
    with pytest.raises(InputError, match="unknown model 'arma'; known: croston_sba, "):
        evaluation_settings(config.model_copy(update={"forecast": unknown}), (0.1, 0.9))


def test_registered_regressors_reach_the_process_of_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    register_regressor("custom", sklearn_linear_regression)
    settings = daily_settings(forecast={"models": ["mean"]})
    monkeypatch.setattr(registry, "_registered", {})
    with pytest.raises(InputError, match="unknown model 'custom'"):
        registry.create(Candidate("custom"))
    settings.register()
    assert registry.create(Candidate("custom"))


@pytest.mark.parametrize(("period", "n_closed"), [(1, 4), (7, 0)])
def test_column_ahead_is_closed_when_all_its_days_are(period: int, n_closed: int) -> None:
    """A shop that never opens on Saturdays is closed on four of 28 days, and in none of four weeks."""
    days = np.arange(CUTOFF - N_DAYS + 1, CUTOFF + 1)
    calendar = Calendar({"all": days[(days + 3) % 7 != 5]}, CUTOFF)
    forecast = {"frequency": "daily", "horizon": 28} if period == 1 else {"frequency": "weekly", "horizon": 4}
    settings = fit_settings(Config.model_validate({"forecast": forecast}), calendar)
    assert _closed(settings).sum() == n_closed


def test_location_that_stopped_delivering_is_closed_ahead() -> None:
    days = np.arange(CUTOFF - N_DAYS + 1, CUTOFF - 55)
    settings = fit_settings(
        Config.model_validate({"forecast": {"frequency": "weekly", "horizon": 4}}),
        Calendar({"all": days}, CUTOFF),
    )
    assert _closed(settings).tolist() == [[True] * 4]


def _closed(settings: FitSettings) -> np.ndarray:
    return settings.is_closed_ahead(packed_batch(packed_rows([[1.0]])))
