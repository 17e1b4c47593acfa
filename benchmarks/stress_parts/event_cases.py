"""Stress cases of events that move from year to year, with a run-up, days of their own and days after."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.panel.calendar import epoch_day
from lepton_spark.panel.calendar_rows import CalendarRow
from lepton_spark.tables.schemas.covariate_tables import ALWAYS_KNOWN, EVERYWHERE
from stress_parts.figures import Figure
from stress_parts.rates import HORIZON, mixed_levels, weekday_profile
from stress_parts.shop import Shop, dates

N_SERIES = 120

FIRST = date(2021, 1, 4)
"""First day of sales, a Monday, before the first of three past occurrences."""

DAILY_NOISE = 0.05
"""Standard deviation of the log of what the whole shop sells on a day."""

N_SHOPS = 3
"""Shops over which figures are means: in one shop, the noise of an event's few days alone is 3 %."""

SEASON = 0.1
"""Amplitude of the yearly season; mild, because how seasons are forecast is another case."""

DAYS_BEFORE, DAYS_AFTER = 21, 7
"""The window of an event in the calendar."""


@dataclass(frozen=True)
class MovingEvent:
    """An event: first and last day of each year, and what it does to sales.

    before, on, after: factors of the days before the first day (the last one is the day before it), of the
    event itself, and of the days after its last day; shorter lists leave the other days ordinary.
    """

    name: str
    occurrences: Sequence[tuple[date, date]]
    cutoffs: Sequence[tuple[date, str]]
    before: Sequence[float]
    on: Sequence[float]
    after: Sequence[float]

    @property
    def rows(self) -> list[CalendarRow]:
        """The rows of the calendar, one for each day of the event."""
        window = {"before": DAYS_BEFORE, "after": DAYS_AFTER}
        return [
            CalendarRow(EVERYWHERE, epoch_day(day), epoch_day(ALWAYS_KNOWN), event=self.name, **window)
            for first, last in self.occurrences
            for day in _span(first, last)
        ]

    def factors(self, days: Sequence[date]) -> tuple[FloatArray, dict[str, list[int]]]:
        """[T], the factor of each day, and the columns of the days before, on and after."""
        factors = dict.fromkeys(days, 1.0)
        part_of: dict[date, str] = {}
        for first, last in self.occurrences:
            length = (last - first).days + 1
            parts = {
                "before": (first - timedelta(days=len(self.before)), self.before),
                "on": (first, [self.on[min(day, len(self.on) - 1)] for day in range(length)]),
                "after": (last + timedelta(days=1), self.after),
            }
            for part, (begin, values) in parts.items():
                for number, value in enumerate(values):
                    day = begin + timedelta(days=number)
                    factors[day], part_of[day] = value, part
        columns: dict[str, list[int]] = {"before": [], "on": [], "after": []}
        for column, day in enumerate(days):
            if day in part_of:
                columns[part_of[day]].append(column)
        return np.array([factors[day] for day in days]), columns


def _span(first: date, last: date) -> list[date]:
    return [first + timedelta(days=day) for day in range((last - first).days + 1)]


def _one_day(*days: date) -> list[tuple[date, date]]:
    return [(day, day) for day in days]


def _spans(length: int, *first: date) -> list[tuple[date, date]]:
    return [(day, day + timedelta(days=length - 1)) for day in first]


EASTER = MovingEvent(
    "Easter",
    _spans(2, date(2021, 4, 4), date(2022, 4, 17), date(2023, 4, 9), date(2024, 3, 31)),
    ((date(2024, 3, 10), "before the run-up"), (date(2024, 3, 24), "within it")),
    before=[1.6] * 10,
    on=[0.0, 0.5],
    after=[0.75] * 6,
)
"""Closed on Sunday, half a day on Monday."""

RAMADAN = MovingEvent(
    "Ramadan",
    _spans(29, date(2021, 4, 13), date(2022, 4, 3), date(2023, 3, 23), date(2024, 3, 11)),
    (
        (date(2024, 2, 20), "before the run-up"),
        (date(2024, 3, 4), "within it"),
        (date(2024, 3, 25), "in the middle"),
    ),
    before=[1.4] * 12,
    on=[0.8] * 19 + [1.5] * 10,
    after=[0.3] * 3 + [0.8] * 4,
)

CHINESE_NEW_YEAR = MovingEvent(
    "Chinese New Year",
    _spans(7, date(2021, 2, 12), date(2022, 2, 1), date(2023, 1, 22), date(2024, 2, 10)),
    ((date(2024, 1, 18), "before the run-up"), (date(2024, 2, 2), "within it")),
    before=[1.2] * 10 + [2.0] * 10,
    on=[0.1] * 3 + [0.4] * 4,
    after=[0.7] * 7,
)

BLACK_FRIDAY = MovingEvent(
    "Black Friday",
    _one_day(date(2021, 11, 26), date(2022, 11, 25), date(2023, 11, 24), date(2024, 11, 29)),
    ((date(2024, 11, 7), "before the run-up"), (date(2024, 11, 27), "two days before")),
    before=[0.85] * 7 + [1.4] * 4,
    on=[4.0],
    after=[2.2] * 3 + [0.8] * 4,
)


def moving_events(seed: int) -> Iterator[Figure]:
    """With three past years, sales before, on and after an event are forecast as they come."""
    for event in (EASTER, RAMADAN, CHINESE_NEW_YEAR, BLACK_FRIDAY):
        yield from figures_of(event, seed)


def figures_of(event: MovingEvent, seed: int, n_shops: int = N_SHOPS) -> Iterator[Figure]:
    """Forecast over true rate on the days ahead before, on and after the event, from each cutoff."""
    for cutoff, name in event.cutoffs:
        shops = [ratios_of(event, cutoff, seed + number) for number in range(n_shops)]
        for part in shops[0]:
            figure = f"{event.name}, {name}: forecast over true rate {part} it"
            yield Figure(figure, float(np.mean([ratios[part] for ratios in shops])), 0.9, 1.1)


def ratios_of(event: MovingEvent, cutoff: date, seed: int) -> dict[str, float]:
    """The same of one shop, by part of the event."""
    rng = np.random.default_rng(seed)
    days = dates((cutoff - FIRST).days + 1, cutoff=cutoff)
    of_event, columns = event.factors(days)
    season = 1.0 + SEASON * np.sin(2.0 * np.pi * np.arange(len(days)) / 365.25)
    rates = mixed_levels(rng, N_SERIES) * weekday_profile(len(days)) * season * of_event
    noise = np.exp(rng.normal(0.0, DAILY_NOISE, len(days)))
    units = rng.poisson(rates * noise).astype(np.float64)
    forecast = Shop(units, cutoff=cutoff, calendar=event.rows).result.batch.forecast
    begin = len(days) - HORIZON
    ratios = {}
    for part, found in columns.items():
        ahead = [column - begin for column in found if column >= begin]
        if ahead:
            ratios[part] = float(forecast[:, ahead].sum() / rates[:, begin:][:, ahead].sum())
    return ratios
