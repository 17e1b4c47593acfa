import numpy as np
import pytest

from lepton_spark.evaluation.accuracy.error_sums import ErrorSums, error_sums, naive_scales
from lepton_spark.evaluation.accuracy.metrics import METRICS, QUANTILE_METRICS, metric_values, pinball_losses

NAN = np.nan
ACTUAL = np.array([[10.0, 0.0, NAN], [4.0, 6.0, 8.0]])
FORECAST = np.array([[12.0, 1.0, 99.0], [4.0, 3.0, 10.0]])  # errors 2, 1 | 0, -3, 2
TRAINING = np.array([[1.0, 3.0, NAN, 1.0], [2.0, 5.0, 1.0, 2.0]])  # changes 2, 2 | 3, 4, 1

EXPECTED = {
    "mae": 8 / 5,
    "rmse": np.sqrt(18 / 5),
    "wape": 8 / 28,
    "bias": 2 / 28,  # above 0: the forecasts are too high
    "mase": (3 / 2 + 5 / (8 / 3)) / 5,  # each series over its own mean change
    "rmsse": np.sqrt((5 / 4 + 13 / (26 / 3)) / 5),
}


def _metrics(actual: np.ndarray, forecast: np.ndarray, training: np.ndarray) -> dict[str, float]:
    """All metrics of both series together."""
    scales = naive_scales(training, np.array([training.shape[1] - 1]))  # [1, S]
    sums = error_sums(actual[np.newaxis], forecast[np.newaxis], scales).pool(axis=(0, 1))
    return {name: float(value) for name, value in metric_values(sums).items()}


@pytest.mark.parametrize("name", EXPECTED)
def test_metric_equals_its_hand_calculation(name: str) -> None:
    assert _metrics(ACTUAL, FORECAST, TRAINING)[name] == pytest.approx(EXPECTED[name])


def test_metrics_have_no_further_names() -> None:
    assert METRICS.keys() == EXPECTED.keys()
    assert QUANTILE_METRICS.keys() == {"pinball", "coverage"}


def test_wape_and_bias_are_nan_when_nothing_was_sold() -> None:
    found = _metrics(np.zeros((2, 2)), np.ones((2, 2)), TRAINING)
    assert {name for name, value in found.items() if np.isnan(value)} == {"wape", "bias"}
    assert found["mae"] == 1.0


def test_scaled_metrics_leave_out_a_series_that_never_changed() -> None:
    training = TRAINING.copy()
    training[0] = 7.0
    found = _metrics(ACTUAL, FORECAST, training)
    assert found["rmsse"] == pytest.approx(np.sqrt(13 / (26 / 3) / 3))
    assert found["mase"] == pytest.approx(5 / (8 / 3) / 3)
    assert (found["mae"], found["rmse"]) == pytest.approx((8 / 5, np.sqrt(18 / 5)))  # of both series


def test_metrics_of_nothing_are_nan() -> None:
    assert all(np.isnan(value).all() for value in metric_values(ErrorSums.zeros(2)).values())


def test_metrics_keep_the_shape_of_the_sums() -> None:
    sums = ErrorSums.zeros(2, 3)
    sums.n_obs[0, 1], sums.sse[0, 1] = 4.0, 36.0
    assert metric_values(sums)["rmse"].tolist()[0][1] == 3.0
    assert {values.shape for values in metric_values(sums).values()} == {(2, 3)}


def test_pinball_loss_weighs_both_sides_by_the_level() -> None:
    losses = pinball_losses(
        np.array([[10.0, 10.0, NAN]]), np.array([[[8.0], [14.0], [1.0]]]), np.array([0.9])
    )
    np.testing.assert_allclose(losses[0, :, 0], [0.9 * 2, 0.1 * 4, NAN])
