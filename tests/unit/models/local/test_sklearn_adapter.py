import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.local.isolated_process import Limits
from lepton_spark.models.local.sklearn_adapter import (
    PerProductRegressor,
    hist_gradient_boosting,
    mlp,
    sklearn_linear_regression,
)

NAN = np.nan
HORIZON = 3
MONDAY = 4  # 5 January 1970


class Scripted:
    """A regressor that keeps what it was fitted on and predicts what it was made with."""

    def __init__(self, predicted: Any, fitted: list["Scripted"]) -> None:
        self.predicted, self.fitted = predicted, fitted

    def fit(self, X: np.ndarray, y: np.ndarray) -> None:  # noqa: N803
        self.rows, self.target = X.copy(), y.copy()
        self.fitted.append(self)

    def predict(self, X: np.ndarray) -> Any:  # noqa: N803
        self.ahead = X.copy()
        if isinstance(self.predicted, Exception):
            raise self.predicted
        return self.predicted


def _scripted(predicted: Any) -> tuple[PerProductRegressor, list[Scripted]]:
    fitted: list[Scripted] = []
    return PerProductRegressor(lambda: Scripted(predicted, fitted)), fitted


def _history(*series: list[float]) -> History:
    return History(np.array(series), MONDAY + np.arange(len(series[0])))


def test_adapter_returns_what_a_new_regressor_predicts_for_each_product() -> None:
    model, fitted = _scripted(np.array([1, 2, 3]))
    fit = model.fit_forecast(_history([1.0, 2.0, 6.0], [5.0, 0.0, 4.0]), HORIZON)
    assert fit.forecast.tolist() == [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]
    assert fit.forecast.dtype == np.float64
    assert fit.reasons == {}
    assert [regressor.target.tolist() for regressor in fitted] == [[1.0, 2.0, 6.0], [5.0, 0.0, 4.0]]


def test_adapter_fits_level_damped_trend_and_weekdays_of_the_known_days() -> None:
    model, fitted = _scripted(np.zeros(HORIZON))
    model.fit_forecast(_history([1.0, NAN, 6.0]), HORIZON)
    (regressor,) = fitted
    trend = np.array([-2.0, 0.0, 0.9, 0.9 + 0.81, 0.9 + 0.81 + 0.729]) / 28.0
    np.testing.assert_allclose(regressor.rows[:, 1], trend[:2])
    np.testing.assert_allclose(regressor.ahead[:, 1], trend[2:])
    assert (regressor.rows[:, 0] == 1.0).all()
    assert regressor.rows[:, 2:].argmax(axis=1).tolist() == [0, 2]  # Monday and Wednesday
    assert regressor.ahead[:, 2:].argmax(axis=1).tolist() == [3, 4, 5]
    assert regressor.target.tolist() == [1.0, 6.0]


def test_adapter_passes_the_regressors_of_each_product_beside_the_design() -> None:
    regressors = np.arange(24.0).reshape(2, 6, 2)
    regressors[:, -1] = NAN  # the history looks one day further ahead than the forecast
    model, fitted = _scripted(np.zeros(2))
    history = History(np.array([[1.0, NAN, 6.0], [5.0, 0.0, 4.0]]), MONDAY + np.arange(3), regressors)
    model.fit_forecast(history, 2)
    first, second = fitted
    assert first.rows.shape == (2, 9 + 2)
    assert first.rows[:, 9:].tolist() == [[0.0, 1.0], [4.0, 5.0]]
    assert first.ahead[:, 9:].tolist() == [[6.0, 7.0], [8.0, 9.0]]
    assert second.rows[:, 9:].tolist() == [[12.0, 13.0], [14.0, 15.0], [16.0, 17.0]]


def test_adapter_forecasts_a_constant_product_as_itself_without_fitting() -> None:
    model, fitted = _scripted(np.full(HORIZON, 99.0))
    fit = model.fit_forecast(_history([4.0, NAN, 4.0], [0.0, 0.0, 0.0]), HORIZON)
    assert fit.forecast.tolist() == [[4.0] * 3, [0.0] * 3]
    assert fitted == []


