from dataclasses import replace

import numpy as np

from lepton_spark.models.data.history import History
from lepton_spark.models.data.parts import NAMES
from lepton_spark.models.local.ridge import Ridge
from lepton_spark.models.pooled.pool_statistics import fit_pool
from lepton_spark.models.registry import Candidate, create
from tests.unit.models.events import events

HORIZON, HALF_LIFE = 14, 20.0
CANDIDATE = Candidate("ridge", (("half_life", HALF_LIFE),))


def _reference(quantity: np.ndarray, first_day: int, planned: np.ndarray | None = None) -> np.ndarray:
    """One series by least squares on weighted rows with one more row for each penalty.

    The penalties are worth 10 days for the trend, 2 for each weekday, and 5 for each planned measure.

    planned: [T+H, P].
    """
    known = np.flatnonzero(~np.isnan(quantity))
    n_days = len(quantity)
    own = np.zeros((n_days + HORIZON, 0)) if planned is None else planned

    def row(t: int) -> list[float]:
        ahead = t - (n_days - 1)
        trend = float(ahead) if ahead <= 0 else sum(0.9**i for i in range(1, ahead + 1))
        weekday = (first_day + t + 3) % 7
        return [1.0, trend / 28.0, *(float(weekday == w) for w in range(7)), *own[t].tolist()]

    weight = np.sqrt(0.5 ** ((known[-1] - known) / HALF_LIFE))
    design = np.array([row(t) for t in known]) * weight[:, None]
    penalty = np.diag(np.sqrt([0.0, 10.0] + [2.0] * 7 + [5.0] * own.shape[1]))
    beta = np.linalg.lstsq(
        np.vstack([design, penalty]),
        np.concatenate([quantity[known] * weight, np.zeros(len(penalty))]),
        rcond=None,
    )[0]
    return np.array([row(t) for t in range(n_days, n_days + HORIZON)]) @ beta


def _quantity() -> np.ndarray:
    random = np.random.default_rng(3)
    quantity = random.poisson(8.0, (5, 120)).astype(float)
    quantity[random.random(quantity.shape) < 0.2] = np.nan
    quantity[1, :100] = np.nan
    quantity[2, 60:] = np.nan
    quantity[3, :119], quantity[3, 119] = np.nan, 4.0
    return quantity


def test_ridge_equals_a_slow_reference() -> None:
    quantity = _quantity()
    fit = Ridge(HALF_LIFE).fit_forecast(History(quantity, np.arange(19_003, 19_123)), HORIZON)
    expected = np.array([_reference(series, 19_003) for series in quantity])
    np.testing.assert_allclose(fit.forecast, expected, rtol=1e-8)


def test_ridge_with_plans_equals_a_slow_reference() -> None:
    quantity = _quantity()
    random = np.random.default_rng(4)
    planned = random.random((5, 120 + HORIZON, 2)) * (random.random((5, 120 + HORIZON, 2)) < 0.3)
    planned[4] = 0.0  # never promoted
    history = History(quantity, np.arange(19_003, 19_123), planned)
    fit = Ridge(HALF_LIFE, planned=True).fit_forecast(history, HORIZON)
    expected = [_reference(series, 19_003, own) for series, own in zip(quantity, planned, strict=True)]
    np.testing.assert_allclose(fit.forecast, expected, rtol=1e-8)
    assert (fit.coefficients["planned_2"][:3] != 0.0).all()
    assert fit.coefficients["planned_1"][4] == fit.coefficients["planned_2"][4] == 0.0
    sooner = Ridge(HALF_LIFE, planned=True).fit_forecast(history, 3).forecast
    np.testing.assert_array_equal(sooner, fit.forecast[:, :3])


