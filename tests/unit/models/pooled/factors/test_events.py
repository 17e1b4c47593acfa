from dataclasses import replace

import numpy as np
import pytest

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.factors import EVENTS
from lepton_spark.models.pooled.factors.year_weeks import YearWeekFactor
from lepton_spark.models.pooled.pool_statistics import fit_pool
from lepton_spark.models.registry import SHRUNK_WEEKDAY, Candidate, create
from tests.unit.models.events import events

FIRST = 18_000
YEAR = 364
N_DAYS = 3 * YEAR
N_AHEAD = 91
HOLIDAY, EVE = 0, 1
DAY = 340
"""Day of the year on which the holiday falls; its eve is the day before."""

CALENDAR = events(
    FIRST + np.array([day + year * YEAR for year in range(3) for day in (DAY - 1, DAY)]),
    np.array([EVE, HOLIDAY] * 3),
)
CUTOFF = 2 * YEAR + DAY - 11
"""The third year's eve is the tenth day ahead, position 9, and its holiday the eleventh."""


def _shop(
    holiday: tuple[float, float] = (2.0, 2.0), eve: float = 1.5, noise: float = 0.03, units: float = 10.0
) -> History:
    """Thirty products of three years, with sales of the first two holidays and eves over ordinary days."""
    rate = np.exp(np.random.default_rng(0).normal(0.0, noise, N_DAYS))
    for year in range(3):
        rate[year * YEAR + DAY] *= (*holiday, 1.0)[year]
        rate[year * YEAR + DAY - 1] *= eve
    quantity = units * np.outer(np.arange(1.0, 31.0), rate)
    return History(quantity, FIRST + np.arange(N_DAYS), events=CALENDAR)


def _factors(history: History, cutoff: int = CUTOFF) -> FloatArray:
    learned = EVENTS.fit(history, np.array([cutoff]))
    assert learned is not None
    return learned[0]


def test_holiday_is_expected_to_sell_as_before_and_other_days_as_usual() -> None:
    found = _factors(_shop())
    assert found.shape == (N_AHEAD,)
    assert found[9] == pytest.approx(1.5, rel=0.05)
    assert found[10] == pytest.approx(2.0, rel=0.05)
    assert (np.delete(found, [9, 10]) == 1.0).all()


def test_single_occurrence_counts_for_nearly_all_and_none_for_nothing() -> None:
    assert _factors(_shop(), YEAR + DAY - 11)[10] == pytest.approx(2.0, rel=0.07)
    assert (_factors(_shop(), DAY - 11) == 1.0).all()


def test_occurrences_are_shrunk_where_the_pool_is_noisy() -> None:
    noisy = _factors(_shop((1.0, 1.0), eve=1.0, noise=0.5))
    assert abs(np.log(noisy[9:11])).max() < 0.25  # the noise of the two eves alone is 0.35


def test_occurrences_are_averaged_in_logs_and_an_absurd_one_is_capped() -> None:
    assert _factors(_shop((1.0, 4.0)))[10] == pytest.approx(2.0, rel=0.06)
    assert _factors(_shop((1.0, 1e6)))[10] == pytest.approx(np.sqrt(4.95), rel=0.06)  # 1 and e^1.6


def test_holiday_is_compared_with_ordinary_days_only() -> None:
    """A week after a holiday that sells twentyfold comes another kind of holiday, which sells as usual."""
    history = _shop((20.0, 20.0))
    days = np.append(CALENDAR.days, CALENDAR.days + 7)
    both = replace(history, events=events(days, np.append(CALENDAR.names, CALENDAR.names + 2)))
    assert _factors(both)[17] == pytest.approx(1.0, abs=0.05)


def test_holiday_without_a_sale_of_a_busy_pool_each_time_is_closed() -> None:
    closed = _factors(_shop((0.0, 0.0)))
    assert closed[10] == 0.0
    assert closed[9] > 1.0


def test_holiday_that_sold_once_is_not_closed() -> None:
    assert _factors(_shop((0.0, 2.0)))[10] == pytest.approx(2.0, rel=0.05)


def test_holiday_without_a_sale_of_a_small_pool_is_not_closed() -> None:
    assert _factors(_shop((0.0, 0.0), units=0.01))[10] == 1.0  # fewer than five units a day


def test_factors_are_left_out_without_a_calendar_and_one_with_an_empty_calendar() -> None:
    history = _shop()
    assert EVENTS.fit(replace(history, events=None), np.array([CUTOFF])) is None
    none = np.zeros(0, dtype=np.int64)
    assert (_factors(replace(history, events=events(none, none))) == 1.0).all()


@pytest.mark.parametrize("period", [1, 7], ids=["days", "weeks"])
def test_weekly_columns_have_no_holidays(period: int) -> None:
    history = _shop()
    every_seventh = slice(DAY % 7, None, 7)  # the holiday among them
    columns = history.quantity[:, every_seventh], history.days[every_seventh]
    factors = _factors(History(*columns, period=period, events=CALENDAR), CUTOFF // 7)
    assert (factors == 1.0).all() == (period == 7)


def test_short_history_cannot_tell_a_holiday_from_noise() -> None:
    """A threefold holiday on day 35 with known neighbours; sixty ordinary days must have them too."""
    calendar = events(FIRST + np.array([35, 90]), [0, 0])
    rate = np.where(np.arange(72) == 35, 3.0, 1.0)
    short = History(np.outer(np.arange(1.0, 31.0), rate), FIRST + np.arange(72), events=calendar)
    assert (_factors(short.until(50), 50) == 1.0).all()
    assert _factors(short, 71)[18] == pytest.approx(3.0, rel=0.01)


def test_sales_of_a_holiday_are_not_attributed_to_the_year_as_well() -> None:
    cutoff, weeks = np.array([CUTOFF]), YearWeekFactor()
    with_effect, without = _shop((4.0, 4.0), eve=3.0), _shop((1.0, 1.0), eve=1.0)
    np.testing.assert_allclose(weeks.fit(with_effect, cutoff), weeks.fit(without, cutoff), atol=2e-3)
    no_calendar = replace(with_effect, events=None)
    assert abs(weeks.fit(no_calendar, cutoff) - weeks.fit(without, cutoff)).max() > 0.05


def test_weekday_forecast_follows_holidays_of_the_next_91_days() -> None:
    history = _shop().until(CUTOFF)
    pool = fit_pool(history, np.array([CUTOFF]))
    model = create(Candidate(SHRUNK_WEEKDAY), pool)
    forecast = model.fit_forecast(history, N_AHEAD + 20).forecast
    usual = np.delete(forecast, [9, 10], axis=1).mean()
    assert forecast[:, 10].mean() / usual == pytest.approx(2.0, rel=0.1)
    assert forecast[:, N_AHEAD:].mean() / usual == pytest.approx(1.0, rel=0.05)
