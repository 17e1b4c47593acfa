"""Oddities of the calendar: opening days, the turn of the year, leap days, long years, ends of the data."""

from collections.abc import Iterator
from datetime import date
from functools import partial

import numpy as np

from lepton_spark.config import Config
from stress_parts.comparison import Group, Sample, compare
from stress_parts.figures import Figure
from stress_parts.rates import HORIZON, N_DAYS, N_SERIES, mixed_levels, poisson_sales, weekday_profile
from stress_parts.shop import DAILY, WEEKLY, Shop, dates


def opening_days(seed: int) -> Iterator[Figure]:
    """Shops that are closed on Sundays, markets of one day a week, and changes of the opening days."""
    week = "0123456"
    shapes = {
        "six days a week": (week[:6], week[:6], 0),
        "Saturdays only": ("5", "5", 0),
        "Wednesdays and Saturdays": ("25", "25", 0),
        "Sundays too since 3 weeks": (week[:6], week, 3),
        "no longer on Sundays since 3 weeks": (week, week[:6], 3),
        "Saturdays, Wednesdays instead since 5 weeks": ("5", "2", 5),
    }
    for name, (before, now, n_weeks) in shapes.items():
        yield from compare(name, partial(shop_open_on, before=before, now=now, n_weeks=n_weeks), seed)


def shop_open_on(
    rng: np.random.Generator, before: str, now: str, n_weeks: int, n_series: int = N_SERIES
) -> Sample:
    """A shop that opens on some weekdays, Monday = 0, and on others since some weeks."""
    day = np.arange(N_DAYS + HORIZON)
    opened = [np.isin(day % 7, [int(weekday) for weekday in weekdays]) for weekdays in (before, now)]
    is_open = np.where(day < N_DAYS - 7 * n_weeks, *opened)
    rates = mixed_levels(rng, n_series) * weekday_profile(len(day))
    closed = np.broadcast_to(~is_open, rates.shape)
    units = poisson_sales(rng, np.where(closed, 0.0, rates))
    return Sample(Shop(units), rates, closed, {"": Group(by_day=True)})


def ends_of_data(seed: int) -> Iterator[Figure]:
    """Ten stores of 10 products, whose data end on the cutoff or up to 27 days before it."""
    yield from compare("28-day sums", _ends_of_stores, seed)


def _ends_of_stores(rng: np.random.Generator) -> Sample:
    rates = mixed_levels(rng, N_SERIES) * weekday_profile(N_DAYS + HORIZON)
    store = np.arange(N_SERIES) // 10
    closed = np.arange(N_DAYS + HORIZON) >= N_DAYS - 3 * store[:, np.newaxis]
    closed[:, N_DAYS:] = False
    units = poisson_sales(rng, np.where(closed, 0.0, rates))
    return Sample(Shop(units, locations=[f"store-{number}" for number in store]), rates, closed)


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
        yield from compare(
            name, partial(_christmas, cutoff=cutoff, n_years=n_years, config=config), seed, n_shops=3
        )


def _christmas(rng: np.random.Generator, cutoff: date, n_years: int, config: Config) -> Sample:
    days = dates(364 * n_years - 7, cutoff=cutoff)
    season = np.array([_season(day) for day in days])
    strength = rng.uniform(0.5, 1.5, (N_SERIES, 1))
    weekday = weekday_profile(len(days), days[0].weekday())
    rates = mixed_levels(rng, N_SERIES) * season**strength * weekday
    return Sample(Shop(poisson_sales(rng, rates), cutoff, config=config), rates)


def _season(day: date) -> float:
    """A peak in the four weeks before Christmas, a quiet week after it, a slump until March."""
    if (day.month, day.day) >= (11, 27) and (day.month, day.day) <= (12, 24):
        return 2.0
    if day.month == 12 and day.day > 24:
        return 0.8
    return 0.7 if day.month <= 2 else 1.0


def ten_years(seed: int) -> Iterator[Figure]:
    """Ten years of history, in which sales grow by a tenth a year, with a yearly season."""
    yield from compare("28-day sums", _growing_shop, seed, n_shops=2)


def _growing_shop(rng: np.random.Generator) -> Sample:
    n_days = 3650
    day = np.arange(n_days + HORIZON)
    growth = 1.1 ** ((day - n_days) / 365.25)
    phase = rng.uniform(0.0, 2.0 * np.pi, (N_SERIES, 1))
    season = 1.0 + 0.3 * np.sin(2.0 * np.pi * day / 365.25 + phase)
    first = dates(n_days)[0]
    rates = mixed_levels(rng, N_SERIES) * growth * season * weekday_profile(len(day), first.weekday())
    return Sample(Shop(poisson_sales(rng, rates)), rates)


DATES = (opening_days, ends_of_data, turn_of_the_year, ten_years)
