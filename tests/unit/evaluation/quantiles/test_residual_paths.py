import numpy as np
import pytest

from lepton_spark.evaluation.quantiles.calibration import Calibration
from lepton_spark.evaluation.quantiles.residual_paths import residual_paths, sum_quantiles


def test_a_path_is_the_error_over_its_standard_deviation() -> None:
    forecast = np.array([[[4.0, 1.0, 0.0, 4.0]]])
    error = np.array([[[4.0, -2.0, 1.0, np.nan]]])
    calibration = Calibration(forecast, error, np.array([True]), log_dispersion=0.0)
    dispersion = calibration.dispersion[0]
    path = residual_paths(calibration)[0, 0]
    np.testing.assert_allclose(path[:2], [4.0 / np.sqrt(4.0 * dispersion), -2.0 / np.sqrt(dispersion)])
    assert np.isnan(path[2:]).all()  # nothing was forecast, or nothing is known


def test_errors_that_days_share_make_sums_wider_than_days_added_alone() -> None:
    rng = np.random.default_rng(0)
    shared = np.repeat(rng.normal(size=(4_000, 1)), 9, axis=1)
    apart = rng.normal(size=(4_000, 9))
    forecast, dispersion = np.full((1, 9), 100.0), np.array([1.0])
    wide, narrow = (sum_quantiles(forecast, dispersion, paths, [0.5, 0.9])[0] for paths in (shared, apart))
    # the sum's standard deviation is 9 x 10 where days miss together, sqrt(9) x 10 where each misses alone
    assert wide[1] - 900.0 == pytest.approx(1.2816 * 90.0, rel=0.05)
    assert narrow[1] - 900.0 == pytest.approx(1.2816 * 30.0, rel=0.05)
    assert wide[0] == pytest.approx(900.0, rel=0.01)


def test_a_sum_is_never_below_nought_and_takes_the_days_asked_for() -> None:
    paths = np.array([[-9.0, -9.0, 100.0], [1.0, 1.0, 100.0]])
    made = sum_quantiles(np.array([[1.0, 1.0]]), np.array([1.0]), paths, [0.0, 1.0])
    assert made.tolist() == [[0.0, 4.0]]


def test_without_paths_nothing_is_said() -> None:
    with pytest.raises(ValueError, match="no residual paths"):
        sum_quantiles(np.ones((1, 2)), np.ones(1), np.empty((0, 2)), [0.5])
