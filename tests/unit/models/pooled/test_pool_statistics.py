from dataclasses import replace

import numpy as np

from lepton_spark.models.data.history import History
from lepton_spark.models.data.outliers import damp_outliers
from lepton_spark.models.data.plans import Plans
from lepton_spark.models.pooled.pool import Pool
from lepton_spark.models.pooled.pool_statistics import dispersion_curve, fit_pool, pool_profile
from lepton_spark.models.pooled.profiles import weekday_profiles
from lepton_spark.models.pooled.settings import PooledSettings
from tests.unit.models.events import events

FIRST = 20_000


def _assert_equal(found: Pool, expected: Pool) -> None:
    np.testing.assert_allclose(found.index, expected.index, rtol=1e-9)
    np.testing.assert_allclose(found.log_dispersion, expected.log_dispersion, rtol=1e-9)
    assert found.factors.keys() == expected.factors.keys()
    for name, learned in expected.factors.items():
        np.testing.assert_allclose(found.factors[name], learned, rtol=1e-9, err_msg=name)


def test_pool_index_is_the_units_of_a_weekday_over_those_expected_at_each_level() -> None:
    days = 4 + np.arange(7)  # Monday to Sunday
    quantity = np.array([[14.0, 0, 0, 0, 0, 0, 0], [0, 7.0, 7.0, 0, 0, 0, 0]])  # 2 a day each
    index, log_dispersion = pool_profile(weekday_profiles(History(quantity, days), np.array([6])))
    expected = [14 / 4, 7 / 4, 7 / 4, 0, 0, 0, 0]
    np.testing.assert_allclose(index, np.repeat(np.array(expected)[np.newaxis, :, np.newaxis], 4, axis=2))
    # variances 196 / 7 - 4 = 24 and 98 / 7 - 4 = 10 over a mean of 2
    np.testing.assert_allclose(log_dispersion, [(np.log(12.0) + np.log(5.0)) / 2])


def test_one_huge_product_does_not_set_the_pools_profile() -> None:
    quantity = np.tile([1.0, 1, 1, 1, 1, 1, 8.0], (40, 4))
    quantity[0] = np.tile([8e6, 0, 0, 0, 0, 0, 0], 4)
    history = History(quantity, np.arange(28))
    index = fit_pool(history, np.array([27])).index[0, :, -1]
    assert np.argmax(index) == (6 + 3) % 7


def test_series_without_finite_sums_is_left_out_of_the_pool() -> None:
    quantity = np.random.default_rng(3).poisson(3.0, (20, 60)).astype(float)
    sound = fit_pool(History(quantity, np.arange(60)), np.array([59]))
    with np.errstate(over="ignore", invalid="ignore"):
        poisoned = fit_pool(
            History(np.vstack([quantity, np.full((1, 60), 1e300)]), np.arange(60)), np.array([59])
        )
    np.testing.assert_array_equal(poisoned.index, sound.index)
    np.testing.assert_array_equal(poisoned.log_dispersion, sound.log_dispersion)


def test_pool_of_no_series_is_neutral() -> None:
    pool = fit_pool(History(np.ones((0, 60)), np.arange(60)), np.array([30, 59]))
    assert (pool.index == np.ones((2, 7, 4))).all()
    assert pool.log_dispersion.tolist() == [0.0, 0.0]


def _eventful() -> History:
    """Two years of thirty products with damped outliers, and a holiday that recurs."""
    quantity = np.random.default_rng(4).poisson(3.0, (30, 728)).astype(float)
    quantity[:, 80] *= 40.0
    holidays = events(FIRST + np.array([340, 704]), [0, 0])
    return History(quantity, FIRST + np.arange(728), damped=damp_outliers(quantity), events=holidays)


def test_pool_at_several_cutoffs_is_that_of_each_history_up_to_it() -> None:
    history = _eventful()
    pool = fit_pool(history, np.array([500, 690]))
    assert pool.factors.keys() == {"year_weeks", "public_days"}
    assert pool.factors["public_days"][1, 13] != 1.0  # the holiday is the 14th day ahead
    for position, cutoff in enumerate((500, 690)):
        _assert_equal(pool.at(position), fit_pool(history.until(cutoff), np.array([cutoff])))


def test_pool_has_no_holiday_factors_without_a_calendar() -> None:
    history = replace(_eventful(), events=None)
    assert fit_pool(history, np.array([690])).factors.keys() == {"year_weeks"}


def test_pool_without_year_weeks_has_the_other_factors() -> None:
    pool = fit_pool(_eventful(), np.array([690]), PooledSettings(use_year_weeks=False))
    assert pool.factors.keys() == {"public_days"}


def test_pool_keeps_the_settings_it_was_fitted_with() -> None:
    settings = PooledSettings(weekday_prior_units=5.0)
    history = History(np.ones((2, 30)), np.arange(30))
    assert fit_pool(history, np.array([20, 29]), settings).at(0).settings == settings


def test_pool_damps_a_promotion_known_late_only_at_the_cutoffs_before_that() -> None:
    quantity = np.full((1, 60), 10.0)
    quantity[0, 40] = 900.0
    one_day, one = np.array([FIRST + 40]), np.ones((1, 1))
    plans = Plans(1, np.array([0]), one_day, one_day, one_day + 10, one, horizon=3)
    days = FIRST + np.arange(60)
    planned = plans.by_day(days)
    history = History(quantity, days, planned, damped=damp_outliers(quantity, planned), plans=plans)
    pool = fit_pool(history, np.array([49, 59]))
    # damped to 50 in the 9 days since; at the end 900 is known to be promoted
    before, after = pool.log_dispersion
    _assert_equal(pool.at(0), fit_pool(history.until(49), np.array([49])))
    assert before < np.log(10.0) < np.log(100.0) < after
    assert weekday_profiles(history.until(49), np.array([49])).level.max() < 12.0
    assert weekday_profiles(history, np.array([49])).level.min() > 20.0


def test_dispersion_curve_is_the_median_of_groups_of_similar_levels() -> None:
    rng = np.random.default_rng(1)
    level = np.repeat([2.0, 200.0], 60)[:, np.newaxis]
    units = rng.poisson(level * rng.gamma(16.0, 1 / 16.0, (120, 400))).astype(np.float64)
    units[5] = 0.0  # never sold, so it has no level
    curve = dispersion_curve(weekday_profiles(History(units, np.arange(400)), np.array([399])))
    assert curve.shape == (1, 2, 8)
    levels, dispersions = curve[0]
    np.testing.assert_allclose(np.exp(levels), [2.0, 2.0, 200.0, 200.0, 200.0, 200.0, 200.0, 200.0], rtol=0.1)
    np.testing.assert_allclose(np.exp(dispersions[[0, -1]]), [1.0 + 2 / 16, 1.0 + 200 / 16], rtol=0.15)


def test_dispersion_curve_of_few_series_is_flat_and_of_none_is_zero() -> None:
    few = dispersion_curve(weekday_profiles(History(np.full((3, 70), 5.0), np.arange(70)), np.array([69])))
    assert len(np.unique(few[0, 0])) == 1
    none = dispersion_curve(weekday_profiles(History(np.zeros((3, 70)), np.arange(70)), np.array([69])))
    assert not none.any()
