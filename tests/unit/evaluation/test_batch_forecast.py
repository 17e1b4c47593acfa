import copy
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from lepton_spark.evaluation import role_backtest
from lepton_spark.evaluation.accuracy.class_errors import ALL, class_errors
from lepton_spark.evaluation.accuracy.error_sums import ErrorSums
from lepton_spark.evaluation.backtest import cutoff_columns, score_candidates
from lepton_spark.evaluation.batch_forecast import BatchForecast, forecast_batch, forecast_histories
from lepton_spark.evaluation.priors import Prior
from lepton_spark.evaluation.selection import ValidationErrors
from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.data.outliers import damp_outliers
from lepton_spark.models.pooled.learning import learn_pools
from lepton_spark.models.pooled.pool import Pool, Pools
from lepton_spark.models.pooled.settings import BoostingSettings, PooledSettings, TrainingSettings
from lepton_spark.models.registry import Candidate, candidates_for, create
from tests.unit.evaluation.batches import (
    HORIZON,
    LINE,
    MEAN,
    N_DAYS,
    NAIVE,
    SETTINGS,
    HalfMedian,
    choices,
    errors_of_classes,
    forecast_choices,
    history_of,
    poisson_history,
)


def test_each_series_is_forecast_by_its_chosen_candidate() -> None:
    history = poisson_history()
    found = forecast_choices(history, [MEAN, NAIVE], [0, 1, 0], [1, 0, -1])
    np.testing.assert_allclose(found.forecast[0], history.quantity[0].mean())
    np.testing.assert_array_equal(found.forecast[1], history.quantity[1, -7:])
    assert found.models == ("mean", "seasonal_naive", "mean")
    assert found.runner_up.keys == ("seasonal_naive", "mean", None)
    assert found.status.tolist() == ["ok"] * 3
    assert found.coefficients[0] == pytest.approx({"level": history.quantity[0].mean()})
    assert found.coefficients[1] == {}
    assert found.selection.level.tolist() == ["series"] * 3


def test_choice_uses_the_errors_of_the_demand_class_at_the_test_windows_cutoff() -> None:
    quantity = np.tile(poisson_history(1).quantity, (2, 1))
    quantity[1, -HORIZON:] = 0.0
    quantity[1, ::2] = 0.0  # intermittent, from before the test window on
    errors = errors_of_classes(("smooth", "intermittent", ALL), 1.0 - np.eye(3) / 2)
    settings = replace(SETTINGS, candidates=(MEAN, NAIVE, LINE), obsolete=6)
    found = forecast_batch(history_of(quantity), {}, settings, ValidationErrors.none(3, 2), errors)
    assert found.demand_class.tolist() == ["smooth", "obsolete"]
    assert found.chosen.keys == ("mean", "seasonal_naive")
    assert found.selection.level.tolist() == ["class", "class"]


def test_series_younger_than_the_backtest_needs_gets_the_first_candidate() -> None:
    quantity = poisson_history(2).quantity.copy()
    quantity[0, :-13] = np.nan
    quantity[1, :-14] = np.nan
    errors = errors_of_classes((ALL,), np.array([[2.0, 1.0]]))
    settings = replace(SETTINGS, candidates=(MEAN, NAIVE))
    found = forecast_batch(history_of(quantity), {}, settings, ValidationErrors.none(2, 2), errors)
    assert found.models == ("mean", "seasonal_naive")


def test_models_own_median_moves_the_quantiles_and_their_score(monkeypatch: pytest.MonkeyPatch) -> None:
    history = poisson_history()
    plain = forecast_choices(history, [MEAN, LINE], [0, 0, 1], [1, 1, -1])
    monkeypatch.setattr(
        role_backtest, "create", lambda c, pool: HalfMedian() if c == MEAN else create(c, pool)
    )
    found = forecast_choices(history, [MEAN, LINE], [0, 0, 1], [1, 1, -1])
    np.testing.assert_array_equal(found.forecast, plain.forecast)
    np.testing.assert_array_equal(found.quantiles[:2, :, 1], np.round(found.forecast[:2] / 2.0))
    np.testing.assert_array_equal(found.quantiles[2], plain.quantiles[2])
    assert (found.chosen.pinball[:2] > plain.chosen.pinball[:2]).all()
    assert found.chosen.pinball[2] == plain.chosen.pinball[2]
    np.testing.assert_array_equal(found.seasonal_naive.pinball, plain.seasonal_naive.pinball)


def test_closed_days_and_obsolete_series_are_zero() -> None:
    closed = np.zeros((3, HORIZON), bool)
    closed[:, 2] = True
    quantity = poisson_history().quantity.copy()
    quantity[1, 3:] = 0.0
    found = forecast_choices(history_of(quantity), [MEAN], [0, 0, 0], closed=closed)
    assert (found.forecast[:, 2] == 0).all()
    assert (found.quantiles[:, 2] == 0).all()
    assert (found.forecast[0, [0, 1, 3, 4, 5, 6]] > 0).all()
    assert (found.forecast[1] == 0).all()
    assert (found.quantiles[1] == 0).all()
    assert found.status.tolist() == ["ok", "obsolete", "ok"]
    assert (found.models[1], found.reasons[1], found.coefficients[1]) == ("zero", "no_recent_sale", {})
    assert found.demand_class[1] == "obsolete"


