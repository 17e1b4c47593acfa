import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.factors.month_days import N_STRETCHES, month_days, stretch_of
from lepton_spark.models.pooled.shrunk_weekday import ShrunkWeekday, pool_at

FIRST = int((np.datetime64("2021-01-01") - np.datetime64("1970-01-01")).astype(int))


def _history(payday: float, noise: float = 0.02, n_days: int = 365) -> History:
    """Twenty products that sell `payday` times as much on days 1 to 5 of a month."""
    rng = np.random.default_rng(0)
    days = FIRST + np.arange(n_days)
    rate = np.where(stretch_of(days) == 0, payday, 1.0) * np.exp(rng.normal(0.0, noise, n_days))
    return History(np.outer(np.arange(1.0, 21.0), rate), days)


def test_stretches_are_five_days_and_the_last_takes_the_31st() -> None:
    days = FIRST + np.array([0, 4, 5, 24, 25, 30, 31])
    assert stretch_of(days).tolist() == [0, 0, 1, 4, 5, 5, 0]


def test_a_payday_is_found_and_drawn_to_none_where_days_are_noisy() -> None:
    clear = month_days(_history(1.1), np.array([364]))[0]
    assert clear[0] / clear[1:].mean() == pytest.approx(1.1, abs=0.01)
    noisy = month_days(_history(1.1, noise=0.4), np.array([364]))[0]
    assert abs(np.log(noisy)).max() < 0.05


def test_nothing_is_seen_after_a_cutoff() -> None:
    history = _history(1.2)
    changed = history.quantity.copy()
    changed[:, 200:] *= 5.0
    first, second = (
        month_days(History(quantity, history.days), np.array([150, 199]))
        for quantity in (history.quantity, changed)
    )
    np.testing.assert_array_equal(first, second)
    assert first[0].tolist() != first[1].tolist()


def test_short_or_unknown_histories_know_no_stretches() -> None:
    history = _history(1.2, n_days=59)
    assert month_days(history, np.array([58])).tolist() == [[1.0] * N_STRETCHES]
    unknown = History(np.full((3, 100), np.nan), FIRST + np.arange(100))
    assert month_days(unknown, np.array([99])).tolist() == [[1.0] * N_STRETCHES]


def test_weeks_know_no_days_of_the_month() -> None:
    days = _history(1.5, n_days=3 * 364)
    weeks = History(days.quantity[:, ::7], days.days[::7], period=7)
    assert (month_days(weeks, np.array([weeks.n_days - 1])) == 1.0).all()
    daily = History(days.quantity[:, ::7], days.days[::7])
    assert (month_days(daily, np.array([weeks.n_days - 1])) != 1.0).any()


def test_one_series_beyond_all_numbers_and_one_absurd_day_say_nothing() -> None:
    history = _history(1.1)
    sound = month_days(history, np.array([364]))[0]
    poisoned = np.vstack([history.quantity, np.full((1, 365), 1e308)])
    np.testing.assert_allclose(month_days(History(poisoned, history.days), np.array([364]))[0], sound)
    spiked = history.quantity.copy()
    spiked[3, 100] = 1e12
    np.testing.assert_allclose(
        month_days(History(spiked, history.days), np.array([364]))[0], sound, atol=0.02
    )


def test_the_weekday_forecast_follows_the_month() -> None:
    history = _history(1.2, n_days=360)  # ends on 26 December
    pool = pool_at(history, np.array([359]))
    given = History(history.quantity, history.days, pools={int(history.days[-1]): pool})
    forecast = ShrunkWeekday().fit_forecast(given, 14).forecast
    # days 7 to 11 ahead are 2 to 6 January: of the week after new year four are in the first stretch
    assert forecast[:, 6].mean() / forecast[:, 13].mean() == pytest.approx(1.2, abs=0.03)
