import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import cloudpickle
import numpy as np
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression

from lepton_spark.errors import InputError
from lepton_spark.models import registry
from lepton_spark.models.data.history import History
from lepton_spark.models.local.isolated_process import Limits
from lepton_spark.models.local.naive import Zero
from lepton_spark.models.local.ridge import Ridge
from lepton_spark.models.pooled.model import Pooled
from lepton_spark.models.pooled.pool import neutral_pool
from lepton_spark.models.pooled.shrunk_weekday import ShrunkWeekday
from lepton_spark.models.pooled.with_events import WithEvents
from lepton_spark.models.registry import (
    Candidate,
    CustomRegressor,
    candidates_for,
    create,
    known_models,
    register,
    register_regressor,
    registered_regressors,
)

HALF_LIFE = (("half_life", 28.0),)


@pytest.fixture(autouse=True)
def _no_registrations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})


class FailsAboveTen:
    def fit(self, X: np.ndarray, y: np.ndarray) -> None:  # noqa: ARG002, N803
        if y.max() > 10:
            raise ValueError("more than ten")
        self.level = y.mean()

    def predict(self, X: np.ndarray) -> np.ndarray:  # noqa: N803
        return np.full(len(X), self.level)


def test_candidates_expand_half_lives_in_order() -> None:
    keys = [candidate.key for candidate in candidates_for(["ridge", "mean"], [28, 56.5])]
    assert keys == ["ridge(half_life=28)", "ridge(half_life=56.5)", "mean"]


def test_candidates_named_twice_count_once() -> None:
    assert candidates_for(["mean", "mean"], []) == (Candidate("mean"),)


@pytest.mark.parametrize(
    "use", [lambda: candidates_for(["arma"], []), lambda: create(Candidate("arma"))], ids=["list", "create"]
)
def test_unknown_model_lists_the_known_ones(use: Callable[[], object]) -> None:
    with pytest.raises(
        InputError, match=r"^unknown model 'arma'; known: croston_sba, exponential_smoothing, hist"
    ):
        use()


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        (Candidate("ridge"), "model 'ridge': found parameters {}; allowed: half_life > 0"),
        (
            Candidate("ridge", (("half_life", 0.0),)),
            "model 'ridge': found parameters {'half_life': 0.0}; allowed: half_life > 0",
        ),
        (
            Candidate("mean", (("alpha", 1.0),)),
            "model 'mean': found parameters {'alpha': 1.0}; allowed: none",
        ),
    ],
    ids=["missing", "not positive", "unknown"],
)
def test_create_rejects_wrong_parameters(candidate: Candidate, message: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        create(candidate)


def test_create_gives_pooled_models_the_pool_and_a_neutral_one_without() -> None:
    pool = neutral_pool()
    assert create(Candidate("pooled"), pool) == Pooled(pool)
    assert create(Candidate("shrunk_weekday"), pool) == ShrunkWeekday(pool)
    alone = create(Candidate("pooled"))
    assert isinstance(alone, Pooled)
    assert (alone.pool.index == 1.0).all()
    assert (alone.pool.log_dispersion == 0.0).all()
    assert alone.pool.trees is None


def test_create_multiplies_a_model_by_the_events_of_the_pool_only_where_it_knows_any() -> None:
    learned = np.array([[1.0, 2.0]])
    shop = replace(neutral_pool(), factors={"public_days": learned, "year_weeks": np.array([[3.0, 3.0]])})
    ridge = Ridge(28.0, planned=True)
    assert create(Candidate("planned_ridge", HALF_LIFE), shop) == WithEvents(ridge, learned)
    assert create(Candidate("planned_ridge", HALF_LIFE), neutral_pool()) == ridge
    assert isinstance(create(Candidate("zero"), shop), Zero)


def test_built_in_name_cannot_be_registered() -> None:
    with pytest.raises(InputError, match=r"^model 'ridge': built-in models cannot be replaced"):
        register_regressor("ridge", DummyRegressor)


def test_name_of_another_regressor_cannot_be_registered() -> None:
    register_regressor("mine", DummyRegressor)
    with pytest.raises(
        InputError,
        match=r"^model 'mine': found sklearn\.linear_model\._base\.LinearRegression, but the name belongs to "
        r"sklearn\.dummy\.DummyRegressor; allowed: one regressor per name; use another name$",
    ):
        register_regressor("mine", LinearRegression)
    assert registered_regressors()["mine"].factory is DummyRegressor


def test_same_regressor_can_be_registered_again_with_other_limits() -> None:
    register_regressor("mine", DummyRegressor)
    register_regressor("mine", DummyRegressor, seconds=5.0, memory_mb=100, version="2")
    assert registered_regressors() == {"mine": CustomRegressor(DummyRegressor, Limits(5.0, 100), "2")}


def test_pickled_registration_is_accepted_beside_the_original() -> None:
    """Worker processes register pickled copies, and may be the process that registered first."""
    register_regressor("fragile", FailsAboveTen)
    copied = cloudpickle.loads(cloudpickle.dumps(registered_regressors()["fragile"]))
    register("fragile", copied)
    assert registered_regressors()["fragile"] is copied


def test_registered_regressors_do_not_change_with_later_registrations() -> None:
    found = registered_regressors()
    register_regressor("mine", DummyRegressor)
    assert "mine" not in found
    assert "mine" in registered_regressors()


def test_registered_regressor_fits_here_and_after_pickling() -> None:
    register_regressor("dummy", DummyRegressor)
    assert "dummy" in known_models()
    history = History(np.array([[1.0, 2.0, 6.0]]), np.arange(3))
    forecaster = cloudpickle.loads(cloudpickle.dumps(create(Candidate("dummy"))))
    assert forecaster.fit_forecast(history, 2).forecast.tolist() == [[3.0, 3.0]]


def test_registered_regressor_that_raises_costs_one_series_only() -> None:
    register_regressor("fragile", FailsAboveTen)
    history = History(np.array([[1.0, 3.0], [1.0, 30.0], [5.0, np.nan]]), np.arange(2))
    fit = create(Candidate("fragile")).fit_forecast(history, 1)
    assert fit.forecast[0].tolist() == [2.0]
    assert np.isnan(fit.forecast[1:]).all()
    assert fit.reasons == {1: "ValueError: more than ten"}


def test_registered_regressor_keeps_its_limits_and_version() -> None:
    register_regressor("mine", DummyRegressor, seconds=1.0, memory_mb=256, version="7")
    registered = registered_regressors()["mine"]
    assert (registered.limits, registered.version) == (Limits(1.0, 256), "7")
    assert create(Candidate("mine")).limits == Limits(1.0, 256)


def test_register_regressor_tells_lambdas_and_partials_apart() -> None:
    register_regressor("mine", lambda: DummyRegressor(strategy="mean"))
    with pytest.raises(InputError, match="one regressor per name"):
        register_regressor("mine", lambda: DummyRegressor(strategy="median"))
    register_regressor("yours", partial(DummyRegressor, strategy="mean"))
    register_regressor("yours", partial(DummyRegressor, strategy="mean"))
    with pytest.raises(InputError, match="one regressor per name"):
        register_regressor("yours", partial(DummyRegressor, strategy="median"))
