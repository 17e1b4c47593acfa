from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import nbinom

from lepton_spark.errors import InputError
from lepton_spark.evaluation import role_backtest
from lepton_spark.evaluation.batch_forecast import BatchForecast, forecast_batch
from lepton_spark.evaluation.quantiles.dispersion import likely_dispersion
from lepton_spark.evaluation.selection import Selection
from lepton_spark.evaluation.windows import plan_windows
from lepton_spark.models.data.history import Fit, History, PoolProfile
from lepton_spark.models.pooled.shrunk_weekday import pool_at
from lepton_spark.models.pooled.trees import PooledTrees, Trees
from lepton_spark.models.registry import Candidate, create

HORIZON = 7
LEVELS = (0.1, 0.5, 0.9)
MEAN, NAIVE, LINE = Candidate("mean"), Candidate("seasonal_naive"), Candidate("linear_regression")


def _history(n_series: int = 3, n_days: int = 63) -> History:
    quantity = np.random.default_rng(5).poisson(6.0, (n_series, n_days)).astype(float)
    return History(quantity, np.arange(19_000, 19_000 + n_days))


def _forecast(
    history: History, candidates: list[Candidate], chosen: list[int], **changes: Any
) -> BatchForecast:
    n_series = history.n_series
    runner_up = changes.pop("runner_up", [-1] * n_series)
    selection = Selection(
        np.array(chosen), np.array(runner_up), np.full(n_series, "series"), np.full(n_series, np.nan)
    )
    closed = changes.pop("closed_future", np.zeros((n_series, HORIZON), bool))
    given = {"obsolete_days": 60, "levels": LEVELS, "horizon": HORIZON, "min_train_days": 14}
    return forecast_batch(
        history, closed, candidates, selection, plan_windows(HORIZON, 3, HORIZON), **{**given, **changes}
    )


def test_each_series_is_forecast_by_its_own_choice() -> None:
    history = _history()
    found = _forecast(history, [MEAN, NAIVE], [0, 1, 0], runner_up=[1, 0, -1])
    np.testing.assert_allclose(found.forecast[0], history.quantity[0].mean())
    np.testing.assert_array_equal(found.forecast[1], history.quantity[1, -7:])
    assert found.models == ("mean", "seasonal_naive", "mean")
    assert found.runner_up.keys == ("seasonal_naive", "mean", None)
    assert found.status.tolist() == ["ok"] * 3
    assert found.coefficients[0] == pytest.approx({"level": history.quantity[0].mean()})
    assert found.coefficients[1] == {}


def _with_halving_medians(history: History) -> History:
    """The history with a pool at every cutoff, whose trees of the median say half of any mean."""
    none = np.zeros(0, np.int64)
    half = Trees(0.5, none, np.zeros(0), none, np.zeros(0, np.uint16), np.zeros((1, 16)))
    columns = [history.n_days - 1 - HORIZON * window for window in range(4)]
    pools = {
        int(history.days[column]): replace(pool_at(history, np.array([column])), trees=PooledTrees((), half))
        for column in columns
    }
    return replace(history, pools=pools)


def test_the_pools_median_stands_over_means_of_models_without_one_but_not_over_the_baseline() -> None:
    history = _history()
    halved = _with_halving_medians(history)
    without = replace(halved, pools={day: replace(pool, trees=None) for day, pool in halved.pools.items()})
    plain, found = (
        _forecast(given, [MEAN, LINE], [0, 0, 0], runner_up=[1, 1, -1]) for given in (without, halved)
    )
    np.testing.assert_array_equal(found.forecast, plain.forecast)
    np.testing.assert_array_equal(found.quantiles[:, :, 1], np.round(found.forecast / 2.0))
    assert (found.chosen.pinball > plain.chosen.pinball).all()
    assert (found.runner_up.pinball[:2] > plain.runner_up.pinball[:2]).all()
    np.testing.assert_array_equal(found.seasonal_naive.pinball, plain.seasonal_naive.pinball)


def test_role_errors_are_those_of_their_candidates() -> None:
    history = _history()
    found = _forecast(history, [MEAN, NAIVE], [0, 1, 0], runner_up=[1, 0, -1])
    actual = history.quantity[:, -7:]
    naive_sse = ((history.quantity[:, -14:-7] - actual) ** 2).sum(axis=1)
    mean_sse = ((history.quantity[:, :-7].mean(axis=1, keepdims=True) - actual) ** 2).sum(axis=1)
    np.testing.assert_allclose(found.chosen.sums.sse[0], [mean_sse[0], naive_sse[1], mean_sse[2]])
    np.testing.assert_allclose(found.runner_up.sums.sse[0], [naive_sse[0], mean_sse[1], 0.0])
    np.testing.assert_allclose(found.seasonal_naive.sums.sse[0], naive_sse)
    assert found.runner_up.sums.n_obs[:, 2].tolist() == [0, 0, 0, 0]


