from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import nbinom

from lepton_spark.errors import InputError
from lepton_spark.evaluation import role_backtest
from lepton_spark.evaluation.accuracy.error_sums import Scales
from lepton_spark.evaluation.backtest import fit_safely
from lepton_spark.evaluation.quantiles.calibration import Calibration
from lepton_spark.evaluation.quantiles.dispersion import likely_dispersion
from lepton_spark.evaluation.role_backtest import RoleBacktest, backtest_roles, fit_roles, score_role
from lepton_spark.evaluation.windows import Role, Window
from lepton_spark.models.data.forecaster import Fit, Forecaster
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.pool import Pool
from lepton_spark.models.registry import Candidate, create
from tests.unit.evaluation.batches import (
    HORIZON,
    LEVELS,
    MEAN,
    N_DAYS,
    NAIVE,
    SETTINGS,
    HalfMedian,
    forecast_choices,
    history_of,
    poisson_history,
)


def _dispersed_history() -> History:
    return history_of(np.random.default_rng(2).negative_binomial(4, 0.25, (1, N_DAYS)) * 1.0)


def _pinball(history: History, log_prior: float = 0.0) -> float:
    """The test window's pinball loss of the overall mean, its dispersion from the validation windows."""
    ends = [history.n_days - HORIZON * back for back in (4, 3, 2)]
    mean = np.concatenate([np.full(HORIZON, history.quantity[0, :end].mean()) for end in ends])
    actual = np.concatenate([history.quantity[0, end : end + HORIZON] for end in ends])
    dispersion = likely_dispersion(mean[None], actual[None], np.ones((1, len(mean)), bool), log_prior)[0]
    m = history.quantity[0, :-HORIZON].mean()
    quantiles = nbinom.ppf(LEVELS, m / (dispersion - 1.0), 1.0 / dispersion)
    miss = history.quantity[0, -HORIZON:, None] - quantiles
    return float(np.maximum(np.array(LEVELS) * miss, (np.array(LEVELS) - 1.0) * miss).sum())


def test_role_errors_are_those_of_its_candidates() -> None:
    history = poisson_history()
    found = forecast_choices(history, [MEAN, NAIVE], [0, 1, 0], [1, 0, -1])
    actual = history.quantity[:, -7:]
    naive_sse = ((history.quantity[:, -14:-7] - actual) ** 2).sum(axis=1)
    mean_sse = ((history.quantity[:, :-7].mean(axis=1, keepdims=True) - actual) ** 2).sum(axis=1)
    np.testing.assert_allclose(found.chosen.sums.sse[0], [mean_sse[0], naive_sse[1], mean_sse[2]])
    np.testing.assert_allclose(found.runner_up.sums.sse[0], [naive_sse[0], mean_sse[1], 0.0])
    np.testing.assert_allclose(found.seasonal_naive.sums.sse[0], naive_sse)
    assert found.runner_up.sums.n_obs[:, 2].tolist() == [0, 0, 0, 0]


def test_candidate_is_fitted_once_for_all_roles_that_need_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted: list[tuple[str, int]] = []

    class Counted:
        def __init__(self, candidate: Candidate) -> None:
            self.candidate = candidate

        def fit_forecast(self, history: History, horizon: int) -> Fit:
            fitted.append((self.candidate.key, history.n_series))
            return create(self.candidate).fit_forecast(history, horizon)

    monkeypatch.setattr(role_backtest, "create", lambda candidate, _: Counted(candidate))
    history = poisson_history()
    roles = [(MEAN, NAIVE, MEAN), (NAIVE, None, None), (NAIVE,) * 3]
    fits = fit_roles(history, {}, roles, np.array([0, 1, 2]), 2)
    assert fitted == [("mean", 2), ("seasonal_naive", 3)]
    naive, mean = history.quantity[:, -7:-5], history.quantity.mean(axis=1)
    np.testing.assert_allclose(fits[0].forecast, [[mean[0]] * 2, naive[1], [mean[2]] * 2])
    np.testing.assert_array_equal(fits[1].forecast, [naive[0], [np.nan] * 2, [np.nan] * 2])
    assert fits[0].coefficients[0] == pytest.approx({"level": mean[0]})
    assert (fits[0].coefficients[1], fits[1].coefficients[0]) == ({}, {})


def test_fit_roles_leaves_other_rows_unfitted() -> None:
    (fit,) = fit_roles(poisson_history(), {}, [(MEAN,) * 3], np.array([1]), 2)
    assert np.isnan(fit.forecast).all(axis=1).tolist() == [True, False, True]