def test_prior_reactivates_an_obsolete_series_and_replaces_the_median(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(role_backtest, "create", lambda *_: HalfMedian())
    quantity = np.vstack([poisson_history(2).quantity, np.zeros((2, N_DAYS))])
    quantity[2:, 0] = 5.0
    level, weight = np.array([np.nan, 60.0, 3.0, np.nan]), np.zeros((4, HORIZON))
    weight[1:3] = 1.0
    found = forecast_choices(history_of(quantity), [MEAN], [0] * 4, prior=Prior(level, weight))
    assert found.status.tolist() == ["ok", "ok", "ok", "obsolete"]
    np.testing.assert_allclose(found.forecast[1:3].mean(axis=1), [60.0, 3.0])
    np.testing.assert_array_equal(found.quantiles[0, :, 1], np.round(found.forecast[0] / 2.0))
    assert (np.abs(found.quantiles[1, :, 1] - 60.0) <= 2.0).all()  # near the prior's level, not half of it
    assert (found.forecast[3] == 0.0).all()


def test_series_falls_back_until_a_forecast_is_finite() -> None:
    quantity = np.full((3, N_DAYS), np.nan)
    quantity[1, -1] = 4.0
    quantity[2, -40] = 2.0
    found = forecast_choices(history_of(quantity), [LINE], [0, 0, 0])
    assert found.fallback_level.tolist() == [3, 2, 1]
    assert found.models == ("zero", "mean", "seasonal_naive")
    assert found.reasons == ("no_known_days", "too_few_known_days", "too_few_known_days")
    assert found.status.tolist() == ["fallback"] * 3
    np.testing.assert_array_equal(found.forecast[:, 0], [0.0, 4.0, 2.0])
    assert np.isfinite(found.quantiles).all()


def test_single_candidate_is_used_however_short_the_history() -> None:
    quantity = np.full((1, N_DAYS), np.nan)
    quantity[0, -3:] = [150.0, 200.0, 250.0]
    found = forecast_choices(history_of(quantity), [LINE], [0])
    np.testing.assert_allclose(found.forecast[0, :2], [300.0, 350.0])
    reason = "too_few_known_days_to_judge: 3 known, the backtest needs 14"
    assert (found.status[0], found.reasons[0]) == ("short_history", reason)
    assert found.chosen.sums.n_obs.sum() == 0
    assert found.quantile_method[0] == "negative_binomial"


def test_model_that_raises_for_one_series_affects_that_series_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fragile:
        def fit_forecast(self, history: History, horizon: int) -> Fit:
            if (history.quantity == 99.0).any():
                raise ValueError("99 is too much")
            return Fit(np.full((history.n_series, horizon), 5.0))

    monkeypatch.setattr(role_backtest, "create", lambda c, pool: Fragile() if c == MEAN else create(c, pool))
    quantity = poisson_history().quantity.copy()
    quantity[1, 3] = 99.0
    found = forecast_choices(history_of(quantity), [MEAN], [0, 0, 0])
    assert found.status.tolist() == ["ok", "fallback", "ok"]
    assert found.reasons[1] == "model_failed: ValueError: 99 is too much"
    assert (found.forecast[[0, 2]] == 5.0).all()


def test_dispersion_of_a_fallback_is_not_that_of_the_model_that_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class FailsAtTheEnd:
        def fit_forecast(self, history: History, horizon: int) -> Fit:
            forecast = np.ones((history.n_series, horizon))  # six are sold, so its errors are wide
            if history.n_days == N_DAYS:
                forecast[0] = np.nan
            return Fit(forecast)

    monkeypatch.setattr(
        role_backtest, "create", lambda c, pool: FailsAtTheEnd() if c == MEAN else create(c, pool)
    )
    found = forecast_choices(poisson_history(), [MEAN], [0, 0, 0])
    assert found.status.tolist() == ["fallback", "ok", "ok"]
    assert found.dispersion[0] == 1.0
    assert (found.dispersion[1:] > 2.0).all()
    pools = {N_DAYS - 1: Pool(np.ones((1, 7, 4)), np.array([np.log(1.5)]))}
    found = forecast_choices(poisson_history(), [MEAN], [0, 0, 0], pools=pools)
    assert found.dispersion[0] == pytest.approx(1.5)  # of whole units: the pool's


def test_negative_forecast_is_clipped_to_zero() -> None:
    quantity = np.maximum(30.0 - np.arange(N_DAYS), 0)[np.newaxis]
    found = forecast_choices(history_of(quantity), [LINE], [0])
    assert (found.forecast == 0).all()


@pytest.mark.parametrize(
    ("n_series", "n_days"), [(1, 1), (2, 5), (0, 63)], ids=["one day", "five days", "no series"]
)
def test_batch_smaller_than_its_windows_is_forecast(n_series: int, n_days: int) -> None:
    found = forecast_choices(poisson_history(n_series, n_days), [MEAN, LINE], [0] * n_series)
    assert found.forecast.shape == (n_series, HORIZON)
    assert found.quantiles.shape == (n_series, HORIZON, 3)
    assert np.isfinite(found.quantiles).all()
    assert found.chosen.sums.n_obs.sum() == 0


CANDIDATES = candidates_for(("pooled", "shrunk_weekday", "ridge", "seasonal_naive", "mean"), (28.0,))
QUICK = PooledSettings(
    training=TrainingSettings(
        n_cutoffs=6,
        n_bags=2,
        min_weeks=100,
        mean=BoostingSettings(10, 4, 20, 0.1),
        median=BoostingSettings(10, 4, 50, 0.1),
    )
)


@pytest.fixture(scope="module")
def batch() -> tuple[History, Pools]:
    """Forty series of 140 days, one with an outlier, one young and one with fractions, and their pools."""
    rng = np.random.default_rng(3)
    week = np.array([0.5, 0.7, 0.8, 1.0, 1.2, 1.6, 1.2])
    rate = rng.gamma(2.0, 3.0, 40)[:, np.newaxis] * week[np.arange(140) % 7]
    quantity = rng.poisson(rate).astype(float)
    quantity[0, 100] = 900.0
    quantity[1, :-20] = np.nan
    quantity[2] += 0.5
    quantity[3, 5:] = 0.0
    history = replace(history_of(quantity), damped=damp_outliers(quantity, None))
    pools = learn_pools(
        history, cutoff_columns(history, SETTINGS.windows), HORIZON, trees=True, settings=QUICK
    )
    assert all(pool.trees is not None for pool in pools.values())
    return history, pools


def _arrays(value: Any) -> Iterator[FloatArray]:
    """All arrays of a nested value, in a defined order."""
    if isinstance(value, np.ndarray):
        yield value
    elif is_dataclass(value):
        for item in fields(value):
            yield from _arrays(getattr(value, item.name))
    elif isinstance(value, dict):
        for part in value.values():
            yield from _arrays(part)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _arrays(part)


def _assert_equal(one: BatchForecast, other: BatchForecast) -> None:
    """Equal in all fields, to the bit."""
    for mine, theirs in zip(_arrays(one), _arrays(other), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    for name in ("models", "reasons", "coefficients"):
        assert getattr(one, name) == getattr(other, name)


def test_both_passes_together_equal_each_by_itself(batch: tuple[History, Pools]) -> None:
    history, pools = batch
    settings = replace(SETTINGS, candidates=CANDIDATES, obsolete=100, min_choice=14)
    closed = np.zeros((40, HORIZON), bool)
    closed[7, 3] = True
    prior = Prior(np.where(np.arange(40) == 9, 50.0, np.nan), np.zeros((40, HORIZON)))
    prior.weight[9] = 0.5
    scores = score_candidates(history, pools, settings)
    validation = [position for position, window in enumerate(settings.windows) if window.role == "validation"]
    assert validation == [1, 2, 3]
    seen = ErrorSums(*(getattr(scores.sums, name)[:, 1:] for name in ErrorSums.names()))
    expected = forecast_batch(
        history,
        pools,
        settings,
        ValidationErrors(seen.n_obs, seen.sse),
        class_errors(seen, scores.demand_class),
        closed=closed,
        prior=prior,
    )
    found = forecast_histories(history, pools, settings, closed=closed, prior=prior)
    _assert_equal(found, expected)
    assert set(found.selection.level.tolist()) == {"series", "class", "default"}
    assert (found.forecast[7, 3], found.status[3]) == (0.0, "obsolete")


def test_forecasting_a_batch_changes_none_of_its_inputs(batch: tuple[History, Pools]) -> None:
    history, pools = batch
    settings = replace(SETTINGS, candidates=CANDIDATES)
    validation = choices([number % 5 for number in range(40)], [4 - number % 5 for number in range(40)], 5)
    errors = errors_of_classes((ALL,), np.ones((1, 5)))
    closed = np.zeros((40, HORIZON), bool)
    prior = Prior(np.full(40, 5.0), np.full((40, HORIZON), 0.5))
    inputs = (history, dict(pools), validation, errors, closed, prior)
    before = copy.deepcopy(inputs)
    forecast_batch(history, pools, settings, validation, errors, closed=closed, prior=prior)
    forecast_histories(history, pools, settings)
    pairs = list(zip(_arrays(inputs), _arrays(before), strict=True))
    assert len(pairs) > 30  # the history, what was learned, and the rest
    for after, original in pairs:
        np.testing.assert_array_equal(after, original)


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.key)
def test_forecast_of_a_series_does_not_depend_on_its_batch(
    batch: tuple[History, Pools], candidate: Candidate
) -> None:
    history, pools = batch
    settings = replace(SETTINGS, candidates=(candidate,))
    together = forecast_histories(history, pools, settings)
    for row in (0, 1, 2, 39):
        alone = forecast_histories(history.select(np.array([row])), pools, settings)
        np.testing.assert_allclose(alone.forecast[0], together.forecast[row], rtol=1e-9)
        np.testing.assert_allclose(alone.chosen.pinball, together.chosen.pinball[[row]], rtol=1e-9)