def test_test_window_changes_no_quantile_that_judges_it() -> None:
    history = _history(1)
    far = history.quantity.copy()
    far[:, -7:] = 1000.0
    near, away = (_forecast(replace(history, quantity=q), [MEAN], [0]) for q in (history.quantity, far))
    assert near.chosen.covered[0] >= 4
    assert away.chosen.covered[0] == 0
    # far above every quantile q the loss is q (actual - quantile): quantiles are the same, so
    # raising the actuals by one more unit on 7 days costs 7 x (0.1 + 0.5 + 0.9)
    farther = _forecast(replace(history, quantity=np.where(far == 1000.0, 1001.0, far)), [MEAN], [0])
    assert farther.chosen.pinball[0] - away.chosen.pinball[0] == pytest.approx(7 * 1.5)


def _judged_by_hand(history: History, log_prior: float = 0.0) -> float:
    """The test window's pinball loss of the overall mean, its dispersion from the validation windows."""
    ends = [history.n_days - HORIZON * back for back in (4, 3, 2)]
    mean = np.concatenate([np.full(HORIZON, history.quantity[0, :end].mean()) for end in ends])
    actual = np.concatenate([history.quantity[0, end : end + HORIZON] for end in ends])
    dispersion = likely_dispersion(mean[None], actual[None], np.ones((1, len(mean)), bool), log_prior)[0]
    m = history.quantity[0, :-HORIZON].mean()
    quantiles = nbinom.ppf(LEVELS, m / (dispersion - 1.0), 1.0 / dispersion)
    miss = history.quantity[0, -HORIZON:, None] - quantiles
    return float(np.maximum(np.array(LEVELS) * miss, (np.array(LEVELS) - 1.0) * miss).sum())


def test_quantiles_that_are_judged_are_those_of_validation_errors_alone() -> None:
    history = History(np.random.default_rng(2).negative_binomial(4, 0.25, (1, 63)) * 1.0, np.arange(63))
    expected = _judged_by_hand(history)
    assert _forecast(history, [MEAN], [0]).chosen.pinball[0] == pytest.approx(expected)
    wild = history.quantity.copy()
    wild[:, -HORIZON:] = [[0.0, 90.0, 0.0, 0.0, 70.0, 0.0, 0.0]]
    history = replace(history, quantity=wild)
    assert _forecast(history, [MEAN], [0]).chosen.pinball[0] == pytest.approx(_judged_by_hand(history))


def test_quantiles_that_are_judged_know_the_pool_of_their_own_cutoff() -> None:
    history = History(np.random.default_rng(2).negative_binomial(4, 0.25, (1, 63)) * 1.0, np.arange(63))
    index = np.ones((1, 7, 4))
    pools = {55: PoolProfile(index, np.array([3.0])), 62: PoolProfile(index, np.array([0.0]))}
    found = _forecast(replace(history, pools=pools), [MEAN], [0])
    assert found.chosen.pinball[0] == pytest.approx(_judged_by_hand(history, log_prior=3.0))
    assert found.chosen.pinball[0] != pytest.approx(_judged_by_hand(history))


def test_a_fraction_sold_in_the_test_window_does_not_change_how_its_quantiles_come_about() -> None:
    history = History(np.random.default_rng(2).negative_binomial(4, 0.25, (1, 63)) * 1.0, np.arange(63))
    halved = history.quantity.copy()
    halved[0, -1] += 0.5
    found = _forecast(replace(history, quantity=halved), [MEAN], [0])
    assert found.quantile_method[0] == "backtest_errors"  # the run itself knows of it
    assert found.chosen.pinball[0] == pytest.approx(_judged_by_hand(replace(history, quantity=halved)))


def test_closed_days_and_obsolete_series_are_zero() -> None:
    closed = np.zeros((3, HORIZON), bool)
    closed[:, 2] = True
    history = _history()
    history.quantity[1, 3:] = 0.0
    found = _forecast(history, [MEAN], [0, 0, 0], closed_future=closed)
    assert (found.forecast[:, 2] == 0).all()
    assert (found.quantiles[:, 2] == 0).all()
    assert (found.forecast[0, [0, 1, 3, 4, 5, 6]] > 0).all()
    assert (found.forecast[1] == 0).all()
    assert (found.quantiles[1] == 0).all()
    assert found.status.tolist() == ["ok", "obsolete", "ok"]
    assert (found.models[1], found.reasons[1]) == ("zero", "no_recent_sale")


