import numpy as np
import pytest

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import History, PublicDays
from lepton_spark.models.pooled.factors.holidays import N_AHEAD, public_day_factors
from lepton_spark.models.pooled.factors.month_days import month_days
from lepton_spark.models.pooled.factors.year_weeks import year_weeks
from lepton_spark.models.pooled.shrunk_weekday import ShrunkWeekday, pool_at

FIRST = 18_000
YEAR = 364
N_DAYS = 3 * YEAR
HOLIDAY, EVE = 0, 1
AT = 340
"""The day of the year on which the holiday falls; its eve is the day before."""

PUBLIC = PublicDays(
    FIRST + np.array([day + year * YEAR for year in range(3) for day in (AT - 1, AT)]),
    np.array([EVE, HOLIDAY] * 3),
)
CUTOFF = 2 * YEAR + AT - 11
"""Ten days before the third year's eve; steps count from one."""


def shop(
    holiday: tuple[float, float] = (2.0, 2.0), eve: float = 1.5, noise: float = 0.03, units: float = 10.0
) -> History:
    """Thirty products of three years; what the holidays and their eves sell, over an ordinary day."""
    rng = np.random.default_rng(0)
    rate = np.exp(rng.normal(0.0, noise, N_DAYS))
    for year in range(3):
        rate[year * YEAR + AT] *= (*holiday, 1.0)[year]
        rate[year * YEAR + AT - 1] *= eve
    quantity = units * np.outer(np.arange(1.0, 31.0), rate)
    return History(quantity, FIRST + np.arange(N_DAYS), public_days=PUBLIC)


def factors(history: History, cutoff: int = CUTOFF) -> FloatArray:
    return public_day_factors(history, np.array([cutoff]))[0]


def test_a_kind_of_day_is_expected_as_it_came_before_and_no_other_day_changes() -> None:
    found = factors(shop())
    assert found.shape == (N_AHEAD,)
    assert found[9] == pytest.approx(1.5, rel=0.05)
    assert found[10] == pytest.approx(2.0, rel=0.05)
    assert (np.delete(found, [9, 10]) == 1.0).all()


def test_what_was_seen_once_is_nearly_believed_and_noise_is_not() -> None:
    once = factors(shop(), YEAR + AT - 11)
    assert once[10] == pytest.approx(2.0, rel=0.07)
    never = factors(shop(), AT - 11)
    assert (never == 1.0).all()
    noisy = factors(shop((1.0, 1.0), eve=1.0, noise=0.5))
    assert abs(np.log(noisy[9:11])).max() < 0.25  # the two eves' noise alone is 0.35 off


def test_the_two_times_are_averaged_and_an_absurd_one_is_held_back() -> None:
    found = factors(shop((1.0, 4.0)))[10]
    assert found == pytest.approx(2.0, rel=0.06)
    absurd = factors(shop((1.0, 1e6)))[10]
    assert absurd == pytest.approx(np.sqrt(4.95), rel=0.06)  # 1 and e^1.6


def test_a_holiday_is_held_against_days_that_are_none() -> None:
    """A week before it another sells twenty times as much; both fall on the same weekday."""
    other = PublicDays(
        np.append(PUBLIC.days, PUBLIC.days + 7).reshape(2, 3, 2).swapaxes(0, 1).ravel(),
        np.array([EVE, HOLIDAY, EVE + 2, HOLIDAY + 2] * 3),
    )
    history = shop((20.0, 20.0))
    assert public_day_factors(History(history.quantity, history.days, public_days=other), np.array([CUTOFF]))[
        0, 17
    ] == pytest.approx(1.0, abs=0.05)


def test_nothing_is_seen_after_a_cutoff() -> None:
    history = shop()
    changed = history.quantity.copy()
    changed[:, CUTOFF + 1 :] *= 7.0
    after = History(changed, history.days, public_days=PUBLIC)
    np.testing.assert_array_equal(factors(history), factors(after))


