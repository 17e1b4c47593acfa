import numpy as np
import pytest

from lepton_spark.models.pooled.regressors.linear import PooledRegression, fit_regression, over_forecast

N_ROWS = 4_000
NO_AGE = np.zeros(N_ROWS, dtype=np.int64)


def _columns() -> np.ndarray:
    return np.random.default_rng(3).gamma(2.0, 0.5, (N_ROWS, 3))


def _fit(columns: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    return fit_regression(columns, ratio, np.ones(N_ROWS), NO_AGE).weights


def test_regression_equals_a_slow_reference() -> None:
    """Least squares on weighted rows with one more row for each penalty, 0.01 of the rows' weight."""
    rng = np.random.default_rng(7)
    columns = rng.gamma(2.0, 0.5, (300, 3)) * [1.0, 0.01, 5.0]  # the second is smaller than 0.1
    ratio, weight, age = rng.gamma(4.0, 0.25, 300), rng.gamma(1.0, 1.0, 300), rng.integers(1, 100, 300)
    decayed = weight * 0.5 ** (age / 21.0)
    decayed /= decayed.mean()
    size = np.maximum(np.sqrt((decayed[:, np.newaxis] * columns**2).mean(axis=0)), 0.1)
    rows = np.sqrt(decayed)[:, np.newaxis] * columns / size
    expected = np.linalg.lstsq(
        np.vstack([rows, np.sqrt(0.01 * 300) * np.eye(3)]),
        np.append(np.sqrt(decayed) * (ratio - 1.0), np.zeros(3)),
        rcond=None,
    )[0]
    found = fit_regression(columns, ratio, weight, age).weights
    np.testing.assert_allclose(found, expected / size, rtol=1e-9)


def test_regression_finds_the_weights_shrunk_a_little_to_zero() -> None:
    columns, weights = _columns(), np.array([0.5, -0.2, 0.0])
    found = _fit(columns, 1.0 + columns @ weights)
    np.testing.assert_allclose(found, weights, atol=0.03)
    assert found[0] < weights[0]


def test_regression_has_no_weights_where_the_weekday_forecast_is_right() -> None:
    np.testing.assert_array_equal(_fit(_columns(), np.ones(N_ROWS)), np.zeros(3))


def test_regression_weighs_a_cutoff_half_three_weeks_later() -> None:
    """Two rows that differ in outcome and age: the weight is their mean, 1 to 2, shrunk by 1 %."""
    found = fit_regression(np.ones((2, 1)), np.array([2.0, 5.0]), np.ones(2), np.array([0, 21])).weights
    assert found[0] == pytest.approx((2.0 * 1.0 + 1.0 * 4.0) / 3.0 / 1.01)


def test_column_of_zeros_gets_no_weight() -> None:
    columns = np.hstack([_columns(), np.zeros((N_ROWS, 1))])
    assert _fit(columns, 1.0 + columns[:, 0])[3] == 0.0


def test_column_that_is_nearly_always_zero_gets_nearly_no_weight() -> None:
    columns = np.hstack([_columns(), np.zeros((N_ROWS, 1))])
    columns[0, 3] = 0.01  # one row, whose ratio of 5 it would explain
    ratio = np.ones(N_ROWS)
    ratio[0] = 5.0
    assert abs(_fit(columns, ratio)[3]) < 0.5


def test_averages_and_the_level_are_divided_by_the_forecast_within_bounds() -> None:
    averages = np.array([[0.04, 1e6]])
    over = over_forecast(averages, np.array([[0.5, 0.8, 0.0]]))
    np.testing.assert_allclose(over[0, 0], [0.08, 2.0, 2.0])
    np.testing.assert_allclose(over[0, 1], [0.05, 2.0, 1.25])
    np.testing.assert_allclose(over[0, 2], [0.8, 2.0, 2.0])  # a forecast of 0 counts as 0.05


def test_contribution_uses_the_weights_from_a_column_on() -> None:
    regression = PooledRegression(np.array([1.0, 10.0, 100.0]))
    assert regression.contribution(np.array([[2.0, 3.0], [4.0, 5.0]]), 1).tolist() == [320.0, 540.0]
