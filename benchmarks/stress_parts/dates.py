"""Oddities of the calendar: opening days, the turn of the year, leap days, long years, ends of the data."""

from collections.abc import Iterator
from datetime import date

import numpy as np

from lepton_spark.config import BacktestSettings, Config, ForecastSettings
from lepton_spark.models.data.arrays import FloatArray
from stress_parts.comparison import Group, Sample, compare
from stress_parts.figures import Figure
from stress_parts.rates import HORIZON, mixed_levels, poisson_sales, weekday_profile
from stress_parts.shop import CUTOFF, DAILY, Shop, dates

WEEKLY = Config(
    forecast=ForecastSettings(frequency="weekly", horizon=4),
    backtest=BacktestSettings(validation_windows=3, stride=4),
)

N_DAYS = 406
"""Whole weeks; the first day is a Monday."""

N_SERIES = 100


def opening_days(seed: int) -> Iterator[Figure]:
    """Shops that are closed on Sundays, markets of one day a week, and changes of the opening days."""
    weekday = np.arange(N_DAYS + HORIZON) % 7
    ago = N_DAYS - np.arange(N_DAYS + HORIZON)
    shapes = {
        "six days a week": weekday < 6,
        "Saturdays only": weekday == 5,
        "Wednesdays and Saturdays": (weekday == 2) | (weekday == 5),
        "Sundays too since 3 weeks": (weekday < 6) | (ago <= 21),
        "no longer on Sundays since 3 weeks": (weekday < 6) | (ago > 21),
        "Saturdays, Wednesdays instead since 5 weeks": np.where(ago > 35, weekday == 5, weekday == 2),
    }
    for name, is_open in shapes.items():

        def draw(rng: np.random.Generator, is_open: FloatArray = is_open) -> Sample:
            rates = mixed_levels(rng, N_SERIES) * weekday_profile(N_DAYS + HORIZON)
            closed = np.broadcast_to(~is_open.astype(np.bool_), rates.shape)
            units = poisson_sales(rng, np.where(closed, 0.0, rates))
            return Sample(Shop(units), rates, closed, {"days": Group(by_day=True)})

        yield from compare(name, draw, seed)


def ends_of_data(seed: int) -> Iterator[Figure]:
    """Ten stores of 10 products, whose data end on the cutoff or up to 27 days before it."""

    def draw(rng: np.random.Generator) -> Sample:
        rates = mixed_levels(rng, N_SERIES) * weekday_profile(N_DAYS + HORIZON)
        store = np.arange(N_SERIES) // 10
        closed = np.arange(N_DAYS + HORIZON) >= N_DAYS - 3 * store[:, np.newaxis]
        closed[:, N_DAYS:] = False
        units = poisson_sales(rng, np.where(closed, 0.0, rates))
        return Sample(Shop(units, locations=[f"store-{number}" for number in store]), rates, closed)

    yield from compare("", draw, seed)


def turn_of_the_year(seed: int) -> Iterator[Figure]:
    """A peak before Christmas and a slump in January; forecasts across New Year and across leap days."""
    runs = {
        "from 15 December, second year": (date(2023, 12, 15), 2, DAILY),
        "from 15 December, third year": (date(2023, 12, 15), 3, DAILY),
        "from 29 December, third year": (date(2023, 12, 29), 3, DAILY),
        "from 25 February of a leap year": (date(2024, 2, 25), 3, DAILY),
        "from 25 February after a leap year": (date(2025, 2, 25), 3, DAILY),
        "weeks, from 13 December of a year of 53": (date(2020, 12, 13), 3, WEEKLY),
        "weeks, from 12 December after a year of 53": (date(2021, 12, 12), 3, WEEKLY),
    }
    for name, (cutoff, n_years, config) in runs.items():

        def draw(
            rng: np.random.Generator, cutoff: date = cutoff, n_years: int = n_years, config: Config = config
        ) -> Sample:
            days = dates(364 * n_years - 7, cutoff=cutoff)
            season = np.array([_season(day) for day in days])
            strength = rng.uniform(0.5, 1.5, (N_SERIES, 1))
            weekday = weekday_profile(len(days), days[0].weekday())
            rates = mixed_levels(rng, N_SERIES) * season**strength * weekday
            return Sample(Shop(poisson_sales(rng, rates), cutoff, config=config), rates)

        yield from compare(name, draw, seed)


def _season(day: date) -> float:
    """A peak in the four weeks before Christmas, a quiet week after it, a slump until March."""
    if (day.month, day.day) >= (11, 27) and (day.month, day.day) <= (12, 24):
        return 2.0
    if day.month == 12 and day.day > 24:
        return 0.8
    return 0.7 if day.month <= 2 else 1.0


def ten_years(seed: int) -> Iterator[Figure]:
    """Ten years of history, in which sales grow by a tenth a year, with a yearly season."""

    def draw(rng: np.random.Generator) -> Sample:
        days = np.arange(3650 + HORIZON)
        first = CUTOFF.toordinal() - 3649
        growth = 1.1 ** ((days - 3649) / 365.25)
        phase = rng.uniform(0.0, 2.0 * np.pi, (N_SERIES, 1))
        season = 1.0 + 0.3 * np.sin(2.0 * np.pi * days / 365.25 + phase)
        weekday = weekday_profile(len(days), date.fromordinal(first).weekday())
        rates = mixed_levels(rng, N_SERIES) * growth * season * weekday
        return Sample(Shop(poisson_sales(rng, rates)), rates)

    yield from compare("", draw, seed, n_shops=2)


DATES = (opening_days, ends_of_data, turn_of_the_year, ten_years)
