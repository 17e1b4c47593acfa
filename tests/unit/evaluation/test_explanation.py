"""The parts of published forecasts add up, whatever was done to the model's forecast."""

from typing import Any

import numpy as np
import pytest

from lepton_spark.evaluation import role_backtest
from lepton_spark.evaluation.batch_forecast import BatchForecast
from lepton_spark.evaluation.explanation import explanation_of, usual_level
from lepton_spark.evaluation.kept_choice import KeptChoice, forecast_keeping
from lepton_spark.evaluation.priors import Prior
from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.data.parts import NAMES
from tests.unit.evaluation.batches import (
    HORIZON,
    LINE,
    MEAN,
    N_DAYS,
    NAIVE,
    SETTINGS,
    errors_of_classes,
    forecast_choices,
    history_of,
    poisson_history,
)


def _parts(found: BatchForecast) -> dict[str, np.ndarray]:
    """[S, H] by group; the base and the parts add up to the forecast."""
    base, parts = found.explanation.base, found.explanation.parts
    assert np.isfinite(parts).all()
    np.testing.assert_allclose(base[:, np.newaxis] + parts.sum(axis=1), found.forecast, atol=1e-9)
    return {name: parts[:, number] for number, name in enumerate(NAMES)}


def test_usual_day_is_the_mean_of_the_known_days_of_the_last_364() -> None:
    quantity = np.zeros((2, 500))
    quantity[:, :136] = 50.0  # too old to count
    quantity[0, -182:] = 4.0
    quantity[1, -100:] = np.nan
    quantity[1, -200:-100] = 132.0
    np.testing.assert_allclose(usual_level(history_of(quantity)), [2.0, 132.0 * 100 / 264])
    weekly = History(np.tile([1.0] * 48 + [14.0] * 52, (1, 1)), 7 * np.arange(100), period=7)
    np.testing.assert_allclose(usual_level(weekly), [14.0])
    assert usual_level(history_of(np.full((1, 9), np.nan))).tolist() == [0.0]
    assert usual_level(history_of(np.full((1, 9), 1.7e308))).tolist() == [0.0]


def test_parts_are_those_of_the_model_that_each_series_uses() -> None:
    history = poisson_history()
    found = forecast_choices(history, [MEAN, NAIVE], [0, 1, 0], [1, 0, -1])
    parts = _parts(found)
    np.testing.assert_allclose(found.explanation.base, history.quantity.mean(axis=1))
    np.testing.assert_allclose(parts["level"][0], 0.0, atol=1e-12)
    last_week = history.quantity[1, -7:]
    np.testing.assert_allclose(parts["weekday"][1], last_week - last_week.mean())
    np.testing.assert_allclose(parts["level"][1], last_week.mean() - history.quantity[1].mean())
    assert not parts["remainder"].any()


def test_forecast_raised_to_0_closed_days_and_priors_are_a_remainder() -> None:
    quantity = np.maximum(np.linspace(60.0, -2.0, N_DAYS), 0.0) * np.ones((3, 1))
    closed = np.zeros((3, HORIZON), dtype=np.bool_)
    closed[1, 2] = True
    weight = np.zeros((3, HORIZON))
    weight[2] = 1.0
    prior = Prior(np.array([np.nan, np.nan, 100.0]), weight)
    found = forecast_choices(history_of(quantity), [LINE], [0, 0, 0], closed=closed, prior=prior)
    parts = _parts(found)
    line = (found.explanation.base[:, np.newaxis] + parts["level"] + parts["trend"])[0]
    assert (line < 0).all()
    np.testing.assert_allclose(parts["remainder"][0], -line)
    assert found.forecast[1, 2] == 0
    np.testing.assert_allclose(parts["remainder"][2], 100.0 - line)


def test_closed_day_that_a_model_would_forecast_is_a_remainder() -> None:
    closed = np.zeros((1, HORIZON), dtype=np.bool_)
    closed[0, 2] = True
    parts = _parts(forecast_choices(history_of(np.full((1, N_DAYS), 6.0)), [MEAN], [0], closed=closed))
    assert parts["remainder"][0].tolist() == [0.0, 0.0, -6.0, 0.0, 0.0, 0.0, 0.0]


