import numpy as np
import pytest

from lepton_spark.evaluation import metrics
from lepton_spark.evaluation.error_sums import ErrorSums, Scales, error_sums, naive_scales, ratios

NAN = np.nan
ACTUAL = np.array([[10.0, 0.0, NAN], [4.0, 6.0, 8.0]])
FORECAST = np.array([[12.0, 1.0, 99.0], [4.0, 3.0, 10.0]])  # errors 2, 1 | 0, -3, 2
TRAINING = np.array([[1.0, 3.0, NAN, 1.0], [2.0, 5.0, 1.0, 2.0]])  # changes 2, 2 | 3, 4, 1


def test_wape_is_a_ratio_of_sums() -> None:
    assert metrics.wape(ACTUAL, FORECAST) == pytest.approx(8 / 28)


def test_wape_is_nan_when_nothing_was_sold() -> None:
    assert np.isnan(metrics.wape(np.zeros((1, 2)), np.ones((1, 2))))


def test_bias_is_positive_for_too_high_forecasts() -> None:
    assert metrics.bias(ACTUAL, FORECAST) == pytest.approx(2 / 28)


def test_mase_scales_each_series_by_its_own_changes() -> None:
    expected = (3 / 2 + 5 / (8 / 3)) / 5
    assert metrics.mase(ACTUAL, FORECAST, TRAINING) == pytest.approx(expected)


def test_rmsse_scales_each_series_by_its_own_squared_changes() -> None:
    expected = np.sqrt((5 / 4 + 13 / (26 / 3)) / 5)
    assert metrics.rmsse(ACTUAL, FORECAST, TRAINING) == pytest.approx(expected)


def test_rmsse_leaves_out_a_series_that_never_changed() -> None:
    training = TRAINING.copy()
    training[0] = 7.0
    assert metrics.rmsse(ACTUAL, FORECAST, training) == pytest.approx(np.sqrt(13 / (26 / 3) / 3))


def test_pinball_weighs_both_sides() -> None:
    loss = metrics.pinball(np.array([[10.0, 10.0]]), np.array([[[8.0], [14.0]]]), np.array([0.9]))
    assert loss == pytest.approx((0.9 * 2 + 0.1 * 4) / 2)


def test_coverage_counts_the_ends_in() -> None:
    actual = np.array([[1.0, 2.0, 3.0, NAN]])
    assert metrics.coverage(actual, np.full((1, 4), 1.0), np.full((1, 4), 2.0)) == pytest.approx(2 / 3)


def test_naive_scales_stop_at_their_column() -> None:
    quantity = np.array([[NAN, 1.0, NAN, 4.0, 4.0, 100.0]])
    scales = naive_scales(quantity, np.array([-1, 1, 3, 4]))
    np.testing.assert_array_equal(scales.abs_change[:, 0], [NAN, NAN, 3.0, 1.5])
    np.testing.assert_array_equal(scales.squared_change[:, 0], [NAN, NAN, 9.0, 4.5])


def test_error_sums_pool_to_the_sums_of_everything() -> None:
    scales = Scales(np.array([2.0, NAN]), np.array([4.0, NAN]))
    pooled = error_sums(ACTUAL, FORECAST, scales).pool(axis=0)
    found = {name: float(getattr(pooled, name)) for name in ErrorSums.names()}
    assert found == {
        "n_obs": 5, "n_scaled": 2, "sse": 18, "abs_error": 8, "sum_error": 2, "sum_actual": 28,
        "scaled_sse": 1.25, "scaled_abs_error": 1.5,
    }  # fmt: skip


def test_ratios_of_nothing_are_nan() -> None:
    assert all(np.isnan(value).all() for value in ratios(ErrorSums.zeros(2)).values())
