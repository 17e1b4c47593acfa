import numpy as np
import pytest

from lepton_spark.models.data.decayed_sums import decay, project, ratio
from lepton_spark.models.data.history import History, PoolProfile
from lepton_spark.models.data.outliers import damped
from lepton_spark.models.pooled.shrunk_weekday import (
    PRIOR_UNITS,
    Profiles,
    ShrunkWeekday,
    averaged_level,
    pool_at,
    pool_profile,
    profiles,
    shrunk_index,
)

NAN = np.nan


def test_decay_gives_the_days_of_a_week_one_weight_and_later_days_none() -> None:
    weight = decay(16, np.array([14]), (7.0,))[:, 0, 0]
    # column 14 is the cutoff: 8..14 the last week, 1..7 the one before, 0 the third
    assert weight.tolist() == [0.25] + [0.5] * 7 + [1.0] * 7 + [0.0]


def test_project_sums_over_the_days() -> None:
    values = np.array([[1.0, 2.0, 4.0]])
    weight = np.array([[[1.0]], [[0.5]], [[0.25]]])
    assert project(values, weight).tolist() == [[[3.0]]]


def test_ratio_is_nought_without_a_denominator() -> None:
    assert ratio(np.array([3.0, 3.0]), np.array([2.0, 0.0])).tolist() == [1.5, 0.0]