def _scored(actual: list[list[float]], *, obsolete: bool = False) -> role_backtest.RoleScores:
    """Scores of one series with a mean of 2 and no errors before the test window: Poisson quantiles."""
    nothing = np.zeros((1, 0, len(actual[0])))
    shape = np.array(actual)[np.newaxis].shape
    backtest = RoleBacktest(
        np.full(shape, 2.0), np.array([actual]), np.full(shape, np.nan), np.full(shape[:2], obsolete)
    )
    settings = replace(SETTINGS, windows=(Window(0, Role.TEST, 3), Window(1, Role.VALIDATION, 6)))
    scale = Scales(np.array([2.0]), np.array([8.0]))
    before_test = Calibration(nothing, nothing, np.array([True]))
    return score_role((MEAN,), backtest, before_test, [scale, scale], settings)


def test_quantile_scores_count_the_ends_of_the_interval_in_and_skip_unknown_days() -> None:
    # The deciles and the median of Poisson(2) are 0, 2 and 4.
    scores = _scored([[0.0, 4.0, 5.0, np.nan], [9.0, 9.0, 9.0, 9.0]])
    assert scores.covered.tolist() == [2]
    by_day = [0.5 * 2 + 0.1 * 4, 0.1 * 4 + 0.5 * 2, 0.1 * 5 + 0.5 * 3 + 0.9 * 1]
    np.testing.assert_allclose(scores.pinball, [sum(by_day)])
    assert scores.keys == ("mean",)
    assert scores.sums.n_obs[:, 0].tolist() == [3, 4]
    assert scores.sums.sse[:, 0].tolist() == [4.0 + 4.0 + 9.0, 4 * 49.0]
    assert scores.sums.scaled_abs_error[:, 0].tolist() == [7 / 2, 28 / 2]


def test_quantiles_of_an_obsolete_series_are_scored_as_zeros() -> None:
    scores = _scored([[0.0, 4.0, 5.0, np.nan], [0.0] * 4], obsolete=True)
    assert scores.covered.tolist() == [1]
    np.testing.assert_allclose(scores.pinball, [9.0 * sum(LEVELS)])


def test_scored_quantiles_do_not_depend_on_the_test_window() -> None:
    history = poisson_history(1)
    far = history.quantity.copy()
    far[:, -7:] = 1000.0
    near, away = (forecast_choices(history_of(q), [MEAN], [0]) for q in (history.quantity, far))
    assert near.chosen.covered[0] >= 4
    assert away.chosen.covered[0] == 0
    # far above every quantile q the loss is q (actual - quantile): quantiles are the same, so
    # raising the actuals by one more unit on 7 days costs 7 x (0.1 + 0.5 + 0.9)
    farther = forecast_choices(history_of(np.where(far == 1000.0, 1001.0, far)), [MEAN], [0])
    assert farther.chosen.pinball[0] - away.chosen.pinball[0] == pytest.approx(7 * 1.5)


def test_scored_quantiles_use_validation_errors_alone() -> None:
    history = _dispersed_history()
    assert forecast_choices(history, [MEAN], [0]).chosen.pinball[0] == pytest.approx(_pinball(history))
    wild = history.quantity.copy()
    wild[:, -HORIZON:] = [[0.0, 90.0, 0.0, 0.0, 70.0, 0.0, 0.0]]
    history = history_of(wild)
    assert forecast_choices(history, [MEAN], [0]).chosen.pinball[0] == pytest.approx(_pinball(history))


def test_scored_quantiles_use_the_pool_of_the_test_windows_cutoff() -> None:
    history = _dispersed_history()
    index = np.ones((1, 7, 4))
    pools = {55: Pool(index, np.array([3.0])), 62: Pool(index, np.array([0.0]))}
    found = forecast_choices(history, [MEAN], [0], pools=pools)
    assert found.chosen.pinball[0] == pytest.approx(_pinball(history, log_prior=3.0))
    assert found.chosen.pinball[0] != pytest.approx(_pinball(history))


def test_scored_quantiles_ignore_that_a_fraction_is_sold_in_the_test_window() -> None:
    quantity = _dispersed_history().quantity.copy()
    quantity[0, -1] += 0.5
    history = history_of(quantity)
    found = forecast_choices(history, [MEAN], [0])
    assert found.quantile_method[0] == "backtest_errors"  # the forecast itself uses the fraction
    assert found.chosen.pinball[0] == pytest.approx(_pinball(history))


