import numpy as np
import pytest
from reference_series import WEEKLY

from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.data.parts import NAMES
from lepton_spark.models.local.exponential_smoothing import (
    DAMPED_TREND,
    SIMPLE,
    ExponentialSmoothing,
    Smoothing,
    Start,
)

NAN = np.nan
MONDAY = 4  # 5 January 1970
WEEK = (-1.0, -5.0, -7.0, -4.0, 3.0, 9.0, 5.0)

# statsforecast 2.1.1, `python benchmarks/references.py`; SES starts at the first day there.
REFERENCES = {
    "simple": (Smoothing(0.3), Start(12.0), [24.236354115678218] * 3),
    "holt": (
        Smoothing(0.3, beta=0.1, phi=1.0),
        Start(12.0, 0.5),
        [26.41857650998659, 28.6487756902967, 30.878974870606804, 33.10917405091691, 35.339373231227015,
         37.56957241153712, 39.79977159184723, 42.02997077215734, 44.26016995246744],
    ),
    "damped": (
        Smoothing(0.3, beta=0.1, phi=0.9),
        Start(12.0, 0.5),
        [26.494811081827923, 28.2974125053198, 29.919753786462493, 31.379860939490914, 32.69395737721649,
         33.87664417116952, 34.941062285727234, 35.89903858882918, 36.76121726162093],
    ),
    "weekly": (
        Smoothing(0.3, gamma=0.2),
        Start(18.0, season=WEEK),
        [16.097087167879906, 13.982824746944669, 14.641306832102732, 18.194178172218283, 24.501758510897805,
         32.66261354736416, 26.81595938374423, 16.097087167879906, 13.982824746944669],
    ),
    "all": (
        Smoothing(0.3, beta=0.1, phi=0.9, gamma=0.2),
        Start(18.0, 0.5, WEEK),
        [16.72365743451502, 15.552117133406762, 17.25592563301074, 21.547450656037142, 28.35102281251481,
         36.89473101574924, 31.225204131330596, 20.756192086181247, 19.18139831990637],
    ),
}  # fmt: skip


def _fit(model: ExponentialSmoothing, series: list[float] | np.ndarray, horizon: int = 1) -> Fit:
    quantity = np.array([series], dtype=np.float64)
    return model.fit_forecast(History(quantity, MONDAY + np.arange(quantity.shape[1])), horizon)


@pytest.mark.parametrize(("member", "start", "expected"), REFERENCES.values(), ids=REFERENCES)
def test_smoothing_with_fixed_parameters_equals_statsforecast(
    member: Smoothing, start: Start, expected: list[float]
) -> None:
    forecast = _fit(ExponentialSmoothing((member,), start), WEEKLY, len(expected)).forecast[0]
    np.testing.assert_allclose(forecast, expected, rtol=1e-9)


def test_unknown_days_keep_the_level_and_advance_the_weekday() -> None:
    model = ExponentialSmoothing((Smoothing(0.5, gamma=0.25),), Start(4.0))
    fit = _fit(model, [8.0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 12.0], 7)
    # Monday: error 4, level 6, Monday 1; Tuesday of the next week: error 6, level 9, Tuesday 1.5
    assert fit.forecast.tolist() == [[9.0, 9.0, 9.0, 9.0, 9.0, 10.0, 10.5]]  # from Wednesday


def test_unknown_day_continues_the_damped_trend() -> None:
    model = ExponentialSmoothing((Smoothing(0.5, beta=0.25, phi=0.5),), Start(10.0, 8.0))
    fit = _fit(model, [14.0, NAN], 2)
    # the first day has no error; the second adds 8 x 0.5 x 0.5 = 2 to the level of 14
    assert fit.coefficients["level"].tolist() == [16.0]
    assert fit.forecast.tolist() == [[17.0, 17.5]]
    assert np.isnan(_fit(model, [NAN, NAN], 2).coefficients["level"]).all()  # no known day at all


def test_smoothing_starts_at_the_mean_of_the_first_fourteen_known_days() -> None:
    first = [NAN, *[10.0] * 7, NAN, *[20.0] * 7]
    fit = _fit(ExponentialSmoothing((Smoothing(0.0),)), [*first, 1000.0])
    assert fit.forecast.tolist() == [[15.0]]


