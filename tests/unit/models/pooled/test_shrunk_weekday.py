from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.data.outliers import damp_outliers
from lepton_spark.models.pooled.pool import Pool, neutral_pool
from lepton_spark.models.pooled.pool_statistics import fit_pool
from lepton_spark.models.pooled.profiles import weekday_forecasts
from lepton_spark.models.pooled.shrunk_weekday import ShrunkWeekday

NAN = np.nan


def test_steady_week_is_repeated_and_an_unknown_series_has_no_forecast() -> None:
    week = [2.0, 4, 6, 8, 10, 12, 14]
    index = np.roll(week, 3)[np.newaxis, :, np.newaxis] / 8.0  # epoch day 0 was a Thursday
    pool = Pool(np.repeat(index, 4, axis=2), np.zeros(1))
    history = History(np.array([week * 6, [NAN] * 42]), np.arange(42))
    fit = ShrunkWeekday(pool).fit_forecast(history, 8)
    np.testing.assert_allclose(fit.forecast[0], [*week, 2.0])
    assert np.isnan(fit.forecast[1]).all()
    assert fit.coefficients["level"][0] == pytest.approx(8.0)


def test_forecast_is_level_times_shrunk_index_of_the_weekday() -> None:
    """One week in which all 7 units are sold on the first day, a Monday."""
    history = History(np.array([[7.0, 0, 0, 0, 0, 0, 0]]), 4 + np.arange(7))
    fit = ShrunkWeekday(neutral_pool()).fit_forecast(history, 7)
    # level 1; variance 6 over mean 1, halfway to the pool's 1 in logs: prior 80 x sqrt(6)
    prior = 80.0 * np.sqrt(6.0)
    monday, others = (7.0 + prior) / (1.0 + prior), prior / (1.0 + prior)
    np.testing.assert_allclose(fit.forecast, [[monday, *[others] * 6]])


def test_forecast_uses_the_profile_of_the_longest_half_life() -> None:
    index = np.ones((1, 7, 4))
    index[..., :3] = 9.0  # half-lives of 14, 28 and 112 days
    history = History(np.full((1, 28), 5.0), np.arange(28))
    forecast = ShrunkWeekday(Pool(index, np.zeros(1))).fit_forecast(history, 7).forecast
    np.testing.assert_allclose(forecast, 5.0)


def test_forecast_is_multiplied_by_the_seasons_of_the_pool() -> None:
    history = History(np.random.default_rng(5).poisson(3.0, (4, 60)).astype(float), np.arange(60))
    pool = neutral_pool()
    factors = {"year_weeks": np.array([[2.0, 0.5]])}
    plain, factored = (
        ShrunkWeekday(each).fit_forecast(history, 16).forecast
        for each in (pool, replace(pool, factors=factors))
    )
    np.testing.assert_allclose(factored, plain * [*[2.0] * 7, *[0.5] * 7, 1.0, 1.0], rtol=1e-12)


def test_series_does_not_depend_on_the_batch_but_on_the_pool() -> None:
    rng = np.random.default_rng(2)
    history = History(rng.poisson(3.0, (20, 60)).astype(float), np.arange(60))
    model = ShrunkWeekday(fit_pool(history, np.array([59])))
    batch = model.fit_forecast(history, 28).forecast
    part = model.fit_forecast(history.select(np.array([4, 9])), 28).forecast
    np.testing.assert_allclose(part, batch[[4, 9]], rtol=1e-12)
    assert not np.allclose(ShrunkWeekday(neutral_pool()).fit_forecast(history, 28).forecast, batch)


def test_outlier_hardly_moves_the_forecast_once_damped() -> None:
    steady = np.array([4.0, 6.0] * 20)
    quantity = np.array([[*steady, *steady], [*steady, 1e9, *steady[1:]]])
    history = History(quantity, np.arange(80), damped=damp_outliers(quantity))
    forecast = ShrunkWeekday(neutral_pool()).fit_forecast(history, 7).forecast
    assert forecast[1].mean() == pytest.approx(forecast[0].mean(), rel=0.2)


def test_forecast_is_computed_once_for_each_pool_and_stays_as_it_is() -> None:
    history = History(np.array([[4.0] * 28, [NAN] * 28]), np.arange(28))
    pool = neutral_pool()
    other = Pool(np.repeat(np.arange(1.0, 8.0)[np.newaxis, :, np.newaxis], 4, axis=2), np.zeros(1))
    cutoff = np.array([27])
    first = weekday_forecasts(history, cutoff, 7, pool)
    before = first.forecast.copy()
    assert np.isnan(ShrunkWeekday(pool).fit_forecast(history, 7).forecast[1]).all()
    assert weekday_forecasts(history, cutoff, 7, pool) is first
    np.testing.assert_array_equal(first.forecast, before)
    assert (weekday_forecasts(history, cutoff, 7, other).forecast != before).any()
    assert weekday_forecasts(history, cutoff, 3, pool).forecast.shape == (2, 1, 3)
