import re
from collections.abc import Iterator
from typing import Any

import cloudpickle
import numpy as np
import pytest
from sklearn.dummy import DummyRegressor

from lepton_spark.errors import InputError
from lepton_spark.models import registry
from lepton_spark.models.data.history import History
from lepton_spark.models.registry import (
    Candidate,
    candidates_for,
    create,
    known_models,
    register_regressor,
)


@pytest.fixture(autouse=True)
def _own_registrations(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "_registered", {})
    return


class _FailsAboveTen:
    def fit(self, X: np.ndarray, y: np.ndarray) -> None:  # noqa: ARG002, N803
        if y.max() > 10:
            raise ValueError("more than ten")
        self.level = y.mean()

    def predict(self, X: np.ndarray) -> Any:  # noqa: N803
        return np.full(len(X), self.level)


def test_candidates_expand_half_lives_in_order() -> None:
    keys = [c.key for c in candidates_for(["ridge", "mean"], [28, 56.5])]
    assert keys == ["ridge(half_life=28)", "ridge(half_life=56.5)", "mean"]


def test_candidates_named_twice_count_once() -> None:
    assert candidates_for(["mean", "mean"], []) == (Candidate("mean"),)


def test_unknown_model_lists_the_known_ones() -> None:
    with pytest.raises(
        InputError, match=r"unknown model 'arma'; known: croston_sba, exponential_smoothing, hist"
    ):
        candidates_for(["arma"], [])


@pytest.mark.parametrize(
    ("candidate", "found"),
    [
        (Candidate("ridge"), "{}"),
        (Candidate("ridge", (("half_life", 0.0),)), "0.0"),
        (Candidate("mean", (("alpha", 1.0),)), "alpha"),
    ],
    ids=["missing", "not positive", "unknown"],
)
def test_create_refuses_wrong_parameters(candidate: Candidate, found: str) -> None:
    with pytest.raises(InputError, match=re.escape(found)):
        create(candidate)


def test_shipped_name_cannot_be_taken() -> None:
    with pytest.raises(InputError, match="'ridge' is shipped"):
        register_regressor("ridge", DummyRegressor)


def test_registered_regressor_fits_here_and_after_a_pickle() -> None:
    register_regressor("dummy", DummyRegressor)
    assert "dummy" in known_models()
    history = History(np.array([[1.0, 2.0, 6.0]]), np.arange(3))
    forecaster = cloudpickle.loads(cloudpickle.dumps(create(Candidate("dummy"))))
    assert forecaster.fit_forecast(history, 2).forecast.tolist() == [[3.0, 3.0]]


def test_registered_regressor_that_raises_costs_one_series_only() -> None:
    register_regressor("fragile", _FailsAboveTen)
    history = History(np.array([[1.0, 3.0], [1.0, 30.0], [5.0, np.nan]]), np.arange(2))
    fit = create(Candidate("fragile")).fit_forecast(history, 1)
    assert fit.forecast[0].tolist() == [2.0]
    assert np.isnan(fit.forecast[1:]).all()
    assert fit.reasons == {1: "ValueError: more than ten"}


def test_scikit_learn_regressors_read_the_regressors() -> None:
    promotion = np.zeros((1, 64, 1))
    promotion[0, ::5, 0] = 1.0
    quantity = 10.0 + 20.0 * promotion[:, :60, 0]
    history = History(quantity, np.arange(60), promotion)
    forecast = create(Candidate("sklearn_linear_regression")).fit_forecast(history, 4).forecast
    np.testing.assert_allclose(forecast, [[30.0, 10.0, 10.0, 10.0]], atol=1e-8)
