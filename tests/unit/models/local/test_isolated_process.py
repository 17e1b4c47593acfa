"""Untrusted regressors in a process of their own: real processes, real sleep, real memory."""

import os
import signal
import time
from typing import Any

import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.local.isolated_process import Limits, outcomes
from lepton_spark.models.local.sklearn_adapter import PerProductRegressor

N_DAYS, HORIZON = 40, 3
LIMITS = Limits(seconds=1.0, memory_mb=256)
PATIENCE = 10.0
"""Seconds after which a limit obviously did not work."""


class Faulty:
    """Predicts its mean, unless the largest value of the series asks for a fault."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> None:  # noqa: N803
        self.level, self.fault, self.n_columns = y.mean(), int(y.max()), X.shape[1]

    def predict(self, X: np.ndarray) -> Any:  # noqa: N803
        predicted = np.full(len(X), self.level)
        match self.fault:
            case 101:
                raise ValueError("bad\nluck")
            case 102:
                return predicted * np.nan
            case 103:
                return np.ones((2, 2))
            case 104:
                time.sleep(30)
            case 105:
                return np.ones(50 << 27).sum() + predicted  # 50 GiB
            case 106:
                os.kill(os.getpid(), signal.SIGKILL)
            case 107:
                return np.ones(1 << 27).sum() * 0 + predicted  # 1 GiB, which the machine has
        return predicted


def _history(*largest: float) -> History:
    quantity = np.tile(np.arange(N_DAYS) % 5.0, (len(largest), 1))
    quantity[:, 7] = largest
    return History(quantity, np.arange(N_DAYS))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (101, "ValueError: bad luck"),
        (102, "ValueError: predict returned numbers that are not finite"),
        (103, "ValueError: predict returned shape (2, 2), not (3,)"),
        (104, "time_budget: no forecast within 1 s"),
        (105, "memory_limit: more than 256 MiB"),
        (106, "process_died: exit code -9"),
        (107, "memory_limit: more than 256 MiB"),
    ],
    ids=["raises", "not finite", "wrong shape", "sleeps", "50 GiB", "killed", "1 GiB"],
)
def test_faulty_row_fails_alone_with_its_reason(fault: int, reason: str) -> None:
    model = PerProductRegressor(Faulty, LIMITS)
    start = time.monotonic()
    fit = model.fit_forecast(_history(9, fault, 8), HORIZON)
    assert time.monotonic() - start < PATIENCE
    assert fit.reasons == {1: reason}
    assert np.isnan(fit.forecast[1]).all()
    healthy = model.fit_forecast(_history(9, 8), HORIZON)
    np.testing.assert_array_equal(fit.forecast[[0, 2]], healthy.forecast)


def test_batch_is_skipped_after_three_timeouts_in_a_row() -> None:
    def sleep(row: int) -> float:
        time.sleep(30)
        return float(row)

    start = time.monotonic()
    found = [reason for _, (_, reason) in outcomes(sleep, range(9), Limits(seconds=0.5))]
    assert time.monotonic() - start < PATIENCE
    skipped = "time_budget: skipped after 3 series took over 0.5 s each"
    assert found == ["time_budget: no forecast within 0.5 s"] * 3 + [skipped] * 6


def test_timeouts_that_are_not_consecutive_skip_nothing() -> None:
    def sleep_on_even_rows(row: int) -> float:
        if row % 2 == 0:
            time.sleep(30)
        return float(row)

    found = dict(outcomes(sleep_on_even_rows, range(8), Limits(seconds=0.5)))
    assert [found[row] for row in (1, 3, 5, 7)] == [(1.0, None), (3.0, None), (5.0, None), (7.0, None)]


def test_rows_share_a_process_until_it_dies() -> None:
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
