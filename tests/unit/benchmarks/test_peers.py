from collections.abc import Callable
from types import MappingProxyType

import numpy as np
import pytest
from accuracy_parts import peers
from accuracy_parts.peers import EMPIRICAL, MEDIAN_OF, PEERS, mean_of_last, require_libraries
from accuracy_parts.protocol import HORIZON, Origin, scales_of
from accuracy_parts.scores import Output

from lepton_spark.models.data.history import History

NAN = np.nan


def _origin(quantity: np.ndarray) -> Origin:
    history = History(quantity, np.arange(quantity.shape[1]))
    one = np.ones(len(quantity))
    ahead = history.n_days + np.arange(HORIZON)
    actual = np.ones((len(quantity), HORIZON))
    return Origin(0, np.arange(len(quantity)), history, ahead, actual, scales_of(history), one)


def test_missing_library_stops_before_a_peer_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "find_spec", lambda name: None if name == "lightgbm" else object())
    with pytest.raises(SystemExit, match=r"models AutoETS: found no lightgbm; allowed: .*\[peers\]"):
        require_libraries(["lepton (default)", EMPIRICAL, "AutoETS"])
    require_libraries(["lepton (default)", EMPIRICAL])


def test_mean_of_last_skips_unknown_columns() -> None:
    forecast = mean_of_last(3, 2)(_origin(np.array([[9.0, NAN, 2.0, 4.0], [9.0, NAN, NAN, NAN]]))).forecast
    assert forecast.tolist() == [[3.0, 3.0], [0.0, 0.0]]


def test_empirical_quantiles_are_those_of_past_sales_over_the_mean() -> None:
    quantity = np.tile([1.0, 3.0], (1, 70)) * np.array([[1.0], [10.0]])  # half or one and a half of the mean
    made = PEERS[EMPIRICAL](_origin(quantity))
    np.testing.assert_allclose(made.forecast, np.full((2, HORIZON), [[2.0], [20.0]]))
    assert made.quantiles is not None
    np.testing.assert_allclose(made.quantiles[1, 0, [0, 2]], [10.0, 30.0])


def test_median_of_six_is_the_median_of_means_and_sums_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    def model(mean: float) -> Callable[[Origin], Output]:
        return lambda _: Output(np.full((1, HORIZON), mean), None, 0.5)

    means = dict(zip(MEDIAN_OF, (1.0, 2.0, 3.0, 5.0, 8.0, 90.0), strict=True))
    monkeypatch.setattr(peers, "PEERS", MappingProxyType({name: model(m) for name, m in means.items()}))
    made = peers.median_of_six(_origin(np.ones((1, 100))))
    assert made.forecast[0, 0] == 4.0
    assert made.seconds == 3.0