def test_smoothing_chooses_the_member_that_a_slow_search_finds() -> None:
    random = np.random.default_rng(3)
    walks = 50.0 + np.cumsum(random.normal(0.0, 1.0, (12, 90)), axis=1)
    noise = 50.0 + random.normal(0.0, 5.0, (12, 90))
    quantity = np.vstack([walks, noise, noise + 20.0 * (np.arange(90) % 7 == 2)])
    model = ExponentialSmoothing()
    found = model.fit_forecast(History(quantity, MONDAY + np.arange(90)), 1).coefficients
    chosen = set()
    for row, series in enumerate(quantity):
        errors = [_squared_error(member, series) for member in model.grid]
        member = model.grid[int(np.argmin(errors))]
        names = ("alpha", "beta", "phi", "gamma")
        assert [found[name][row] for name in names] == [getattr(member, name) for name in names]
        chosen.add(member)
    assert len(chosen) > 3
    assert chosen & set(DAMPED_TREND)


def _squared_error(member: Smoothing, series: np.ndarray, first: int = 14) -> float:
    """One-step squared error of one series and member after the first columns, by a plain loop."""
    level, trend, week, total = series[:first].mean(), 0.0, [0.0] * 7, 0.0
    for day, value in enumerate(series):
        expected = level + member.phi * trend + week[day % 7]
        error = value - expected
        level = level + member.phi * trend + member.alpha * error
        trend = member.phi * trend + member.beta * error
        week[day % 7] += member.gamma * error
        total += error**2 if day >= first else 0.0
    return total


def test_smoothing_of_weeks_has_no_weekday_and_forgets_as_seven_days_do() -> None:
    random = np.random.default_rng(8)
    walks = 50.0 + np.cumsum(random.normal(0.0, 1.0, (12, 60)), axis=1)
    quantity = np.vstack([walks, 50.0 + random.normal(0.0, 5.0, (12, 60))])
    weeks = History(quantity, MONDAY + 7 * np.arange(60), period=7)
    found = ExponentialSmoothing().fit_forecast(weeks, 4)
    members = [
        Smoothing(1.0 - (1.0 - m.alpha) ** 7, 1.0 - (1.0 - m.beta) ** 7 if m.beta else 0.0, m.phi**7)
        for m in (*SIMPLE, *DAMPED_TREND)
    ]
    for row, series in enumerate(quantity):
        errors = [_squared_error(member, series, first=2) for member in members]
        chosen = members[int(np.argmin(errors))]
        names = ("alpha", "beta", "phi", "gamma")
        assert [found.coefficients[name][row] for name in names] == [getattr(chosen, name) for name in names]
    assert (found.coefficients["phi"] > 0).any()
    assert (found.coefficients["monday"] == 0).all()


def test_smoothing_finds_a_weekend_and_uses_the_first_member_for_flat_sales() -> None:
    days = MONDAY + 3 + np.arange(84)  # from a Thursday to a Wednesday
    quantity = np.stack([np.where((days - MONDAY) % 7 > 4, 20.0, 5.0), np.full(84, 6.0)])
    fit = ExponentialSmoothing().fit_forecast(History(quantity, days), 7)
    weekend, flat = ({name: values[row] for name, values in fit.coefficients.items()} for row in (0, 1))
    assert weekend["gamma"] > 0
    assert weekend["sunday"] > 5.0
    assert weekend["monday"] < 0.0
    assert fit.forecast[0, 2:4].min() > 2 * np.delete(fit.forecast[0], [2, 3]).max()
    assert (flat["alpha"], flat["beta"], flat["gamma"]) == (0.1, 0.0, 0.0)


def test_parts_are_the_level_the_damped_trend_and_the_weekdays() -> None:
    """A trend of 2 a day, damped by 0.5: 1, 1.5, 1.75, .. over a level of 10, with 3 more on Mondays."""
    grid = (Smoothing(0.0, phi=0.5),)
    start = Start(10.0, 2.0, (3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    history = History(np.full((1, 1), NAN), np.array([MONDAY - 1]))
    history.quantity[0, 0] = 11.0  # level 10 and trend 1 on this day, so there is no error
    parts = ExponentialSmoothing(grid, start).fit_forecast(history, 3).parts.above(np.zeros(1), 3)[:, 0]
    found = {name: part.tolist() for name, part in zip(NAMES, parts, strict=True) if part.any()}
    assert found == {"level": [11.0] * 3, "trend": [0.5, 0.75, 0.875], "weekday": [3.0, 0.0, 0.0]}
