"""Changes that a shop meets sooner or later: of the level, of the range, of stores, of the week."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from stress_parts.comparison import Group, Sample, compare
from stress_parts.figures import Figure
from stress_parts.rates import HORIZON, N_DAYS, N_SERIES, mixed_levels, poisson_sales, weekday_profile
from stress_parts.shop import Shop

SATURDAY, WEDNESDAY = 5, 2

STEADY = "steady"
EARLIER = LAUNCHED, STOPPED, CHANGED, OUT = "launched", "stopped", "changed", "out of stock"
"""What has happened to other products of the catalogue in the year before."""

JUST_LAUNCHED = "launched 2 to 6 weeks ago, growing for 8 weeks"
JUST_STOPPED = "stopped 2 to 6 weeks ago"
UP, DOWN = "half as much again since 2 to 10 weeks", "half as much since 2 to 10 weeks"
CONSTANT = "five units on every day"
FLAGGED, UNFLAGGED = (f"out of stock on 15 of the last 28 days, {flag}" for flag in ("flagged", "no flag"))
MOVED = "strong Saturday moved to Wednesday 5 weeks ago, days"
GROUPS = (UP, DOWN, JUST_LAUNCHED, JUST_STOPPED, CONSTANT, FLAGGED, UNFLAGGED, MOVED)


def single_products(seed: int) -> Iterator[Figure]:
    """In a catalogue of 380 products, groups of 15 change each in their own way and at their own time."""
    yield from compare("", _catalogue, seed)


def _catalogue(rng: np.random.Generator) -> Sample:
    """Steady products, products launched or stopped earlier in the year, and the groups that are measured."""
    sizes = {STEADY: 100, **dict.fromkeys(EARLIER, 40), **dict.fromkeys(GROUPS, 15)}
    ends = np.cumsum(list(sizes.values()))
    rows = {name: slice(end - sizes[name], end) for name, end in zip(sizes, ends.tolist(), strict=True)}
    day = np.arange(N_DAYS + HORIZON)
    level = mixed_levels(rng, int(ends[-1]))
    level[sizes[STEADY] :] = np.exp(rng.normal(1.0, 0.8, (len(level) - sizes[STEADY], 1)))
    rates = level * weekday_profile(len(day))
    stock_outs = np.zeros((len(level), N_DAYS), dtype=np.bool_)

    def age(name: str, first: int, last: int) -> IntArray:
        """[N, T + H], days since a change that was `first` to `last` days ago."""
        return day - N_DAYS + rng.integers(first, last + 1, (sizes[name], 1))

    for name, first, last in ((LAUNCHED, 56, 350), (JUST_LAUNCHED, 14, 42)):
        rates[rows[name]] *= np.clip((age(name, first, last) + 1) / 56.0, 0.0, 1.0)
    for name, first, last in ((STOPPED, 56, 350), (JUST_STOPPED, 14, 42)):
        rates[rows[name]] *= age(name, first, last) < 0
    factors = 2.0 ** rng.uniform(-1.0, 1.0, (sizes[CHANGED], 1))
    for name, factor, first, last in ((CHANGED, factors, 56, 350), (UP, 1.5, 14, 70), (DOWN, 0.5, 14, 70)):
        rates[rows[name]] *= np.where(age(name, first, last) >= 0, factor, 1.0)
    strong = np.where(day < N_DAYS - 35, SATURDAY, WEDNESDAY)
    rates[rows[MOVED]] = level[rows[MOVED]] * np.where(day % 7 == strong, 4.0, 0.5)
    rates[rows[CONSTANT]] = 5.0
    units = poisson_sales(rng, rates)
    units[rows[CONSTANT]] = 5.0
    for name, first, last in ((OUT, 56, 350), (FLAGGED, 20, 20), (UNFLAGGED, 20, 20)):
        since = age(name, first, last)
        is_out = (since >= 0) & (since < 15)
        units[rows[name]][is_out] = 0.0
        if name == FLAGGED:
            stock_outs[rows[name]] = is_out[:, :N_DAYS]
    groups = {name: Group(rows[name], name == MOVED) for name in (STEADY, *GROUPS)}
    groups |= {"all of them": Group()}
    return Sample(Shop(units, stock_outs=stock_outs), rates, groups=groups)


def whole_shop(seed: int) -> Iterator[Figure]:
    """All products of a shop sell as before, half as much again, or half as much, since some weeks."""
    for factor, n_weeks in ((1.0, 0), (1.5, 3), (1.5, 8), (0.5, 3), (0.5, 8)):
        name = f"sales times {factor:g} since {n_weeks} weeks" if n_weeks else "no change at all"
        yield from compare(name, partial(_new_level, factor=factor, n_weeks=n_weeks), seed)


def _new_level(rng: np.random.Generator, factor: float, n_weeks: int) -> Sample:
    rates = mixed_levels(rng, N_SERIES) * weekday_profile(N_DAYS + HORIZON)
    rates[:, N_DAYS - 7 * n_weeks :] *= factor
    return _sample(rng, rates)


def strong_weekday(seed: int) -> Iterator[Figure]:
    """The strong day of the whole shop moves from Saturday to Wednesday."""
    for n_weeks in (3, 8):
        yield from compare(f"moved {n_weeks} weeks ago", partial(moved_weekday, n_weeks=n_weeks), seed)


def moved_weekday(rng: np.random.Generator, n_weeks: int, n_series: int = N_SERIES) -> Sample:
    """A shop whose strong weekday has moved."""
    day = np.arange(N_DAYS + HORIZON)
    strong = np.where(day < N_DAYS - 7 * n_weeks, SATURDAY, WEDNESDAY)
    rates = mixed_levels(rng, n_series) * np.where(day % 7 == strong, 3.0, 4.0 / 6.0)
    return _sample(rng, rates, groups={"days": Group(by_day=True)})


def stores(seed: int) -> Iterator[Figure]:
    """Four stores of 25 products; one opens, or is closed for weeks and opens again."""
    shapes = {
        "opened 3 days ago": (N_DAYS, 3),
        "opened 3 weeks ago": (N_DAYS, 21),
        "closed for 10 weeks, open since 3 days": (70, 3),
        "closed for 10 weeks, open since 3 weeks": (70, 21),
    }
    for name, (n_closed, n_open) in shapes.items():
        yield from compare(name, partial(four_stores, n_closed=n_closed, n_open=n_open), seed)


def four_stores(rng: np.random.Generator, n_closed: int, n_open: int, n_products: int = 25) -> Sample:
    """Four stores, of which the last has been open for some days only, after a closure."""
    n_series = 4 * n_products
    levels = np.tile(mixed_levels(rng, n_products), (4, 1)) * rng.gamma(16.0, 1 / 16.0, (n_series, 1))
    rates = levels * weekday_profile(N_DAYS + HORIZON)
    closed = np.zeros(rates.shape, dtype=np.bool_)
    last_store = slice(3 * n_products, None)
    closed[last_store, max(N_DAYS - n_open - n_closed, 0) : N_DAYS - n_open] = True
    locations = [f"store-{number // n_products}" for number in range(n_series)]
    return _sample(rng, rates, closed, groups={"that store": Group(last_store)}, locations=locations)


def pandemic(seed: int) -> Iterator[Figure]:
    """A shop is closed for ten weeks and sells half as much afterwards, or as much as before a year later."""
    for name, n_after, factor in (("3 weeks later", 21, 0.5), ("48 weeks later", 336, 1.0)):
        yield from compare(name, partial(ten_closed_weeks, n_after=n_after, factor=factor), seed)


def ten_closed_weeks(
    rng: np.random.Generator, n_after: int, factor: float, n_series: int = N_SERIES
) -> Sample:
    """A shop that was closed for ten weeks, some days ago, and then sells another part of its usual units."""
    n_days = N_DAYS + n_after
    rates = mixed_levels(rng, n_series) * weekday_profile(n_days + HORIZON)
    rates[:, N_DAYS:] *= factor
    closed = np.zeros(rates.shape, dtype=np.bool_)
    closed[:, N_DAYS - 70 : N_DAYS] = True
    return _sample(rng, rates, closed)


def _sample(
    rng: np.random.Generator,
    rates: FloatArray,
    closed: BoolArray | None = None,
    *,
    locations: list[str] | None = None,
    groups: dict[str, Group] | None = None,
) -> Sample:
    """Poisson sales of these rates on open days."""
    units = poisson_sales(rng, rates if closed is None else np.where(closed, 0.0, rates))
    return Sample(Shop(units, locations=locations), rates, closed, groups or {"": Group()})


CHANGES = (single_products, whole_shop, strong_weekday, stores, pandemic)
