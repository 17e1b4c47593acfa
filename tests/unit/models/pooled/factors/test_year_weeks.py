import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.factors.year_weeks import N_WEEKS, year_weeks
from lepton_spark.models.pooled.shrunk_weekday import ShrunkWeekday, pool_at

FIRST = 18_000
N_DAYS = 364 * 3


def _shop(peaks: tuple[float, float, float], noise: float = 0.1) -> History:
    """Thirty products of three years; weeks 44 to 47 of each sell so many times the usual."""
    rng = np.random.default_rng(0)
    day = np.arange(N_DAYS)
    peak = np.array(peaks)[day // 364]
    rate = np.where((day % 364) // 7 // 4 == 11, peak, 1.0) * np.exp(rng.normal(0.0, noise, N_DAYS))
    return History(np.outer(np.arange(1.0, 31.0), rate), FIRST + day)


BEFORE_PEAK = 2 * 364 + 44 * 7 - 1
"""The last day before the third year's peak."""


def test_a_peak_that_came_back_is_expected_again() -> None:
    (factors,) = year_weeks(_shop((2.0, 2.0, 1.0)), np.array([BEFORE_PEAK]))
    assert len(factors) == N_WEEKS
    np.testing.assert_allclose(factors[:4], 2.0, rtol=0.2)  # drawn a little to none
    np.testing.assert_allclose(factors[4:], 1.0, rtol=0.1)


def test_a_peak_that_did_not_come_back_is_not_expected() -> None:
    (factors,) = year_weeks(_shop((2.0, 1.0, 1.0)), np.array([2 * 364 - 9 * 7 + 364]))
    np.testing.assert_allclose(factors, 1.0, atol=0.1)
    (once,) = year_weeks(_shop((1.0, 2.0, 1.0)), np.array([BEFORE_PEAK]))
    assert (once[:4] < 1.3).all()  # seen once, and its absence the year before counts against it


def test_nothing_is_seen_after_a_cutoff_and_little_is_known_within_a_year() -> None:
    history = _shop((2.0, 2.0, 2.0))
    changed = history.quantity.copy()
    changed[:, BEFORE_PEAK + 1 :] *= 9.0
    cutoffs = np.array([300, 419, BEFORE_PEAK])
    found = year_weeks(history, cutoffs)
    np.testing.assert_array_equal(found, year_weeks(History(changed, history.days), cutoffs))
    assert (found[:2] == 1.0).all()
    assert (found[2] != 1.0).all()


def test_noise_is_not_taken_for_a_season() -> None:
    (factors,) = year_weeks(_shop((1.0, 1.0, 1.0), noise=0.3), np.array([N_DAYS - 1]))
    assert abs(np.log(factors)).max() < 0.05


def test_the_weekday_forecast_follows_last_year() -> None:
    history = _shop((2.0, 2.0, 1.0)).until(BEFORE_PEAK)
    pool = pool_at(history, np.array([history.n_days - 1]))
    given = History(history.quantity, history.days, pools={int(history.days[-1]): pool})
    forecast = ShrunkWeekday().fit_forecast(given, 100).forecast
    assert forecast.shape == (30, 100)
    assert forecast[:, :28].mean() / forecast[:, 28:91].mean() == pytest.approx(2.0, rel=0.15)
    np.testing.assert_allclose(
        forecast[:, 91:].mean() / forecast[:, 28:91].mean(), 1.0, rtol=0.1
    )  # beyond 13 weeks nothing is looked up
