import numpy as np

from lepton_spark.evaluation.accuracy.error_sums import ErrorSums, Scales, error_sums, naive_scales

NAN = np.nan
ACTUAL = np.array([[10.0, 0.0, NAN], [4.0, 6.0, 8.0]])
FORECAST = np.array([[12.0, 1.0, 99.0], [4.0, 3.0, 10.0]])  # errors 2, 1 | 0, -3, 2


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


def test_error_sums_expand_to_rows_of_a_larger_batch() -> None:
    scales = Scales(np.array([2.0, NAN]), np.array([4.0, NAN]))
    expanded = error_sums(ACTUAL, FORECAST, scales).expanded(np.array([3, 1]), 4)
    assert expanded.n_obs.tolist() == [0, 3, 0, 2]
    assert expanded.sse.tolist() == [0, 13, 0, 5]
    assert expanded.n_scaled.tolist() == [0, 0, 0, 2]


def test_error_sums_stack_along_a_new_axis() -> None:
    one, two = ErrorSums.zeros(3), ErrorSums.zeros(3).map(lambda values: values + 1.0)
    assert ErrorSums.stacked([one, two]).sse.tolist() == [[0, 0, 0], [1, 1, 1]]
    assert ErrorSums.stacked([one, two], axis=1).sse.tolist() == [[0, 1], [0, 1], [0, 1]]
