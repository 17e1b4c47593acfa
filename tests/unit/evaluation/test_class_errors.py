import numpy as np

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors, class_errors, series_errors
from lepton_spark.evaluation.accuracy.error_sums import ErrorSums


def _sums(scaled_mse: np.ndarray, n_scaled: np.ndarray) -> ErrorSums:
    """Sums [C, W, S] of mean scaled squared errors over so many observations."""
    zeros = np.zeros(scaled_mse.shape)
    return ErrorSums(n_scaled, n_scaled, zeros, zeros, zeros, zeros, scaled_mse * n_scaled, zeros)


def test_series_errors_pool_windows_and_cap_the_mean() -> None:
    scaled_mse = np.array([[[1.0, 1000.0, 5.0], [4.0, 1.0, 7.0]]])  # [C=1, W=2, S=3]
    n_scaled = np.array([[[2.0, 3.0, 0.0], [4.0, 1.0, 0.0]]])
    capped_sse, n_obs = series_errors(_sums(scaled_mse, n_scaled))
    # (2 + 16) / 6 = 3 stays; 3001 / 4 is capped at 10; nothing was scored
    np.testing.assert_allclose(capped_sse, [[3.0 * 6, 10.0 * 4, 0.0]])
    assert n_obs.tolist() == [[6, 4, 0]]


def test_an_error_that_is_not_a_number_counts_as_the_cap() -> None:
    capped_sse, _ = series_errors(_sums(np.array([[[np.nan, np.inf, 1.0]]]), np.full((1, 1, 3), 2.0)))
    assert capped_sse.tolist() == [[20.0, 20.0, 2.0]]


def test_class_errors_cap_what_one_series_counts() -> None:
    mse = np.array([[[1.0, 1.0, 1000.0]], [[2.0, 2.0, 2.0]]])  # [C=2, W=1, S=3]
    errors = class_errors(_sums(mse, np.full(mse.shape, 28.0)), np.array(["smooth", "lumpy", "smooth"]))
    assert errors.classes == ("lumpy", "smooth", "all")
    np.testing.assert_allclose(errors.scaled_mse, [[1.0, 2.0], [5.5, 2.0], [4.0, 2.0]])
    assert errors.n_series[:, 0].tolist() == [1, 2, 3]


def test_class_errors_weigh_series_by_their_observations_and_leave_out_those_without_any() -> None:
    mse = np.array([[[2.0, 8.0, 3.0]], [[1.0, 1.0, 1.0]]])
    n_scaled = np.array([[[10.0, 30.0, 0.0]], [[0.0, 0.0, 0.0]]])
    errors = class_errors(_sums(mse, n_scaled), np.array(["new", "new", "smooth"]))
    assert errors.classes == ("new", "smooth", "all")
    mean = (20.0 + 240.0) / 40.0
    np.testing.assert_allclose(errors.scaled_mse, [[mean, np.nan], [np.nan, np.nan], [mean, np.nan]])
    assert errors.n_series.tolist() == [[2, 0], [0, 0], [2, 0]]


def test_no_class_errors_hold_a_column_for_each_candidate() -> None:
    none = ClassErrors.none(3)
    assert (none.classes, none.scaled_mse.shape, none.n_series.shape) == ((), (0, 3), (0, 3))