def test_planned_ridge_finds_the_effect_of_promotions_and_plain_ridge_ignores_them() -> None:
    planned = np.zeros((1, 364 + 7, 1))
    planned[0, ::10] = 1.0
    days = np.arange(364)
    history = History(4.0 + 6.0 * planned[:, :364, 0], days, planned)
    planned_ridge, ridge = (
        create(Candidate(name, (("half_life", 100.0),))) for name in ("planned_ridge", "ridge")
    )
    fit = planned_ridge.fit_forecast(history, 7)
    np.testing.assert_allclose(fit.forecast[0], 4.0 + 6.0 * planned[0, 364:, 0], atol=2.0)
    assert 4.0 < fit.coefficients["planned_1"][0] < 6.0
    plain = ridge.fit_forecast(history, 7).forecast
    unplanned = replace(history, regressors=None)
    np.testing.assert_array_equal(plain, ridge.fit_forecast(unplanned, 7).forecast)
    np.testing.assert_array_equal(plain, planned_ridge.fit_forecast(unplanned, 7).forecast)


def test_ridge_finds_the_weekday_profile() -> None:
    week = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 20.0, 0.0])
    days = np.arange(4, 4 + 364)  # 1970-01-05, a Monday
    fit = Ridge(200.0).fit_forecast(History(np.tile(week, (1, 52)), days), 7)
    np.testing.assert_allclose(
        fit.forecast[0], week, atol=1.0
    )  # a penalty of 2 days against about 30 days of data
    assert fit.coefficients["saturday"][0] > 10


def test_ridge_trend_is_damped_ahead() -> None:
    days = np.arange(364)
    fit = Ridge(100.0).fit_forecast(History(days[np.newaxis].astype(float), days), 28)
    slope = fit.coefficients["trend"][0]
    assert 0.8 < slope < 1.05
    assert fit.forecast[0].max() < 364 + 9.5


def _shop(n_days: int) -> History:
    """Thirty products at 10 to 300 a day; a yearly holiday doubles that, the day before adds a half."""
    first, years = 19_000, 364 * np.arange(3)
    rate = np.ones(n_days)
    for day, factor in ((71, 1.5), (72, 2.0)):
        yearly = day + years
        rate[yearly[yearly < n_days]] = factor
    calendar = events(first + np.add.outer(years, [71, 72]).ravel(), np.tile([0, 1], 3))
    quantity = np.outer(np.arange(10.0, 310.0, 10.0), rate)
    return History(quantity, np.arange(first, first + n_days), events=calendar)


def test_ridge_from_the_registry_expects_holidays_as_the_pool_sold_on_them() -> None:
    history = _shop(790)  # the day before the third year's holiday is the tenth day ahead
    level = history.quantity[:, :1]
    expected = np.ones(HORIZON)
    expected[9:11] = 1.5, 2.0
    pool = fit_pool(history, np.array([789]))
    forecast = create(CANDIDATE, pool).fit_forecast(history, HORIZON).forecast
    np.testing.assert_allclose(forecast, level * expected, rtol=0.01)
    alone = create(CANDIDATE).fit_forecast(replace(history, events=None), HORIZON).forecast
    np.testing.assert_allclose(alone, np.repeat(level, HORIZON, axis=1), rtol=0.01)


def test_ridge_from_the_registry_does_not_fit_holidays() -> None:
    history = _shop(802)  # the third year's holiday is the second last day
    pool = fit_pool(history, np.array([801]))
    level = np.repeat(history.quantity[:, :1], HORIZON, axis=1)
    found = create(CANDIDATE, pool).fit_forecast(history, HORIZON).forecast
    np.testing.assert_allclose(found, level, rtol=1e-9)
    alone = Ridge(HALF_LIFE).fit_forecast(history, HORIZON).forecast
    assert (alone > 1.03 * level).any()


def test_planned_measures_ahead_are_a_part_of_the_promotion() -> None:
    quantity = np.full((1, 70), 10.0)
    planned = np.zeros((1, 70 + HORIZON, 1))
    planned[0, 3:70:9] = 1.0
    quantity[0, 3:70:9] = 30.0
    planned[0, 70] = 0.5
    history = History(quantity, np.arange(70), regressors=planned)
    fit = Ridge(HALF_LIFE, planned=True).fit_forecast(history, HORIZON)
    parts = fit.parts.above(np.zeros(1), HORIZON)[:, 0]
    expected = np.zeros(HORIZON)
    expected[0] = 0.5 * fit.coefficients["planned_1"][0]
    np.testing.assert_allclose(parts[NAMES.index("promotion")], expected)
    assert expected[0] > 3.0
    np.testing.assert_allclose(parts.sum(axis=0), fit.forecast[0])