def test_profiles_match_a_loop_over_the_days() -> None:
    rng = np.random.default_rng(0)
    quantity = rng.poisson(2.0, (3, 40)).astype(float)
    quantity[0, :10] = NAN
    history = History(quantity, np.arange(1000, 1040))
    cutoff = 33
    own = profiles(history, np.array([cutoff]))
    units, days = np.zeros((3, 7)), np.zeros((3, 7))
    for series in range(3):
        for day in range(cutoff + 1):
            if np.isnan(quantity[series, day]):
                continue
            weight = 0.5 ** ((cutoff - day) // 7 * 7 / 28.0)
            units[series, (1000 + day + 3) % 7] += weight * quantity[series, day]
            days[series, (1000 + day + 3) % 7] += weight
    np.testing.assert_allclose(own.units[:, 0, :, 1], units)
    np.testing.assert_allclose(own.days[:, 0, :, 1], days)
    np.testing.assert_allclose(own.level[:, 0, 1], units.sum(axis=1) / days.sum(axis=1))


def test_dispersion_is_the_variance_over_the_mean() -> None:
    history = History(np.array([[0.0, 0, 0, 0, 0, 0, 7.0]]), np.arange(7))
    # mean 1, mean square 7, variance 6
    assert profiles(history, np.array([6])).log_dispersion[0, 0] == pytest.approx(np.log(6.0))


def test_shrunk_index_lies_between_its_own_and_the_pools() -> None:
    own = Profiles(
        np.full((1, 1, 7, 1), 40.0), np.full((1, 1, 7, 1), 10.0), np.full((1, 1, 1), 2.0), np.zeros((1, 1))
    )
    pool = PoolProfile(np.full((1, 7, 1), 0.5), np.zeros(1))
    # own index 40 / 20 = 2, worth 20 units against the prior's 80: (40 + 80 x 0.5) / (20 + 80)
    assert shrunk_index(own, pool)[0, 0, 0, 0] == pytest.approx((40 + PRIOR_UNITS * 0.5) / (20 + PRIOR_UNITS))


def test_lumpy_demand_is_drawn_further_to_the_pool() -> None:
    shape = (1, 1, 7, 1)
    pool = PoolProfile(np.full((1, 7, 1), 0.5), np.zeros(1))
    smooth, lumpy = (
        shrunk_index(
            Profiles(np.full(shape, 40.0), np.full(shape, 10.0), np.full((1, 1, 1), 2.0), np.full((1, 1), d)),
            pool,
        )
        for d in (0.0, 2.0)
    )
    assert (lumpy < smooth).all()


def test_one_huge_product_does_not_set_the_pools_profile() -> None:
    quantity = np.tile([1.0, 1, 1, 1, 1, 1, 8.0], (40, 4))
    quantity[0] = np.tile([8e6, 0, 0, 0, 0, 0, 0], 4)
    history = History(quantity, np.arange(28))
    index = pool_profile(profiles(history, np.array([27]))).index[0, :, -1]
    assert np.argmax(index) == (6 + 3) % 7


def test_level_is_the_mean_of_six_decayed_means() -> None:
    quantity = np.concatenate([np.full(7, 3.0), np.full(7, 1.0)])[np.newaxis]
    # each decayed mean is (1 + 3 d) / (1 + d) with d = 0.5 ** (7 / half-life)
    share = 0.5 ** (7.0 / np.array([7.0, 14, 28, 56, 112, 224]))
    level = averaged_level(History(quantity, np.arange(14)), np.array([13]))
    assert level[0, 0] == pytest.approx(np.mean((1 + 3 * share) / (1 + share)))


def test_a_steady_week_is_repeated_and_an_unknown_series_has_no_forecast() -> None:
    week = [2.0, 4, 6, 8, 10, 12, 14]
    index = np.roll(week, 3)[np.newaxis, :, np.newaxis] / 8.0  # day 0 was a Thursday
    pool = PoolProfile(np.repeat(index, 4, axis=2), np.zeros(1))
    history = History(np.array([week * 6, [NAN] * 42]), np.arange(42), pools={41: pool})
    forecast = ShrunkWeekday().fit_forecast(history, 8).forecast
    np.testing.assert_allclose(forecast[0], [*week, 2.0])
    assert np.isnan(forecast[1]).all()


def test_with_a_shipped_profile_a_series_does_not_depend_on_the_batch() -> None:
    rng = np.random.default_rng(2)
    history = History(rng.poisson(3.0, (20, 60)).astype(float), np.arange(60))
    pool = pool_profile(profiles(history, np.array([59])))
    pooled = History(history.quantity, history.days, pools={59: pool})
    whole = ShrunkWeekday().fit_forecast(pooled, 28).forecast
    part = ShrunkWeekday().fit_forecast(pooled.select(np.array([4, 9])), 28).forecast
    np.testing.assert_allclose(part, whole[[4, 9]], rtol=1e-12)
    alone = ShrunkWeekday().fit_forecast(history, 28).forecast
    assert not np.allclose(alone, whole)  # without a pool the season is drawn to none


def test_history_knows_the_pool_of_its_own_cutoff_alone() -> None:
    first, last = PoolProfile(np.ones((1, 7, 4)), np.zeros(1)), PoolProfile(np.ones((1, 7, 4)), np.ones(1))
    history = History(np.ones((2, 30)), np.arange(100, 130), pools={129: last, 120: first})
    assert history.pool is last
    assert history.until(20).pool is first
    assert history.until(19).pool is None
    assert history.select(np.array([0])).pool is last


def test_series_beyond_all_numbers_is_left_out_of_the_pool() -> None:
    quantity = np.random.default_rng(3).poisson(3.0, (20, 60)).astype(float)
    sound = pool_profile(profiles(History(quantity, np.arange(60)), np.array([59])))
    poisoned = np.vstack([quantity, np.full((1, 60), 1e300)])
    with np.errstate(over="ignore", invalid="ignore"):
        own = profiles(History(poisoned, np.arange(60)), np.array([59]))
    np.testing.assert_array_equal(pool_profile(own).index, sound.index)
    np.testing.assert_array_equal(pool_profile(own).log_dispersion, sound.log_dispersion)


def test_a_pool_taken_apart_by_cutoff_and_joined_again_is_the_same() -> None:
    quantity = np.random.default_rng(4).poisson(3.0, (30, 120)).astype(float)
    quantity[:, 80] *= 40.0
    history = History(quantity, np.arange(120), damped=damped(quantity))
    pool = pool_at(history, np.array([70, 119]))
    apart = [pool.at(0), pool.at(1)]
    for place, cutoff in enumerate((70, 119)):
        alone = pool_at(history.until(cutoff), np.array([cutoff]))
        for name, values in alone.arrays.items():
            np.testing.assert_allclose(apart[place].arrays[name], values, rtol=1e-9, err_msg=name)
    joined = PoolProfile.joined(apart)
    assert joined.arrays.keys() == {"index", "log_dispersion", "month_days", "year_weeks", "excess"}
    for name, values in pool.arrays.items():
        np.testing.assert_array_equal(joined.arrays[name], values)
    assert pool.excess is not None
    assert pool.excess[0] == 1.0 < pool.excess[1]
