from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lepton_spark.evaluation.quantiles.calibration import Calibration, spread_of
from lepton_spark.evaluation.quantiles.demand_sums import (
    dispersion_at,
    fitted_sum_dispersions,
    sum_dispersions,
)
from lepton_spark.models.data.arrays import FloatArray

FLAT = np.zeros_like
LENGTHS = np.array([1, 7, 28])


def _calibration(forecast: FloatArray, actual: FloatArray, *, whole: bool = True) -> Calibration:
    n_series = len(forecast)
    return Calibration(
        forecast,
        actual - forecast,
        np.full(n_series, whole),
        history_dispersion=np.full(n_series, 3.0),
    )


def test_sums_of_a_week_have_the_dispersion_of_what_its_days_share() -> None:
    # a week's level varies with variance 0.2: a day of mean 5 has dispersion 1 + 0.2 x 5, a week 1 + 0.2 x 35
    rng = np.random.default_rng(1)
    level = rng.gamma(5.0, 1.0 / 5.0, (4, 100, 4))
    actual = rng.poisson(5.0 * np.repeat(level, 7, axis=2)).astype(float)
    fitted = fitted_sum_dispersions(_calibration(np.full((4, 100, 28), 5.0), actual), FLAT)
    np.testing.assert_allclose(fitted[:, 0], 2.0, rtol=0.1)
    np.testing.assert_allclose(fitted[:, 1], 8.0, rtol=0.2)


def test_the_pool_is_asked_for_series_that_sell_as_much_in_a_day_as_this_one_in_the_sum() -> None:
    asked: list[float] = []

    def expected(level: FloatArray) -> FloatArray:
        asked.append(float(level[0]))
        return np.zeros(1)

    fitted_sum_dispersions(_calibration(np.full((1, 2, 28), 0.5), np.zeros((1, 2, 28))), expected)
    assert asked == [0.5, 3.5, 14.0]


def test_a_prior_moves_the_dispersion_of_few_sums_more_than_that_of_many() -> None:
    rng = np.random.default_rng(2)
    few, many = (np.full((1, n, 7), 20.0) for n in (2, 200))
    by_prior = [
        fitted_sum_dispersions(_calibration(mean, rng.poisson(mean).astype(float)), expected)[0, 1]
        for mean in (few, many)
        for expected in (FLAT, lambda level: np.full(len(level), 2.0))
    ]
    assert by_prior[1] > 2.0 * by_prior[0]
    assert by_prior[3] == pytest.approx(by_prior[2], rel=0.05)


def test_fractions_have_squared_errors_over_forecasts_with_four_sums_of_the_history() -> None:
    forecast, actual = np.full((1, 1, 7), 2.0), np.full((1, 1, 7), 4.0)
    fitted = fitted_sum_dispersions(_calibration(forecast, actual, whole=False), FLAT)
    # one week: forecast 14, error 14; with four weeks of 14 at 3.0: (14^2 + 56 x 3) / (14 + 56)
    assert fitted[0, 1] == pytest.approx(5.2)


def test_sums_count_their_scored_days_and_need_half_of_them() -> None:
    forecast, actual = np.full((2, 1, 7), 2.0), np.full((2, 1, 7), 4.0)
    actual[0, 0, :3] = np.nan
    actual[1, 0, :4] = np.nan
    fitted = fitted_sum_dispersions(_calibration(forecast, actual, whole=False), FLAT)
    assert fitted[0, 1] == pytest.approx((8.0**2 + 32.0 * 3.0) / (8.0 + 32.0))
    assert np.isnan(fitted[1, 1])


def test_longer_sums_are_never_less_dispersed_and_the_week_counts() -> None:
    forecast = np.ones((2, 28))
    spread = spread_of(_calibration(np.ones((2, 1, 28)), np.ones((2, 1, 28))), (0.1, 0.9), 28)
    fitted = np.array([[3.0, 2.0, 5.0], [1.0, 4.0, 2.0]])
    made = sum_dispersions(fitted, forecast, spread, FLAT)
    assert made.tolist() == [[2.0, 2.0, 5.0], [1.0, 4.0, 4.0]]


def test_without_a_fit_counts_get_what_the_pool_expects_and_fractions_their_history() -> None:
    spread = spread_of(_calibration(np.ones((2, 0, 28)), np.ones((2, 0, 28))), (0.1, 0.9), 28)
    mixed = replace(spread, whole_units=np.array([True, False]), without_errors=np.array([9.0, 3.0]))
    made = sum_dispersions(np.full((2, 3), np.nan), np.full((2, 28), 2.0), mixed, np.log)
    assert made.tolist() == [pytest.approx([2.0, 14.0, 56.0]), [3.0, 3.0, 3.0]]


def test_dispersion_between_two_lengths_is_interpolated_in_logs() -> None:
    dispersions = np.tile([[1.0, 2.0, 8.0]], (5, 1))
    made = dispersion_at(dispersions, LENGTHS, np.array([1, 7, 14, 28, 2]))
    expected = [1.0, 2.0, 4.0, 8.0, 2.0 ** (np.log(2) / np.log(7))]
    np.testing.assert_allclose(made, expected, rtol=1e-12)


def test_a_horizon_of_one_column_has_one_dispersion() -> None:
    assert dispersion_at(np.array([[1.5]]), np.array([1]), np.array([1])).tolist() == [1.5]


@given(
    st.lists(st.floats(1.0, 50.0), min_size=3, max_size=3),
    st.lists(st.floats(0.0, 9.0), min_size=28, max_size=28),
)
def test_variance_never_falls_with_the_length(fitted: list[float], daily: list[float]) -> None:
    forecast = np.array([daily])
    spread = spread_of(_calibration(np.ones((1, 1, 28)), np.ones((1, 1, 28))), (0.1, 0.9), 28)
    made = sum_dispersions(np.array([fitted]), forecast, spread, FLAT)
    lengths = np.arange(1, 29)
    of_length = dispersion_at(np.repeat(made, 28, axis=0), LENGTHS, lengths)
    variance = of_length * forecast[0].cumsum()
    assert (np.diff(variance) >= -1e-9 * variance[1:]).all()
