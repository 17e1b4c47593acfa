from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.elsewhere import Elsewhere
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled import profiles
from lepton_spark.models.pooled.pool import Pool
from lepton_spark.models.pooled.pool_statistics import fit_pool
from lepton_spark.models.pooled.profiles import (
    WeekdayProfiles,
    averaged_level,
    index_on_days,
    shrunk_index,
    weekday_profiles,
)
from lepton_spark.models.pooled.settings import PooledSettings

NAN = np.nan


def test_profiles_equal_a_loop_over_the_days() -> None:
    rng = np.random.default_rng(0)
    quantity = rng.poisson(2.0, (3, 40)).astype(float)
    quantity[0, :10] = NAN
    cutoff = 33
    own = weekday_profiles(History(quantity, np.arange(1000, 1040)), np.array([cutoff]))
    units, days = np.zeros((3, 7)), np.zeros((3, 7))
    for series in range(3):
        for day in range(cutoff + 1):
            if np.isnan(quantity[series, day]):
                continue
            weight = 0.5 ** ((cutoff - day) // 7 * 7 / 28.0)  # the second half-life
            units[series, (1000 + day + 3) % 7] += weight * quantity[series, day]
            days[series, (1000 + day + 3) % 7] += weight
    np.testing.assert_allclose(own.units[:, 0, :, 1], units)
    np.testing.assert_allclose(own.days[:, 0, :, 1], days)
    np.testing.assert_allclose(own.level[:, 0, 1], units.sum(axis=1) / days.sum(axis=1))


def test_dispersion_is_the_variance_over_the_mean_and_at_least_poisson() -> None:
    history = History(np.array([[0.0, 0, 0, 0, 0, 0, 7.0], [3.0] * 7]), np.arange(7))
    # mean 1, mean square 7, variance 6; a constant has none
    found = weekday_profiles(history, np.array([6])).log_dispersion[:, 0]
    np.testing.assert_allclose(found, [np.log(6.0), 0.0])


def test_finite_profiles_leave_out_series_whose_sums_overflow() -> None:
    quantity = np.array([[1.0] * 7, [1e308] * 7, [2.0] * 7])
    with np.errstate(over="ignore", invalid="ignore"):
        own = weekday_profiles(History(quantity, np.arange(7)), np.array([6])).finite()
    assert own.level[:, 0, 0].tolist() == [1.0, 2.0]
    assert own.units.shape == own.days.shape == (2, 1, 7, 4)
    assert own.log_dispersion.shape == (2, 1)


def _own(log_dispersion: float) -> WeekdayProfiles:
    """40 units on 10 days of a weekday, at a level of 2 a day: an index of 2, known from 20 units."""
    shape = (1, 1, 7, 1)
    level, dispersion = np.full((1, 1, 1), 2.0), np.full((1, 1), log_dispersion)
    return WeekdayProfiles(np.full(shape, 40.0), np.full(shape, 10.0), level, dispersion)


POOL = Pool(np.full((1, 7, 1), 0.5), np.zeros(1))


def test_index_is_shrunk_towards_the_pool_by_a_prior_of_80_units() -> None:
    # (40 + 80 x 0.5) / (20 + 80)
    np.testing.assert_allclose(shrunk_index(_own(0.0), POOL), 0.8)


def test_prior_is_a_setting() -> None:
    pool = replace(POOL, settings=PooledSettings(weekday_prior_units=20.0))
    np.testing.assert_allclose(shrunk_index(_own(0.0), pool), 1.25)  # (40 + 20 x 0.5) / (20 + 20)


def test_recent_profile_counts_the_last_four_weeks_only() -> None:
    quantity = np.ones((1, 100))
    quantity[:, :-28] = 9.0
    own = weekday_profiles(History(quantity, np.arange(100)), np.array([99]))
    assert own.level[0, 0, 0] == pytest.approx(1.0)
    assert own.level[0, 0, 1:].min() > 4.0


def index_after_a_move(strong: float, other: float, *, moved: int) -> np.ndarray:
    """[30, 7], the index of 30 products with strong Saturdays; `moved` of them now have strong Wednesdays."""
    days = np.arange(4, 4 + 7 * 52)  # from a Monday
    units = np.where((days + 3) % 7 == 5, strong, other) * np.ones((30, 1))
    units[:moved, -28:] = np.where((days[-28:] + 3) % 7 == 2, strong, other)
    history, cutoff = History(units, days), np.array([len(days) - 1])
    return shrunk_index(weekday_profiles(history, cutoff), fit_pool(history, cutoff))[:, 0, :, -1]


def test_index_follows_a_product_whose_strong_weekday_moved() -> None:
    index = index_after_a_move(60.0, 4.0, moved=1)
    assert index[0, 2] > 4.0  # 5 = 60 units over a mean of 12
    assert index[0, 5] < 1.0
    assert index[1, 5] == pytest.approx(5.0, rel=0.02)


def test_index_of_slow_products_follows_a_change_of_the_whole_shop() -> None:
    # none sells enough to show it: 0.9 units a week, strong days three times as much as others
    index = index_after_a_move(0.3, 0.1, moved=30)
    assert index[0, 2] == pytest.approx(0.3 * 7 / 0.9, rel=0.02)
    assert index[0, 5] == pytest.approx(0.1 * 7 / 0.9, rel=0.02)


def test_index_of_slow_products_stays_where_only_one_has_changed() -> None:
    index = index_after_a_move(0.3, 0.1, moved=1)
    assert index[0, 5] > 2.0


def test_index_of_noisy_products_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exponential sales of 5 a day, five times as variable as Poisson demand."""
    quantity = np.random.default_rng(1).exponential(5.0, (200, 364))
    history, cutoff = History(quantity, np.arange(364)), np.array([363])
    own, pool = weekday_profiles(history, cutoff), fit_pool(history, cutoff)
    found = shrunk_index(own, pool)
    monkeypatch.setattr(profiles, "MIN_GAIN", np.inf)
    has_changed = (found != shrunk_index(own, pool)).any(axis=(1, 2, 3))
    assert has_changed.mean() < 0.02


@pytest.mark.parametrize(("of_series", "of_pool"), [(2.0, 0.0), (0.0, 2.0), (1.0, 1.0)])
def test_lumpy_demand_is_shrunk_further_by_the_mean_log_dispersion(of_series: float, of_pool: float) -> None:
    pool = replace(POOL, log_dispersion=np.array([of_pool]))
    prior = 80.0 * np.e  # e^((2 + 0) / 2) times as large
    expected = (40.0 + prior * 0.5) / (20.0 + prior)
    np.testing.assert_allclose(shrunk_index(_own(of_series), pool), expected)


def test_averaged_level_is_the_mean_of_six_decayed_means() -> None:
    quantity = np.concatenate([np.full(7, 3.0), np.full(7, 1.0)])[np.newaxis]
    # each decayed mean is (1 + 3 d) / (1 + d) with d = 0.5 ** (7 / half-life)
    share = 0.5 ** (7.0 / np.array([7.0, 14, 28, 56, 112, 224]))
    level = averaged_level(History(quantity, np.arange(14)), np.array([13]))
    assert level[0, 0] == pytest.approx(np.mean((1 + 3 * share) / (1 + share)))


def test_averaged_level_is_zero_without_a_known_day() -> None:
    assert averaged_level(History(np.full((1, 7), NAN), np.arange(7)), np.array([6])).tolist() == [[0.0]]


def test_level_of_a_location_is_shrunk_to_that_of_the_product() -> None:
    quantity = np.array([[0.0, 0, 3, 0, 0, 4, 0]] * 2)  # 7 units in 7 days
    elsewhere = Elsewhere(np.array([[14.0], [0]]), np.array([[28.0], [0]]), np.array([6]))
    level = averaged_level(History(quantity, np.arange(7), elsewhere=elsewhere), np.array([6]))[:, 0]
    product = 21 / 35
    expected = product * (7 + 1) / (product * 7 + 1)  # times the location's share, with a prior of one unit
    assert level[0] == pytest.approx(expected * (7 + 20) / (expected * 7 + 20))
    assert level[1] == averaged_level(History(quantity, np.arange(7)), np.array([6]))[1, 0] == 1.0


def test_series_without_other_locations_keeps_its_level_to_the_bit() -> None:
    rng = np.random.default_rng(3)
    history = History(rng.gamma(0.3, 100.0, (200, 70)), np.arange(1000, 1070))
    has_others = np.arange(200) % 2 == 1
    columns = np.where(has_others[:, np.newaxis], 14.0, 0.0) * np.ones(10)
    together = replace(history, elsewhere=Elsewhere(columns, columns, history.days[6::7]))
    cutoffs = np.array([40, 69])
    same = averaged_level(together, cutoffs) == averaged_level(history, cutoffs)
    assert same.all(axis=1).tolist() == (~has_others).tolist()


def test_priors_of_a_location_are_settings() -> None:
    history = replace(
        History(np.ones((1, 7)), np.arange(7)),
        elsewhere=Elsewhere(np.array([[14.0]]), np.array([[28.0]]), np.array([6])),
    )
    strong = PooledSettings(location_prior_units=1e9, product_prior_units=1e9)
    assert averaged_level(history, np.array([6]), strong)[0, 0] == pytest.approx(21 / 35)
    weak = PooledSettings(location_prior_units=1e9, product_prior_units=1e-9)
    assert averaged_level(history, np.array([6]), weak)[0, 0] == pytest.approx(1.0)


def test_level_at_a_cutoff_uses_no_later_day_here_or_elsewhere() -> None:
    rng = np.random.default_rng(4)
    quantity, units = rng.poisson(0.3, (5, 70)) * 1.0, rng.poisson(9.0, (5, 10)) * 1.0
    days = np.arange(1000, 1070)

    def level(changed_from: int, cutoff: int) -> list[float]:
        here, others = quantity.copy(), units.copy()
        here[:, changed_from:] = 99.0
        others[:, changed_from // 7 :] = 999.0  # the first changed week may have begun before
        elsewhere = Elsewhere(others, np.full((5, 10), 14.0), days[6::7])
        return averaged_level(History(here, days, elsewhere=elsewhere), np.array([cutoff]))[:, 0].tolist()

    for cutoff in (40, 41, 42, 47, 48):
        assert level(cutoff + 1, cutoff) == level(70, cutoff)
        assert level(cutoff, cutoff) != level(70, cutoff)


def test_level_is_that_of_the_history_cut_at_the_cutoff() -> None:
    rng = np.random.default_rng(4)
    elsewhere = Elsewhere(rng.poisson(9.0, (5, 10)) * 1.0, np.full((5, 10), 14.0), np.arange(1006, 1070, 7))
    history = History(rng.poisson(0.3, (5, 70)) * 1.0, np.arange(1000, 1070), elsewhere=elsewhere)
    for cutoff in (47, 48):
        cut = history.until(cutoff).select(np.array([3, 1]))
        assert cut.elsewhere is not None
        assert cut.elsewhere.units.shape == (2, 6 if cutoff == 47 else 7)
        level = averaged_level(history, np.array([cutoff]))[[3, 1]]
        np.testing.assert_allclose(averaged_level(cut, np.array([cutoff])), level, rtol=1e-12)


def test_location_without_finite_sums_elsewhere_has_its_own_level() -> None:
    elsewhere = Elsewhere(np.array([[np.inf]]), np.array([[28.0]]), np.array([6]))
    history = History(np.ones((1, 7)), np.arange(7), elsewhere=elsewhere)
    with np.errstate(invalid="ignore"):
        assert averaged_level(history, np.array([6])).tolist() == [[1.0]]


def test_index_on_days_picks_the_weekday_of_each_day() -> None:
    index = np.arange(14.0).reshape(1, 2, 7, 1)  # two cutoffs
    days = np.array([[4, 5, 11], [3, 4, 10]])  # epoch day 4 is a Monday
    assert index_on_days(index, days)[0, :, :, 0].tolist() == [[0.0, 1.0, 0.0], [13.0, 7.0, 13.0]]
