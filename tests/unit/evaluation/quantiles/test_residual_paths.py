import numpy as np
import pytest

from lepton_spark.evaluation.quantiles.calibration import Calibration
from lepton_spark.evaluation.quantiles.residual_paths import residual_paths, sum_quantiles


def test_residual_path_is_the_error_over_its_standard_deviation() -> None:
    forecast = np.array([[[4.0, 1.0, 0.0, 4.0]]])
    error = np.array([[[4.0, -2.0, 1.0, np.nan]]])
    calibration = Calibration(forecast, error, np.array([True]), log_dispersion=0.0)
    dispersion = calibration.dispersion[0]
    path = residual_paths(calibration)[0, 0]
    np.testing.assert_allclose(path[:2], [4.0 / np.sqrt(4.0 * dispersion), -2.0 / np.sqrt(dispersion)])
    assert np.isnan(path[2:]).all()  # a forecast of 0; an unknown actual


def test_sum_quantiles_are_wider_where_errors_of_days_are_correlated() -> None:
    rng = np.random.default_rng(0)
    correlated = np.repeat(rng.normal(size=(4_000, 1)), 9, axis=1)
    independent = rng.normal(size=(4_000, 9))
    forecast, dispersion = np.full((1, 9), 100.0), np.array([1.0])
    wide, narrow = (
        sum_quantiles(forecast, dispersion, paths, [0.5, 0.9])[0] for paths in (correlated, independent)
    )
    # standard deviation of the sum: 9 x 10 where all days share the error, sqrt(9) x 10 where none does
    assert wide[1] - 900.0 == pytest.approx(1.2816 * 90.0, rel=0.05)
    assert narrow[1] - 900.0 == pytest.approx(1.2816 * 30.0, rel=0.05)
    assert wide[0] == pytest.approx(900.0, rel=0.01)


def test_sum_quantiles_are_never_negative_and_use_as_many_days_as_the_forecast() -> None:
    paths = np.array([[-9.0, -9.0, 100.0], [1.0, 1.0, 100.0]])
    made = sum_quantiles(np.array([[1.0, 1.0]]), np.array([1.0]), paths, [0.0, 1.0])
    assert made.tolist() == [[0.0, 4.0]]


def test_sum_quantiles_without_paths_are_refused() -> None:
    with pytest.raises(ValueError, match="no residual paths"):
        sum_quantiles(np.ones((1, 2)), np.ones(1), np.empty((0, 2)), [0.5])