def test_adapter_gives_a_nan_row_without_a_reason_for_fewer_than_two_known_days() -> None:
    model, fitted = _scripted(np.full(HORIZON, 99.0))
    fit = model.fit_forecast(_history([NAN, NAN, 4.0], [NAN, NAN, NAN]), HORIZON)
    assert np.isnan(fit.forecast).all()
    assert fit.reasons == {}
    assert fitted == []


@pytest.mark.parametrize(
    ("predicted", "reason"),
    [
        (ValueError("too\nshort"), "ValueError: too short"),
        (RuntimeError("x" * 500), "RuntimeError: " + "x" * 186),
        (np.zeros(HORIZON + 1), "ValueError: predict returned shape (4,), not (3,)"),
        (np.zeros((HORIZON, 1)), "ValueError: predict returned shape (3, 1), not (3,)"),
        (np.array([1.0, np.inf, 1.0]), "ValueError: predict returned numbers that are not finite"),
        (np.array([1.0, 2.0, NAN]), "ValueError: predict returned numbers that are not finite"),
    ],
    ids=["raises", "raises at length", "too long", "a column", "infinite", "nan"],
)
@pytest.mark.parametrize("limits", [None, Limits(30.0)], ids=["in this process", "in its own process"])
def test_regressor_that_fails_costs_its_product_alone(
    predicted: Any, reason: str, limits: Limits | None
) -> None:
    model = PerProductRegressor(lambda: Scripted(predicted, []), limits)
    fit = model.fit_forecast(_history([1.0, 2.0, 6.0], [5.0, 5.0, 5.0]), HORIZON)
    assert fit.reasons == {0: reason}
    assert np.isnan(fit.forecast[0]).all()
    assert fit.forecast[1].tolist() == [5.0] * 3


def test_regressor_runs_in_this_process_only_without_limits() -> None:
    class Process(Scripted):
        def predict(self, X: np.ndarray) -> Any:  # noqa: N803
            return np.full(len(X), float(os.getpid()))

    history = _history([1.0, 2.0, 6.0])
    inside, outside = (
        PerProductRegressor(lambda: Process(None, []), limits).fit_forecast(history, 1).forecast[0, 0]
        for limits in (None, Limits(30.0))
    )
    assert inside == os.getpid() != outside


def test_linear_regression_adapter_follows_a_planned_promotion() -> None:
    promotion = np.zeros((1, 64, 1))
    promotion[0, ::5, 0] = 1.0
    history = History(10.0 + 20.0 * promotion[:, :60, 0], np.arange(60), promotion)
    forecast = PerProductRegressor(sklearn_linear_regression).fit_forecast(history, 4).forecast
    np.testing.assert_allclose(forecast, [[30.0, 10.0, 10.0, 10.0]], atol=1e-8)


@pytest.mark.parametrize("factory", [sklearn_linear_regression, hist_gradient_boosting, mlp])
def test_shipped_regressors_are_new_on_each_call_and_find_the_weekday(factory: Callable[[], Any]) -> None:
    assert factory() is not factory()
    week = np.array([2.0, 2.0, 2.0, 2.0, 2.0, 20.0, 2.0])
    history = History(np.tile(week, (1, 20)), MONDAY + np.arange(140))
    forecast = PerProductRegressor(factory).fit_forecast(history, 7).forecast
    np.testing.assert_allclose(forecast[0], week, atol=2.5)  # the network is the least exact


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (np.ones(43), None),
        (np.arange(43) % 7 == 2, None),  # a weekday, which the design has already
        (np.where(np.arange(43) < 40, 1.0, NAN), "ValueError: Input X contains NaN."),
        (np.full(43, NAN), "ValueError: Input X contains NaN."),
    ],
    ids=["constant", "collinear", "missing in the future", "missing"],
)
def test_difficult_regressor_column_costs_its_product_alone(column: np.ndarray, reason: str | None) -> None:
    measures = np.zeros((3, 43, 1))
    measures[1, :, 0] = column
    history = History(np.tile(np.arange(40) % 5.0, (3, 1)), np.arange(40), measures)
    fit = PerProductRegressor(sklearn_linear_regression).fit_forecast(history, HORIZON)
    assert fit.reasons.keys() == ({1} if reason else set())
    assert fit.reasons.get(1, "").startswith(reason or "")
    assert np.isfinite(fit.forecast[1]).all() == (reason is None)
    np.testing.assert_array_equal(fit.forecast[0], fit.forecast[2])
