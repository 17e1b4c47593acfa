"""Last year's weeks, at this year's level."""

import numpy as np
import pytest

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import History
from lepton_spark.models.local.seasonal_last_year import SeasonalLastYear

N_DAYS = 3 * 364
HORIZON = 28
LAST_YEAR = slice(N_DAYS - 364, N_DAYS - 364 + HORIZON)


def history(quantity: FloatArray, period: int = 1) -> History:
    return History(quantity, 18_000 + period * np.arange(quantity.shape[1]), period=period)


def forecast(quantity: FloatArray, period: int = 1, horizon: int = HORIZON) -> FloatArray:
    return SeasonalLastYear().fit_forecast(history(quantity, period), horizon).forecast


@pytest.mark.parametrize("period", [1, 7])
def test_a_steady_series_goes_on_as_it_is(period: int) -> None:
    found = forecast(np.full((2, N_DAYS // period), 6.0), period, HORIZON // period)
    np.testing.assert_allclose(found, 6.0)


def test_weeks_of_last_year_return_at_the_level_of_this_year() -> None:
    units = np.full((1, 2 * 364), 10.0)
    units[:, 364 : 364 + 14] = 40.0  # the two weeks ahead, a year ago
    units[:, -56:] *= 3.0
    found = forecast(units)
    growth = (56 * 30.0 + 10.0) / (56 * 10.0 + 10.0)
    np.testing.assert_allclose(found[0, :14], 40.0 * growth)
    np.testing.assert_allclose(found[0, 14:], 10.0 * growth)


def test_goods_that_are_not_sold_now_start_with_last_years_units() -> None:
    units = np.zeros((1, 2 * 364))
    units[:, 364 : 364 + HORIZON] = 5.0
    np.testing.assert_allclose(forecast(units), 5.0)


def test_several_years_are_averaged_and_each_begins_in_its_week() -> None:
    units = np.zeros((1, 4 * 364 + 7))
    today = units.shape[1]
    for weeks, sold in ((52, 3.0), (104, 6.0), (157, 9.0)):
        units[:, today - 7 * weeks : today - 7 * weeks + HORIZON] = sold
    np.testing.assert_allclose(forecast(units), 6.0)


def test_weekdays_are_those_of_the_series() -> None:
    week = np.array([1.0, 1, 1, 1, 1, 4, 5])
    found = forecast(np.tile(week, (1, 3 * 52)))
    np.testing.assert_allclose(found, np.tile(week, 4)[np.newaxis], rtol=0.04)  # shrunk a little


@pytest.mark.parametrize("n_days", [1, 300, 364 + 55])
def test_without_a_known_year_there_is_no_forecast(n_days: int) -> None:
    assert np.isnan(forecast(np.full((2, n_days), 6.0))).all()


def test_a_year_that_is_mostly_unknown_does_not_count() -> None:
    units = np.full((2, 2 * 364), 6.0)
    units[0, 364 - 56 : 364 - 20] = np.nan
    units[1, 364 : 364 + 15] = np.nan
    assert np.isnan(forecast(units)).all()


def test_days_after_the_cutoff_are_not_seen() -> None:
    rng = np.random.default_rng(1)
    units = rng.poisson(4.0, (3, N_DAYS)).astype(np.float64)
    cut = history(units).until(N_DAYS - 101)
    later = units.copy()
    later[:, N_DAYS - 100 :] += 50.0
    model = SeasonalLastYear()
    np.testing.assert_array_equal(
        model.fit_forecast(cut, HORIZON).forecast,
        model.fit_forecast(history(later).until(N_DAYS - 101), HORIZON).forecast,
    )