def test_backtest_judges_the_zeros_that_an_obsolete_series_would_have_had() -> None:
    history = _history(2)
    history.quantity[:, :3] *= 20.0
    history.quantity[:, 3:] = 0.0
    history.quantity[:, -7:] = 2.0  # sold again in the test window
    found = _forecast(history, [MEAN], [0, 0], obsolete_days=50)
    assert found.status.tolist() == ["ok", "ok"]
    assert found.chosen.sums.sse[0].tolist() == [28.0, 28.0]  # seven days of two units, forecast 0
    np.testing.assert_allclose(found.chosen.pinball, 7 * 2.0 * sum(LEVELS))  # quantiles are 0 too
    fractions = replace(history, quantity=history.quantity + 0.5 * (np.arange(history.n_days) == 0))
    for other in (_with_halving_medians(history), fractions):  # whatever medians or errors would say
        judged = _forecast(other, [MEAN], [0, 0], obsolete_days=50).chosen.pinball
        np.testing.assert_array_equal(judged, found.chosen.pinball)
    assert (found.chosen.sums.sse[1] > 0).all()  # a window on which 46 days passed without a sale: the mean


def test_series_falls_back_until_a_forecast_is_finite() -> None:
    quantity = np.full((3, 63), np.nan)
    quantity[1, -1] = 4.0
    quantity[2, -40] = 2.0
    found = _forecast(History(quantity, np.arange(63)), [LINE], [0, 0, 0])
    assert found.fallback_level.tolist() == [3, 2, 1]
    assert found.models == ("zero", "mean", "seasonal_naive")
    assert found.reasons == ("no_known_days", "too_few_known_days", "too_few_known_days")
    assert found.status.tolist() == ["fallback"] * 3
    np.testing.assert_array_equal(found.forecast[:, 0], [0.0, 4.0, 2.0])
    assert np.isfinite(found.quantiles).all()


def test_single_model_is_used_however_short_the_history() -> None:
    quantity = np.full((1, 63), np.nan)
    quantity[0, -3:] = [150.0, 200.0, 250.0]
    found = _forecast(History(quantity, np.arange(63)), [LINE], [0])
    np.testing.assert_allclose(found.forecast[0, :2], [300.0, 350.0])
    assert (found.status[0], found.reasons[0], found.chosen.sums.n_obs.sum()) == ("ok", None, 0)
    assert found.quantile_method[0] == "negative_binomial"


def test_model_that_raises_for_one_series_costs_that_series_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fragile:
        def fit_forecast(self, history: History, horizon: int) -> Fit:
            if (history.quantity == 99.0).any():
                raise ValueError("99 is too much")
            return Fit(np.full((history.n_series, horizon), 5.0))

    monkeypatch.setattr(role_backtest, "create", lambda c: Fragile() if c == MEAN else create(c))
    history = _history()
    history.quantity[1, 3] = 99.0
    found = _forecast(history, [MEAN], [0, 0, 0])
    assert found.status.tolist() == ["ok", "fallback", "ok"]
    assert found.reasons[1] == "model_failed: ValueError: 99 is too much"
    assert (found.forecast[[0, 2]] == 5.0).all()


def test_a_fallbacks_spread_is_not_that_of_the_model_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    class FailsAtTheEnd:
        def fit_forecast(self, history: History, horizon: int) -> Fit:
            forecast = np.ones((history.n_series, horizon))  # six are sold, so its errors are wide
            if history.n_days == 63:
                forecast[0] = np.nan
            return Fit(forecast)

    monkeypatch.setattr(role_backtest, "create", lambda c: FailsAtTheEnd() if c == MEAN else create(c))
    found = _forecast(_history(), [MEAN], [0, 0, 0])
    assert found.status.tolist() == ["fallback", "ok", "ok"]
    assert found.dispersion[0] == 1.0
    assert (found.dispersion[1:] > 2.0).all()
    pools = {62: PoolProfile(np.ones((1, 7, 4)), np.array([np.log(1.5)]))}
    found = _forecast(replace(_history(), days=np.arange(63), pools=pools), [MEAN], [0, 0, 0])
    assert found.dispersion[0] == pytest.approx(1.5)  # of whole units: the pool's


def test_linear_forecast_below_zero_is_clipped() -> None:
    quantity = np.maximum(30.0 - np.arange(63.0), 0)[np.newaxis]
    found = _forecast(History(quantity, np.arange(63)), [LINE], [0])
    assert (found.forecast == 0).all()


def test_levels_must_hold_the_interval() -> None:
    with pytest.raises(InputError, match=r"0\.1 and 0\.9 must be among them"):
        _forecast(_history(), [MEAN], [0, 0, 0], levels=(0.5, 0.9))


@pytest.mark.parametrize(
    ("n_series", "n_days"), [(1, 1), (2, 5), (0, 63)], ids=["one day", "five days", "no series"]
)
def test_batch_smaller_than_its_windows_is_forecast(n_series: int, n_days: int) -> None:
    found = _forecast(_history(n_series, n_days), [MEAN, LINE], [0] * n_series)
    assert found.forecast.shape == (n_series, HORIZON)
    assert found.quantiles.shape == (n_series, HORIZON, 3)
    assert np.isfinite(found.quantiles).all()
    assert found.chosen.sums.n_obs.sum() == 0