def test_a_day_on_which_a_busy_pool_sold_nothing_each_time_is_closed() -> None:
    closed = factors(shop((0.0, 0.0)))
    assert closed[10] == 0.0
    assert closed[9] > 1.0
    assert factors(shop((0.0, 2.0)))[10] == pytest.approx(2.0, rel=0.05)  # open since
    assert factors(shop((0.0, 0.0), units=0.01))[10] == 1.0  # five units a day: none is no wonder


def test_without_days_or_of_weeks_nothing_is_known() -> None:
    history = shop()
    untold = History(history.quantity, history.days)
    assert pool_at(untold, np.array([CUTOFF])).public_days is None
    assert (factors(untold) == 1.0).all()
    none = PublicDays(np.array([], dtype=np.int64), np.array([], dtype=np.int64))
    assert (factors(History(history.quantity, history.days, public_days=none)) == 1.0).all()
    for period in (7, 1):  # every seventh day, the holiday among them
        days = history.quantity[:, AT % 7 :: 7], history.days[AT % 7 :: 7]
        weeks = History(*days, period=period, public_days=PUBLIC)
        assert (factors(weeks, CUTOFF // 7) == 1.0).all() == (period == 7)


def test_short_histories_know_no_public_days() -> None:
    """A holiday on day 35 with whole neighbours, but too few other days to tell what is noise."""
    days = PublicDays(FIRST + np.array([35, 90]), np.array([0, 0]))
    rate = np.where(np.arange(72) == 35, 3.0, 1.0)
    short = History(np.outer(np.arange(1.0, 31.0), rate), FIRST + np.arange(72), public_days=days)
    assert (factors(short.until(50), 50) == 1.0).all()
    assert factors(short, 71)[18] == pytest.approx(3.0, rel=0.01)


def test_what_is_put_down_to_a_holiday_is_not_put_down_to_the_month_or_the_year_too() -> None:
    cutoff = np.array([CUTOFF])
    with_it, without = shop((4.0, 4.0), eve=3.0), shop((1.0, 1.0), eve=1.0)
    np.testing.assert_allclose(month_days(with_it, cutoff), month_days(without, cutoff), atol=2e-3)
    np.testing.assert_allclose(year_weeks(with_it, cutoff), year_weeks(without, cutoff), atol=2e-3)
    untold = History(with_it.quantity, with_it.days)
    assert abs(year_weeks(untold, cutoff) - year_weeks(without, cutoff)).max() > 0.05


def test_in_the_first_year_public_days_are_days_like_others() -> None:
    history = shop((4.0, 4.0), eve=3.0)
    untold = History(history.quantity, history.days)
    first, second = (pool_at(given, np.array([YEAR - 1, YEAR])) for given in (history, untold))
    assert first.month_days is not None
    assert second.month_days is not None
    assert (first.month_days[0] == second.month_days[0]).all()
    assert (first.month_days[1] != second.month_days[1]).any()
    assert first.public_days is not None
    assert (first.public_days[0] == 1.0).all()


def test_the_weekday_forecast_follows_public_days_as_far_as_they_are_looked_up() -> None:
    history = shop().until(CUTOFF)
    pool = pool_at(history, np.array([CUTOFF]))
    given = History(history.quantity, history.days, pools={int(history.days[-1]): pool})
    forecast = ShrunkWeekday().fit_forecast(given, N_AHEAD + 20).forecast
    usual = np.delete(forecast, [9, 10], axis=1).mean()
    assert forecast[:, 10].mean() / usual == pytest.approx(2.0, rel=0.1)
    assert forecast[:, N_AHEAD:].mean() / usual == pytest.approx(1.0, rel=0.05)


def test_a_part_of_a_history_keeps_its_days() -> None:
    history = shop()
    assert history.until(400).public_days is PUBLIC
    assert history.select(np.array([2])).public_days is PUBLIC
