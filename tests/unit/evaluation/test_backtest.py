from collections.abc import Sequence

import numpy as np
import pytest

from lepton_spark.evaluation import backtest
from lepton_spark.evaluation.backtest import actuals, clip_forecast, fit_safely, score_candidates
from lepton_spark.evaluation.settings import EvaluationSettings
from lepton_spark.evaluation.windows import Role, Window, plan_windows
from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.pool import neutral_pool
from lepton_spark.models.registry import Candidate

NAN = np.nan
MEAN = Candidate("mean")


def _of(*series: list[float]) -> History:
    return History(np.array(series), np.arange(len(series[0])))


def _settings(
    windows: tuple[Window, ...], horizon: int, min_train: int = 1, candidates: Sequence[Candidate] = (MEAN,)
) -> EvaluationSettings:
    return EvaluationSettings(
        tuple(candidates), windows, horizon, (0.1, 0.9), min_train, new=14, obsolete=30, min_choice=28
    )


class _RaisesAboveTen:
    def fit_forecast(self, history: History, horizon: int) -> Fit:
        if np.nanmax(history.quantity) > 10:
            raise ValueError("more than ten")
        last = history.quantity[:, -1]
        forecast = np.repeat(last[:, np.newaxis], horizon, axis=1)
        return Fit(forecast, {"last": last}, median=forecast - 3.0)


def test_clip_forecast_leaves_no_negative_and_no_infinite() -> None:
    np.testing.assert_array_equal(clip_forecast(np.array([-1.0, 2.0, np.inf, NAN])), [0.0, 2.0, NAN, NAN])


def test_actuals_are_the_days_after_the_cutoff() -> None:
    history = _of([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(actuals(history, Window(0, Role.TEST, 2), 2), [[3.0, 4.0]])
    np.testing.assert_array_equal(actuals(history, Window(0, Role.TEST, 1), 2), [[4.0, NAN]])
    np.testing.assert_array_equal(actuals(history, Window(0, Role.TEST, 6), 3), [[NAN, NAN, 1.0]])


def test_scores_are_those_of_each_window() -> None:
    history = _of([2.0, 4.0, 6.0, 9.0, 1.0, 5.0])
    scores = score_candidates(history, {}, _settings(plan_windows(2, 1, 2), 2))
    # test: mean(2, 4, 6, 9) = 5.25 against 1, 5; validation: mean(2, 4) = 3 against 6, 9
    assert scores.sums.sse[0, :, 0].tolist() == [4.25**2 + 0.25**2, 9 + 36]
    assert scores.sums.sum_error[0, :, 0].tolist() == [4.5, -9.0]
    # changes before the cutoffs: 2, 2, 3 and 2; their squares have means 17 / 3 and 4
    np.testing.assert_allclose(scores.sums.scaled_sse[0, :, 0], [(4.25**2 + 0.25**2) / (17 / 3), 45 / 4])


def test_window_is_scored_only_with_enough_known_days_before_it() -> None:
    history = _of([NAN, 9.0, 1.0, 2.0, 3.0, 4.0], [1.0] * 6)
    scores = score_candidates(history, {}, _settings(plan_windows(2, 2, 2), 2, min_train=2))
    assert scores.sums.n_obs[0].tolist() == [[2, 2], [0, 2], [0, 0]]


def test_scores_without_windows_are_empty() -> None:
    scores = score_candidates(_of([1.0, 2.0], [3.0, 4.0]), {}, _settings((), 2))
    assert scores.sums.n_obs.shape == (1, 0, 2)
    assert scores.reasons == {}


def test_future_of_a_window_changes_no_forecast_of_it() -> None:
    quantity = np.random.default_rng(0).poisson(4.0, (3, 60)).astype(float)
    later = quantity.copy()
    later[:, 46:] = 0.0
    candidates = [MEAN, Candidate("ridge", (("half_life", 28.0),))]
    settings = _settings(plan_windows(14, 1, 14), 14, min_train=7, candidates=candidates)
    one, two = (score_candidates(History(q, np.arange(60)), {}, settings) for q in (quantity, later))
    np.testing.assert_array_equal(one.sums.sse[:, 1], two.sums.sse[:, 1])
    forecast_sum = two.sums.sum_error[:, 0]  # actuals are 0, so the errors are the forecasts
    np.testing.assert_allclose(one.sums.sum_error[:, 0] + quantity[:, 46:].sum(axis=1), forecast_sum)


def test_demand_class_of_scores_ignores_the_test_window() -> None:
    regular = [5.0] * 40
    stopped = [*regular, *[0.0] * 30]  # obsolete at the end, smooth at the test window's cutoff
    scores = score_candidates(_of(stopped), {}, _settings(plan_windows(30, 1, 1), 30))
    assert scores.demand_class.tolist() == ["smooth"]


def test_each_window_gets_the_pool_of_its_own_cutoff(monkeypatch: pytest.MonkeyPatch) -> None:
    received = []
    pools = {day: neutral_pool() for day in (101, 103, 105)}

    def create(_: Candidate, pool: object) -> _RaisesAboveTen:
        received.append(next((day for day, known in pools.items() if known is pool), None))
        return _RaisesAboveTen()

    monkeypatch.setattr(backtest, "create", create)
    history = History(np.ones((1, 6)), np.arange(100, 106))
    score_candidates(history, pools, _settings(plan_windows(1, 2, 1), 1))
    assert received == [None, 103, None]  # cutoffs 104, 103, 102


def test_failing_batch_is_retried_series_by_series() -> None:
    fit = fit_safely(_RaisesAboveTen(), _of([1.0, 2.0], [1.0, 20.0], [1.0, 4.0]), 1)
    np.testing.assert_array_equal(fit.forecast, [[2.0], [NAN], [4.0]])
    np.testing.assert_array_equal(fit.median, [[0.0], [NAN], [1.0]])  # -1 is clipped
    np.testing.assert_array_equal(fit.coefficients["last"], [2.0, NAN, 4.0])
    assert fit.reasons == {1: "ValueError: more than ten"}


def test_failing_series_has_no_score_and_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtest, "create", lambda *_: _RaisesAboveTen())
    history = _of([1.0, 20.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0])
    scores = score_candidates(history, {}, _settings(plan_windows(1, 0, 1), 1))
    assert scores.sums.n_obs[0, 0].tolist() == [0, 1]
    assert scores.reasons == {(0, 0): "ValueError: more than ten"}