def test_obsolete_and_unknown_series_have_no_parts_but_a_remainder() -> None:
    quantity = np.full((2, 130), 6.0)
    quantity[0, -65:] = 0.0
    quantity[1] = np.nan
    found = forecast_choices(history_of(quantity), [MEAN], [0, 0])
    assert found.status.tolist() == ["obsolete", "fallback"]
    parts = _parts(found)
    assert found.explanation.base.tolist() == [3.0, 0.0]
    np.testing.assert_array_equal(parts["remainder"][0], -3.0)
    assert all(not values[0].any() for name, values in parts.items() if name != "remainder")
    assert not any(values[1].any() for values in parts.values())


def test_fallback_is_explained_by_its_own_parts() -> None:
    quantity = poisson_history(2).quantity.copy()
    quantity[0, :-1] = np.nan  # a line needs two days, and so does a week
    found = forecast_choices(history_of(quantity), [LINE], [0, 0])
    assert found.models == ("mean", "linear_regression")
    parts = _parts(found)
    np.testing.assert_array_equal(parts["level"][0], 0.0)
    assert parts["trend"][1].any()


class Grumpy:
    """Raises for a batch, and for series that sell 9 on the first day; forecasts 5, without parts."""

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        if history.n_series > 1 or history.quantity[0, 0] == 9.0:
            raise ValueError("no")
        return Fit(np.full((history.n_series, horizon), 5.0))


@pytest.fixture
def grumpy(monkeypatch: pytest.MonkeyPatch) -> None:
    create = role_backtest.create

    def creating(candidate: Any, pool: Any) -> Any:
        return Grumpy() if candidate == LINE else create(candidate, pool)

    monkeypatch.setattr(role_backtest, "create", creating)


@pytest.mark.usefixtures("grumpy")
def test_series_fitted_alone_after_a_failure_have_the_parts_of_their_model() -> None:
    quantity = poisson_history(3).quantity.copy()
    quantity[:, 0] = [1.0, 9.0, 1.0]
    found = forecast_choices(history_of(quantity), [LINE], [0, 0, 0])
    assert found.models == ("linear_regression", "seasonal_naive", "linear_regression")
    parts = _parts(found)
    np.testing.assert_allclose(parts["model"][0], 5.0 - quantity[0].mean())
    np.testing.assert_allclose(parts["model"][2], 5.0 - quantity[2].mean())
    np.testing.assert_array_equal(parts["level"][[0, 2]], 0.0)
    np.testing.assert_array_equal(parts["model"][1], 0.0)
    last_week = quantity[1, -7:]
    np.testing.assert_allclose(parts["weekday"][1], last_week - last_week.mean())  # of the fallback
    assert not parts["remainder"].any()


def test_numbers_near_the_largest_are_explained_by_a_remainder() -> None:
    base = np.array([1.0, 1.0])
    parts = np.zeros((len(NAMES), 2, 1))
    parts[0, 0], parts[1, 0] = 1e305, -1e305  # the sum of their sizes and a remainder might overflow
    parts[0, 1] = np.nan
    found = explanation_of(base, parts, np.array([[7.0], [8.0]]))
    assert found.parts[:, NAMES.index("remainder"), 0].tolist() == [6.0, 7.0]
    assert np.abs(found.parts).sum() == 13.0


def test_runs_that_keep_models_explain_as_full_runs_do() -> None:
    history = poisson_history()
    full = forecast_choices(history, [MEAN, LINE], [0, 1, 0])
    settings = SETTINGS.__class__(**{**SETTINGS.__dict__, "candidates": (MEAN, LINE)})
    errors = errors_of_classes(("all",), np.ones((1, 2)))
    daily = forecast_keeping(history, {}, settings, KeptChoice.of(full), errors)
    np.testing.assert_array_equal(daily.explanation.parts, full.explanation.parts)


def test_rounding_is_no_remainder() -> None:
    """0.3 - 0.1 - 0.2 is -2.8e-17 in floating point."""
    parts = np.zeros((len(NAMES), 1, 1))
    parts[0] = 0.2
    assert np.array([0.3]) - 0.1 - 0.2 != 0.0
    assert not explanation_of(np.array([0.1]), parts, np.array([[0.3]])).parts[:, 1:].any()
