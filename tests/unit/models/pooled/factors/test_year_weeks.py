import numpy as np
import pytest

from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.factors.year_weeks import YearWeekFactor
from lepton_spark.models.pooled.pool_statistics import fit_pool
from lepton_spark.models.pooled.shrunk_weekday import ShrunkWeekday

FIRST = 18_000
N_DAYS = 364 * 3
BEFORE_PEAK = 2 * 364 + 44 * 7 - 1
"""The last day before the third year's peak."""


def _shop(peaks: tuple[float, float, float], noise: float = 0.1) -> History:
    """Thirty products of three years; weeks 44 to 47 of each year sell so many times the usual."""
    rng = np.random.default_rng(0)
    day = np.arange(N_DAYS)
    peak = np.array(peaks)[day // 364]
    rate = np.where((day % 364) // 7 // 4 == 11, peak, 1.0) * np.exp(rng.normal(0.0, noise, N_DAYS))
    return History(np.outer(np.arange(1.0, 31.0), rate), FIRST + day)


def _factors(history: History, cutoff: int) -> np.ndarray:
    return YearWeekFactor().fit(history, np.array([cutoff]))[0]


def test_peak_that_came_back_is_expected_again() -> None:
    factors = _factors(_shop((2.0, 2.0, 1.0)), BEFORE_PEAK)
    assert len(factors) == 13
    np.testing.assert_allclose(factors[:4], 2.0, rtol=0.2)  # shrunk a little to 1
    np.testing.assert_allclose(factors[4:], 1.0, rtol=0.1)


def test_peak_that_did_not_come_back_is_not_expected() -> None:
    factors = _factors(_shop((2.0, 1.0, 1.0)), 3 * 364 - 9 * 7)
    np.testing.assert_allclose(factors, 1.0, atol=0.1)


def test_peak_of_one_year_only_is_hardly_expected() -> None:
    """It was absent the year before, which counts against it."""
    assert (_factors(_shop((1.0, 2.0, 1.0)), BEFORE_PEAK)[:4] < 1.3).all()


def test_peak_above_threefold_is_capped() -> None:
    factors = _factors(_shop((50.0, 50.0, 1.0), noise=0.0), BEFORE_PEAK)
    assert 2.6 < factors[:4].max() <= np.exp(1.1)


def test_factors_are_one_before_a_year_could_repeat() -> None:
    history = _shop((2.0, 2.0, 2.0))
    factors = YearWeekFactor().fit(history, np.array([300, 419, BEFORE_PEAK]))
    assert (factors[:2] == 1.0).all()
    assert (factors[2] != 1.0).all()


def test_noise_is_not_mistaken_for_a_season() -> None:
    assert abs(np.log(_factors(_shop((1.0, 1.0, 1.0), noise=0.3), N_DAYS - 1))).max() < 0.05


def test_repeating_share_is_shrunk_by_the_noise_expected_of_ratios() -> None:
    """Without noise all years are alike; their ratios are known up to a deviation of 0.1."""
    history = _shop((2.0, 2.0, 1.0), noise=0.0).until(BEFORE_PEAK)
    total = history.quantity.sum(axis=0)
    earlier, later = [], []
    for day in range(0, BEFORE_PEAK + 1 - 364, 7):  # a slow reference
        for week in range(13):
            first, second = (_log_ratio(total, day + year, week) for year in (0, 364))
            if first is not None and second is not None:
                earlier.append(first)
                later.append(second)
    x, y = np.array(earlier), np.array(later)
    share = np.sum(x * y) / (np.sum(x * x) + 0.1**2 * len(x))
    last_year = [_log_ratio(total, BEFORE_PEAK - 364, week) for week in range(13)]
    expected = [np.exp(share * ratio) for ratio in last_year if ratio is not None]
    np.testing.assert_allclose(_factors(history, BEFORE_PEAK), expected, rtol=1e-9)


def _log_ratio(total: np.ndarray, day: int, week: int) -> float | None:
    """Log of the daily mean of a week ahead over that of the 56 days up to `day`."""
    base = total[max(day - 55, 0) : day + 1]
    ahead = total[day + 1 + 7 * week : day + 8 + 7 * week]
    if len(base) < 28 or len(ahead) < 3:
        return None
    return float(np.log(ahead.mean() / base.mean()))


def test_weekday_forecast_follows_last_year_for_13_weeks() -> None:
    history = _shop((2.0, 2.0, 1.0)).until(BEFORE_PEAK)
    pool = fit_pool(history, np.array([BEFORE_PEAK]))
    forecast = ShrunkWeekday(pool).fit_forecast(history, 100).forecast
    assert forecast.shape == (30, 100)
    usual = forecast[:, 28:91].mean()
    assert forecast[:, :28].mean() / usual == pytest.approx(2.0, rel=0.15)
    assert forecast[:, 91:].mean() / usual == pytest.approx(1.0, rel=0.1)