def test_backtest_scores_the_zeros_published_for_an_obsolete_series(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quantity = poisson_history(2).quantity.copy()
    quantity[:, :3] *= 20.0
    quantity[:, 3:] = 0.0
    quantity[:, -7:] = 2.0  # sold again in the test window
    found = forecast_choices(history_of(quantity), [MEAN], [0, 0], obsolete=50)
    assert found.status.tolist() == ["ok", "ok"]
    assert found.chosen.sums.sse[0].tolist() == [28.0, 28.0]  # seven days of two units, forecast 0
    np.testing.assert_allclose(found.chosen.pinball, 7 * 2.0 * sum(LEVELS))  # quantiles are 0 too
    assert (found.chosen.sums.sse[1] > 0).all()  # 46 days without a sale at this window: the mean
    fractions = quantity + 0.5 * (np.arange(N_DAYS) == 0)
    by_errors = forecast_choices(history_of(fractions), [MEAN], [0, 0], obsolete=50)
    np.testing.assert_array_equal(by_errors.chosen.pinball, found.chosen.pinball)
    monkeypatch.setattr(role_backtest, "create", lambda *_: HalfMedian())
    by_median = forecast_choices(history_of(quantity), [MEAN], [0, 0], obsolete=50)
    np.testing.assert_array_equal(by_median.chosen.pinball, found.chosen.pinball)


def test_backtest_zeroes_obsolete_series_in_the_first_role_alone() -> None:
    quantity = np.zeros((1, N_DAYS))
    quantity[:, :3] = 100.0
    roles = [(MEAN,), (MEAN,)]
    first, second = backtest_roles(history_of(quantity), {}, roles, replace(SETTINGS, obsolete=50))
    assert first.obsolete.tolist() == [[True, False, False, False]]
    assert not second.obsolete.any()
    assert (first.forecast[0, 0] == 0.0).all()
    np.testing.assert_allclose(second.forecast[0, 0], 300.0 / 56)
    np.testing.assert_array_equal(first.forecast[0, 1:], second.forecast[0, 1:])


def test_scores_need_the_ends_of_the_interval_among_the_levels() -> None:
    with pytest.raises(InputError, match=r"found \[0\.5, 0\.9\]; 0\.1 and 0\.9 must be among them"):
        forecast_choices(poisson_history(), [MEAN], [0, 0, 0], levels=(0.5, 0.9))


def test_backtest_has_no_forecast_where_a_window_has_too_few_known_days_before_it() -> None:
    quantity = poisson_history(2).quantity.copy()
    quantity[1, :33] = np.nan  # 23, 16, 9 and 2 days are known up to the four cutoffs; 14 are needed
    (found,) = backtest_roles(history_of(quantity), {}, [(MEAN, MEAN)], SETTINGS)
    missing = np.isnan(found.forecast).all(axis=2)
    assert missing.tolist() == [[False] * 4, [False, False, True, True]]
    np.testing.assert_allclose(found.forecast[1, 1], quantity[1, 33:49].mean())
    np.testing.assert_array_equal(found.actual[1, 0], quantity[1, -7:])


def test_equal_candidates_of_different_origin_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The baseline is a constant, the configured seasonal naive another object."""
    calls: list[int] = []

    def fit(forecaster: Forecaster, history: History, horizon: int) -> Fit:
        calls.append(history.n_series)
        return fit_safely(forecaster, history, horizon)

    monkeypatch.setattr(role_backtest, "fit_safely", fit)
    roles = [(NAIVE, None, MEAN), (Candidate("seasonal_naive"),) * 3]
    fit_roles(poisson_history(), {}, roles, np.arange(3), 2)
    assert sorted(calls) == [1, 3]


def test_reason_of_a_failure_belongs_to_the_role_and_row_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def fit_forecast(self, history: History, horizon: int) -> Fit:
            return Fit(np.full((history.n_series, horizon), np.nan), reasons={1: "why"})

    monkeypatch.setattr(role_backtest, "create", lambda *_: Failing())
    first, second = fit_roles(
        poisson_history(), {}, [(None, MEAN, MEAN), (None, None, MEAN)], np.arange(3), 2
    )
    assert first.reasons == second.reasons == {2: "why"}  # the second of the series that were fitted
    third, _ = fit_roles(poisson_history(), {}, [(MEAN, None, None), (None, MEAN, MEAN)], np.arange(3), 2)
    assert third.reasons == {}
