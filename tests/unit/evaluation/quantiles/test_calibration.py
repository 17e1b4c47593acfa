from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gamma, nbinom, poisson

from lepton_spark.evaluation.quantiles.calibration import Calibration, quantile_forecasts
from lepton_spark.evaluation.quantiles.dispersion import likely_dispersion

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


def _calibration(errors: np.ndarray, forecast: float = 2.0, *, whole: bool = False) -> Calibration:
    return Calibration(np.full(errors.shape, forecast), errors, np.full(len(errors), whole))


def test_quantiles_use_the_errors_of_seven_neighbouring_steps() -> None:
    errors = np.tile(np.arange(10.0), (1, 2, 1))  # each step's error is its number, 0..9
    values = quantile_forecasts(np.full((1, 10), 100.0), _calibration(errors), [0.5]).values[0, :, 0]
    assert values.tolist() == [103, 103, 103, 103, 104, 105, 106, 106, 106, 106]


def test_quantiles_of_errors_are_at_position_n_plus_one() -> None:
    errors = np.arange(1.0, 20.0).reshape(1, 19, 1)  # 1..19: position 20 q is the value itself
    levels = [0.05, 0.1, 0.5, 0.9]
    values = quantile_forecasts(np.array([[10.0]]), _calibration(errors), levels).values[0, 0]
    np.testing.assert_allclose(values, [11.0, 12.0, 20.0, 28.0])


def test_fractions_with_few_errors_vary_as_their_history() -> None:
    errors = np.full((2, 2, 7), 50.0)
    errors[0, 0, 0] = np.nan  # 13 left
    calibration = replace(_calibration(errors), history_dispersion=np.array([0.5, 9.0]))
    found = quantile_forecasts(np.full((2, 7), 2.0), calibration, [0.1, 0.9])
    assert found.method.tolist() == ["gamma", "backtest_errors"]
    np.testing.assert_allclose(found.values[0, 0], gamma.ppf([0.1, 0.9], 4.0, scale=0.5))
    assert found.dispersion[0] == 0.5
    assert found.values[1, 0].tolist() == [52.0, 52.0]


def test_whole_units_get_whole_quantiles_as_wide_as_their_errors() -> None:
    errors = np.array([[[6.0, -2.0] * 14], [[1.0, -1.0] * 14]])  # sales of 8 and 0 in turn; of 3 and 1
    found = quantile_forecasts(np.full((2, 28), 2.0), _calibration(errors, whole=True), [0.1, 0.9])
    assert found.method.tolist() == ["negative_binomial"] * 2
    wide, narrow = found.dispersion
    actual = 2.0 + errors[:, 0]
    expected = likely_dispersion(np.full((2, 28), 2.0), actual, np.full((2, 28), fill_value=True), 0.0)
    np.testing.assert_array_equal(found.dispersion, expected)
    assert 2.0 < wide < 8.0
    assert narrow == 1.0  # never below Poisson
    assert found.values[:, 0].tolist() == [
        nbinom.ppf([0.1, 0.9], 2.0 / (wide - 1.0), 1.0 / wide).tolist(),
        poisson.ppf([0.1, 0.9], 2.0).tolist(),
    ]
    assert found.values[0, 0, 1] > found.values[1, 0, 1]


def test_dispersion_without_errors_is_the_pools() -> None:
    nothing = Calibration(np.zeros((1, 0, 2)), np.zeros((1, 0, 2)), np.array([True]), np.log(3.0))
    found = quantile_forecasts(np.full((1, 2), 2.0), nothing, [0.5])
    assert found.dispersion == pytest.approx(3.0)


@given(
    seed=st.integers(0, 10_000), horizon=st.integers(1, 20), n_windows=st.integers(0, 4), whole=st.booleans()
)
def test_quantiles_are_monotone_and_never_negative(
    seed: int, horizon: int, n_windows: int, whole: bool
) -> None:
    random = np.random.default_rng(seed)
    errors = random.normal(0, 5, (3, n_windows, horizon))
    errors[random.random(errors.shape) < 0.2] = np.nan
    spread = _calibration(errors, whole=whole)
    values = quantile_forecasts(random.gamma(1, 10, (3, horizon)), spread, LEVELS).values
    assert values.shape == (3, horizon, 7)
    assert (values >= 0).all()
    assert (np.diff(values, axis=2) >= 0).all()


def test_quantiles_on_either_side_of_a_models_median_keep_to_their_side() -> None:
    errors = np.array([[[3.0, -3.0] * 14]] * 3)
    forecast = np.full((3, 28), 6.0)
    plain = quantile_forecasts(forecast, _calibration(errors, 6.0, whole=True), LEVELS).values
    medians = np.full((3, 28), np.nan)
    medians[1], medians[2] = 0.4, 20.6
    found = quantile_forecasts(forecast, _calibration(errors, 6.0, whole=True), LEVELS, medians).values
    np.testing.assert_array_equal(found[0], plain[0])
    assert found[1, 0].tolist() == [0.0, 0.0, 0.0, 0.0, *plain[1, 0, 4:]]
    assert found[2, 0].tolist() == [*plain[2, 0, :3], 21.0, 21.0, 21.0, 21.0]
    fractions = quantile_forecasts(forecast, _calibration(errors, 6.0), LEVELS, medians).values
    np.testing.assert_array_equal(fractions[2], fractions[0])  # errors' quantiles keep their own median


def test_calibration_of_some_windows_uses_their_errors_alone() -> None:
    errors = np.concatenate([np.full((1, 1, 28), 50.0), np.zeros((1, 3, 28))], axis=1)
    all_windows = _calibration(errors, whole=True)
    later = all_windows.of_windows([1, 2, 3])
    assert later.residual.shape == (1, 3, 28)
    assert later.dispersion[0] == 1.0
    assert all_windows.dispersion[0] > 2.0
