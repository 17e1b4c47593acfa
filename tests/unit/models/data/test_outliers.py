import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.data.outliers import LEAST_SALES, damped
from lepton_spark.models.pooled.shrunk_weekday import ShrunkWeekday

STEADY = np.array([4.0, 6.0] * 20)


def test_a_day_is_held_to_eight_standard_deviations_above_the_sales_before_it() -> None:
    quantity = np.array([[*STEADY, 1e12, 5.0]])
    calm = damped(quantity)
    # mean 5, standard deviation 1, at least half the mean: 5 + 8 x 2.5
    assert calm[0, 40] == 25.0
    np.testing.assert_array_equal(np.delete(calm, 40), np.delete(quantity, 40))


def test_what_comes_later_does_not_change_what_was_damped() -> None:
    rng = np.random.default_rng(0)
    quantity = rng.poisson(2.0, (5, 120)) * rng.choice(
        [1.0, 1.0, 1.0, 300.0], (5, 120), p=[0.4, 0.3, 0.28, 0.02]
    )
    np.testing.assert_array_equal(damped(quantity)[:, :70], damped(quantity[:, :70]))


def test_growth_that_lasts_is_followed() -> None:
    quantity = np.array([[*STEADY, *[100.0] * 40]])
    calm = damped(quantity)[0]
    assert calm[40] == 25.0
    assert calm[-1] == 100.0


def test_few_sales_unknown_days_and_promotions_are_left_alone() -> None:
    few = np.array([[*[1.0] * (LEAST_SALES - 1), 1e6]])
    np.testing.assert_array_equal(damped(few), few)
    unknown = np.array([[*STEADY, np.nan, 1e6]])
    planned = np.zeros((len(unknown), unknown.shape[1] + 28, 2))
    planned[0, 41, 1] = 0.2
    np.testing.assert_array_equal(damped(unknown, planned), unknown)
    assert damped(unknown)[0, 41] == 25.0


def test_a_spike_hardly_moves_the_forecast_and_stays_in_the_history() -> None:
    quantity = np.array([[*STEADY * 1.0, *STEADY], [*STEADY, 1e9, *STEADY[1:]]])
    history = History(quantity, np.arange(80), damped=damped(quantity))
    forecast = ShrunkWeekday().fit_forecast(history, 7).forecast
    assert forecast[1].mean() == pytest.approx(forecast[0].mean(), rel=0.2)
    assert history.until(50).damped is not None
    assert history.until(50).calm[1, 40] == 25.0
    assert history.select(np.array([1])).calm[0, 40] == 25.0
    assert history.filled[1, 40] == 1e9
