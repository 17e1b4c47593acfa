import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from lepton_spark.evaluation.calibration import poisson_quantiles, quantile_forecasts

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


@pytest.mark.parametrize("mean", [0.0, 0.01, 0.7, 3.3, 12.0, 29.9])
def test_small_poisson_quantiles_are_exact(mean: float) -> None:
    found = poisson_quantiles(np.array([mean]), LEVELS)[0]
    expected = poisson.ppf(LEVELS, mean) if mean else np.zeros(7)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("mean", [31.0, 100.0, 5000.0])
def test_large_poisson_quantiles_are_within_a_unit(mean: float) -> None:
    np.testing.assert_allclose(
        poisson_quantiles(np.array([mean]), LEVELS)[0], poisson.ppf(LEVELS, mean), atol=1
    )


def test_quantiles_take_the_errors_of_seven_neighbouring_steps() -> None:
    errors = np.tile(np.arange(10.0), (1, 2, 1))  # each step's error is its number, 0..9
    values = quantile_forecasts(np.full((1, 10), 100.0), errors, [0.5]).values[0, :, 0]
    assert values.tolist() == [103, 103, 103, 103, 104, 105, 106, 106, 106, 106]


def test_quantiles_stand_at_position_n_plus_one() -> None:
    errors = np.arange(1.0, 20.0).reshape(1, 19, 1)  # 1..19: position 20 q is the value itself
    values = quantile_forecasts(np.array([[10.0]]), errors, [0.05, 0.1, 0.5, 0.9]).values[0, 0]
    np.testing.assert_allclose(values, [11.0, 12.0, 20.0, 28.0])


def test_few_errors_give_poisson_quantiles() -> None:
    errors = np.full((2, 2, 7), 50.0)
    errors[0, 0, 0] = np.nan  # 13 left
    found = quantile_forecasts(np.full((2, 7), 2.0), errors, [0.1, 0.9])
    assert found.by_errors.tolist() == [False, True]
    assert found.values[0, 0].tolist() == [0.0, 4.0]
    assert found.values[1, 0].tolist() == [52.0, 52.0]


@given(seed=st.integers(0, 10_000), horizon=st.integers(1, 20), n_windows=st.integers(0, 4))
def test_quantiles_are_monotone_and_never_negative(seed: int, horizon: int, n_windows: int) -> None:
    random = np.random.default_rng(seed)
    errors = random.normal(0, 5, (3, n_windows, horizon))
    errors[random.random(errors.shape) < 0.2] = np.nan
    values = quantile_forecasts(random.gamma(1, 10, (3, horizon)), errors, LEVELS).values
    assert values.shape == (3, horizon, 7)
    assert (values >= 0).all()
    assert (np.diff(values, axis=2) >= 0).all()
