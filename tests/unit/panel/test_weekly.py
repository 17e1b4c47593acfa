from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.data.plans import Plans
from lepton_spark.models.pooled.learning import learn_pools
from lepton_spark.models.pooled.model import Pooled
from lepton_spark.models.pooled.pool import pool_of
from lepton_spark.models.registry import Candidate, candidates_for, create, known_models
from lepton_spark.panel.dense import weekly

NAN = np.nan
FIRST = 20_000


def _daily(quantity: np.ndarray) -> History:
    return History(quantity, FIRST + np.arange(quantity.shape[1]))


def test_weekly_sums_known_days_of_weeks_that_end_with_the_cutoff() -> None:
    days = np.ones((2, 16))
    days[1, 9:] = NAN  # its last week is unknown; the week before has two known days
    weeks = weekly(_daily(days))
    assert weeks.days.tolist() == [FIRST + 1, FIRST + 8, FIRST + 15]
    assert weeks.period == 7
    np.testing.assert_array_equal(weeks.quantity, [[NAN, 7.0, 7.0], [NAN, 7.0, NAN]])


def test_weekly_first_partial_week_is_unknown_unless_it_is_the_only_one() -> None:
    days = np.full((3, 14), NAN)
    days[0, 3:] = 1.0
    days[1, 7:] = 1.0
    days[2, 10:] = 1.0
    np.testing.assert_array_equal(weekly(_daily(days)).quantity, [[NAN, 7.0], [NAN, 7.0], [NAN, 4.0]])


def test_week_with_a_rejected_line_is_unknown_and_a_closed_day_is_not() -> None:
    days = np.ones((2, 21))
    days[:, 10] = NAN
    rejected = np.zeros((2, 21), dtype=bool)
    rejected[0, 10] = True
    weeks = weekly(replace(_daily(days), rejected=rejected))
    np.testing.assert_array_equal(weeks.quantity, [[7.0, NAN, 7.0], [7.0, 6.0, 7.0]])


def test_weekly_history_keeps_its_period_and_has_no_season() -> None:
    weeks = weekly(_daily(np.ones((2, 28))))
    for history in (weeks, weeks.until(2), weeks.select(np.array([1]))):
        assert (history.period, history.season_length) == (7, 1)
    assert weeks.ahead(2).tolist() == [FIRST + 34, FIRST + 41]


def test_plans_of_a_week_are_the_mean_of_its_days() -> None:
    one = np.array([0])
    plans = Plans(1, one, one + FIRST + 5, one + FIRST + 8, one, np.ones((1, 1)), 2)
    weeks = weekly(_daily(np.ones((1, 14))))
    planned = plans.by_day(weeks.days, 7)
    assert planned.shape == (1, 4, 1)
    np.testing.assert_allclose(planned[0, :, 0], [2 / 7, 2 / 7, 0, 0])


@pytest.mark.parametrize("candidate", candidates_for(known_models(), [28.0]), ids=lambda c: c.key)
def test_every_model_forecasts_steady_weeks_unchanged(candidate: Candidate) -> None:
    """A strong weekday pattern cancels out in weekly sums."""
    days = np.tile([0.0, 1, 2, 3, 4, 5, 20], (3, 70))
    forecast = create(candidate).fit_forecast(weekly(_daily(days)), 5).forecast
    expected = 0.0 if candidate.model == "zero" else 35.0
    tolerance = 0.02 if candidate.model == "croston_sba" else 1e-6  # its correction, a twentieth of alpha
    np.testing.assert_allclose(forecast, expected, rtol=tolerance, atol=1e-6)


def test_decay_is_measured_in_days() -> None:
    """After a jump of the level, weekly and daily histories lead to the same forecast."""
    days = np.repeat(np.where(np.arange(60) < 52, 10.0, 20.0), 7)[np.newaxis]
    daily, weeks = _daily(days), weekly(_daily(days))
    model = create(Candidate("shrunk_weekday"))
    by_day = model.fit_forecast(daily, 28).forecast.sum(axis=1) / 4
    np.testing.assert_allclose(model.fit_forecast(weeks, 4).forecast.mean(axis=1), by_day, rtol=0.01)


@pytest.mark.parametrize("name", ["ridge", "shrunk_weekday"])
def test_half_lives_are_measured_in_days(name: str) -> None:
    days = np.repeat(np.where(np.arange(60) < 56, 10.0, 20.0), 7)[np.newaxis]
    (candidate,) = candidates_for([name], [28.0])
    model = create(candidate)
    by_day = model.fit_forecast(_daily(days), 28).forecast.sum(axis=1) / 4
    by_week = model.fit_forecast(weekly(_daily(days)), 4).forecast.mean(axis=1)
    np.testing.assert_allclose(by_week, by_day, rtol=0.1)


@pytest.mark.parametrize("name", ["ridge", "seasonal_naive", "theta", "exponential_smoothing"])
def test_weekly_models_have_no_season_of_seven_weeks(name: str) -> None:
    """Every seventh week is ten times the others; no model may expect it."""
    weeks = np.tile([1.0, 1, 1, 1, 1, 1, 10], 9)
    history = weekly(_daily(np.repeat(weeks, 7)[np.newaxis]))
    (candidate,) = candidates_for([name], [56.0])
    forecast = create(candidate).fit_forecast(history, 14).forecast[0]
    steps = np.abs(np.diff(forecast))
    assert steps.max() < 5.0
    if name == "seasonal_naive":
        assert (forecast == 70.0).all()


def test_pooled_trees_train_on_weeks_and_forecast_them() -> None:
    rng = np.random.default_rng(0)
    rate = rng.gamma(1.0, 3.0, (200, 1))
    history = weekly(_daily(rng.poisson(np.repeat(rate, 280, axis=1)).astype(float)))
    pool = pool_of(learn_pools(history, np.array([], dtype=np.int64), 8, trees=True), history)
    assert pool is not None
    assert pool.trees is not None
    fit = Pooled(pool).fit_forecast(history, 8)
    np.testing.assert_allclose(fit.forecast.mean(), 7.0 * rate.mean(), rtol=0.05)
    assert (fit.coefficients["trees"] < 1.0).all()


def test_weekly_withholds_weeks_with_a_day_out_of_stock() -> None:
    days, withheld = np.ones((2, 14)), np.full((2, 14), NAN)
    days[0, 3], withheld[0, 3] = NAN, 0.5
    weeks = weekly(replace(_daily(days), stock_out_sales=withheld))
    np.testing.assert_array_equal(weeks.quantity, [[NAN, 7.0], [7.0, 7.0]])
    assert weeks.stock_out_sales is not None
    np.testing.assert_array_equal(weeks.stock_out_sales, [[6.5, NAN], [NAN, NAN]])
