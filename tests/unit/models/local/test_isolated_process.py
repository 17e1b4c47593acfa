"""Regressors that nobody knows: real processes, real sleep, real memory."""

import os
import signal
import time
from typing import Any

import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.local.isolated_process import Limits, outcomes
from lepton_spark.models.registry import Candidate, create, register_regressor, registered_regressors

N_DAYS, HORIZON = 40, 3
LIMITS = Limits(seconds=1.0, memory_mb=256)


class Poison:
    """Its mean unless the largest value says what to do."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> None:  # noqa: N803
        self.level, self.what, self.n_columns = y.mean(), int(y.max()), X.shape[1]

    def predict(self, X: np.ndarray) -> Any:  # noqa: N803
        done = np.full(len(X), self.level)
        match self.what:
            case 101:
                raise ValueError("bad\nluck")
            case 102:
                return done * np.nan
            case 103:
                return np.ones((2, 2))
            case 104:
                time.sleep(30)
            case 105:
                return np.ones(50 << 27).sum() + done  # 50 GiB
            case 107:
                return np.ones(1 << 27).sum() * 0 + done  # 1 GiB, which the machine has
            case 106:
                os.kill(os.getpid(), signal.SIGKILL)
        return done


def _history(*largest: float) -> History:
    quantity = np.tile(np.arange(N_DAYS) % 5.0, (len(largest), 1))
    quantity[:, 7] = largest
    return History(quantity, np.arange(N_DAYS))


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("lepton_spark.models.registry._registered", {})
    register_regressor("poison", Poison, seconds=LIMITS.seconds, memory_mb=LIMITS.memory_mb, version="7")
    return "poison"


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        (101, "ValueError: bad luck"),
        (102, "ValueError: predict gave numbers that are not finite"),
        (103, "ValueError: predict gave the shape (2, 2), not (3,)"),
        (104, "time_budget: no forecast within 1 s"),
        (105, "memory_limit: more than 256 MiB"),
        (106, "process_died: exit code -9"),
        (107, "memory_limit: more than 256 MiB"),
    ],
)
def test_a_poisoned_row_costs_itself_alone(poison: str, what: int, reason: str) -> None:
    begun = time.monotonic()
    fit = create(Candidate(poison)).fit_forecast(_history(9, what, 8), HORIZON)
    assert time.monotonic() - begun < 10
    assert fit.reasons == {1: reason}
    assert np.isnan(fit.forecast[1]).all()
    healthy = create(Candidate(poison)).fit_forecast(_history(9, 8), HORIZON)
    np.testing.assert_array_equal(fit.forecast[[0, 2]], healthy.forecast)


def test_a_batch_of_sleepers_is_given_up_after_three(poison: str) -> None:
    begun = time.monotonic()
    fit = create(Candidate(poison)).fit_forecast(_history(*[104] * 9), HORIZON)
    assert time.monotonic() - begun < 10
    assert [fit.reasons[row].startswith("time_budget") for row in range(9)] == [True] * 9
    assert fit.reasons[8] == "time_budget: 3 series before it took over 1 s each"


def test_rows_are_worked_in_one_process_unless_it_ends() -> None:
    def work(row: int) -> float:
        if row == 2:
            os._exit(3)
        return float(os.getpid())

    found = dict(outcomes(work, range(5), LIMITS))
    assert found[2] == (None, "process_died: exit code 3")
    assert found[0] == found[1]
    assert found[3] == found[4]
    assert found[0] != found[3]
    assert found[0][0] != os.getpid()


def test_limits_and_version_travel_with_the_registration(poison: str) -> None:
    foreign = registered_regressors()[poison]
    assert (foreign.limits, foreign.version) == (LIMITS, "7")


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (np.ones(N_DAYS + HORIZON), None),
        (np.arange(N_DAYS + HORIZON) % 7 == 2, None),  # a weekday, which the design has already
        (np.where(np.arange(N_DAYS + HORIZON) < N_DAYS, 1.0, np.nan), "ValueError: Input X contains NaN."),
        (np.full(N_DAYS + HORIZON, np.nan), "ValueError: Input X contains NaN."),
    ],
    ids=["constant", "collinear", "missing in the future", "null"],
)
def test_a_difficult_regressor_costs_its_series_alone(column: np.ndarray, reason: str | None) -> None:
    plain = _history(4, 4, 4)
    measures = np.zeros((3, N_DAYS + HORIZON, 1))
    measures[1, :, 0] = column
    given = History(plain.quantity, plain.days, measures)
    fit = create(Candidate("sklearn_linear_regression")).fit_forecast(given, HORIZON)
    assert [(fit.reasons.get(row) or "").split("\n")[0][:33] for row in (0, 1, 2)] == ["", reason or "", ""]
    assert np.isfinite(fit.forecast[1]).all() == (reason is None)
    np.testing.assert_array_equal(fit.forecast[0], fit.forecast[2])
