import numpy as np
import pytest
from reference_series import RARE, WEEKLY

from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.local.theta import Theta, is_seasonal, weekly_profile

NAN = np.nan

# statsforecast 2.1.1, `python benchmarks/references.py`; its state of 5 is 10 on theta line 2.
SEASONAL = [
    13.693009510721588, 11.566181768130296, 13.153639739824719, 16.991097711519146, 23.090460445118328,
    33.8207755596699, 26.97966210279289, 13.805215312582554, 11.678387569991266,
]  # fmt: skip
NOT_SEASONAL = [
    0.9751882673890404, 0.9792908314916045, 0.9833933955941684, 0.9874959596967325, 0.9915985237992966,
    0.9957010879018606, 0.9998036520044246, 1.0039062161069887, 1.0080087802095528,
]  # fmt: skip


def _fit(model: Theta, series: list[float] | np.ndarray, horizon: int = 1) -> Fit:
    quantity = np.array([series], dtype=np.float64)
    return model.fit_forecast(History(quantity, np.arange(quantity.shape[1])), horizon)


@pytest.mark.parametrize(
    ("series", "seasonal", "expected"),
    [(WEEKLY, 1.0, SEASONAL), (RARE, 0.0, NOT_SEASONAL)],
    ids=["seasonal", "not seasonal"],
)
def test_theta_with_a_fixed_alpha_equals_statsforecast(
    series: np.ndarray, seasonal: float, expected: list[float]
) -> None:
    fit = _fit(Theta((0.3,), start=10.0), series, 9)
    assert fit.coefficients["seasonal"].tolist() == [seasonal]
    np.testing.assert_allclose(fit.forecast[0], expected, rtol=1e-9)


def test_theta_is_simple_smoothing_with_a_drift_of_half_the_slope() -> None:
    alpha, first, horizon = 0.3, 3.0, 5
    n_days = len(RARE)
    slope, intercept = np.polyfit(np.arange(1.0, n_days + 1.0), RARE, 1)
    level = first
    for value in RARE:
        level += alpha * (value - level)
    # Hyndman and Billah (2003), section 2: both recursions start at the same value of the series
    drift = np.arange(horizon) + (1.0 - (1.0 - alpha) ** n_days) / alpha
    start = 2.0 * first - (intercept + slope)  # theta line 2 where the series is `first` on day 1
    forecast = _fit(Theta((alpha,), start=start), RARE, horizon).forecast[0]
    np.testing.assert_allclose(forecast, level + slope / 2.0 * drift, rtol=1e-12)


def test_theta_ignores_unknown_days_on_a_line() -> None:
    line = 10.0 + 0.5 * np.arange(40.0)
    line[[3, 4, 17, 38, 39]] = NAN
    slope = _fit(Theta(), line).coefficients["slope"]
    np.testing.assert_allclose(slope, [0.5])
    # line 2 is the line; smoothed with alpha 1 it stays at the last known day, 28.5 on day 37
    np.testing.assert_allclose(_fit(Theta((1.0,)), line, 2).forecast, [[29.25, 29.5]])


def test_theta_needs_two_known_days() -> None:
    assert np.isnan(_fit(Theta(), [NAN, 4.0]).forecast).all()
    assert all(np.isnan(values).all() for values in _fit(Theta(), [NAN, 4.0]).coefficients.values())
    assert np.isfinite(_fit(Theta(), [2.0, NAN, 4.0]).forecast).all()


def test_theta_chooses_the_alpha_with_the_least_error() -> None:
    step = np.repeat([5.0, 20.0, 5.0, 20.0], 28)
    noise = np.random.default_rng(5).normal(20.0, 5.0, 112)
    assert _fit(Theta(), step).coefficients["alpha"].tolist() == [0.1]
    assert _fit(Theta(), noise).coefficients["alpha"].tolist() == [0.02]


def test_seasonality_test_finds_a_week_and_accepts_noise_at_its_level() -> None:
    random = np.random.default_rng(11)
    noise = random.normal(0.0, 1.0, (2000, 140))
    found = is_seasonal(noise, np.ones_like(noise))
    # |r7| against a one-sided 95 %: 10 % of pure noise, a little less because r7 is biased
    assert 0.05 < found.mean() < 0.12
    weekly = noise + 3.0 * (np.arange(140) % 7 == 0)
    assert is_seasonal(weekly, np.ones_like(noise)).mean() > 0.99


def test_seasonality_needs_two_weeks_of_known_days() -> None:
    days = np.arange(49)
    value = np.where(days % 7 == 0, 9.0, 0.0)[np.newaxis]
    known = (days % 7 % 3 == 0).astype(float)[np.newaxis] * (days % 7 < 6)  # two days a week
    assert is_seasonal(value, known).tolist() == [True]
    known[:, 42:] = 0.0  # twelve known days; r7 of 5/6 would be above the critical 0.65
    assert is_seasonal(value * known, known).tolist() == [False]


def test_weekly_profile_is_centred_and_free_of_the_trend() -> None:
    days = np.arange(35)
    effect = np.array([-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0])
    series = (100.0 + 2.0 * days + effect[days % 7])[np.newaxis]
    profile = weekly_profile(series, np.ones_like(series), days % 7)
    np.testing.assert_allclose(profile, effect[np.newaxis], atol=1e-12)


def test_weekly_profile_of_a_weekday_never_known_is_that_of_the_others() -> None:
    known = np.where(np.arange(35) % 7 == 6, 0.0, 1.0)[np.newaxis]
    series = 4.0 * known
    np.testing.assert_allclose(weekly_profile(series, known, np.arange(35) % 7), 0.0, atol=1e-12)


def test_theta_of_weeks_is_never_seasonal() -> None:
    """Every seventh column is high: a season if columns are days, not if they are weeks."""
    high = np.tile([1.0, 1, 1, 1, 1, 1, 30], 10)[np.newaxis]
    days = Theta().fit_forecast(History(high, np.arange(70)), 14)
    weeks = Theta().fit_forecast(History(high, 7 * np.arange(70), period=7), 14)
    assert days.coefficients["seasonal"].tolist() == [1.0]
    assert weeks.coefficients["seasonal"].tolist() == [0.0]
    assert np.ptp(weeks.forecast) < 5.0
