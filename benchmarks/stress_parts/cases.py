"""The stress cases: one function each, which makes a shop with a known truth and measures its forecast."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import numpy as np

from lepton_spark.config import Config
from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.pooled.pool import pool_of
from lepton_spark.models.registry import POOLED, SHRUNK_WEEKDAY, Candidate, create
from stress_parts.changes import CHANGES
from stress_parts.dates import DATES
from stress_parts.event_cases import moving_events
from stress_parts.figures import Case, Figure
from stress_parts.rates import HORIZON, mixed_levels, rates_of, weekday_profile
from stress_parts.shop import WEEKLY, Promotion, Shop, dates


def shop_wide_week(seed: int) -> Iterator[Figure]:
    """A week that sells more or less than usual at the whole shop is no trend."""
    for factor in (2.0, 1.3, 0.5):
        rng = np.random.default_rng(seed)
        rates = rates_of(rng, 200, 400)
        rates[:, 393:400] *= factor
        result = Shop(rng.poisson(rates).astype(np.float64)).result
        pooled, weekday = (
            create(Candidate(name), pool_of(result.pools, result.history))
            .fit_forecast(result.history, HORIZON)
            .forecast.sum()
            for name in (POOLED, SHRUNK_WEEKDAY)
        )
        yield Figure(f"pooled over weekday forecast after a week of {factor:g}", pooled / weekday, 0.9, 1.1)


def large_quantities(seed: int) -> Iterator[Figure]:
    """Intervals of large quantities are as wide as these vary, alone and in a mixed catalogue."""
    for config, unit in ((Config(), "daily"), (WEEKLY, "weekly")):
        n_days, n_series = (400, 100) if unit == "daily" else (798, 400)
        shape = (n_series, n_days + HORIZON)
        for mean in (300.0, 1e4, 1e6):
            for variation in (0.15, 0.25):
                rng = np.random.default_rng(seed)
                level = mean * np.exp(rng.normal(0.0, 0.2, (n_series, 1)))
                varied = level * _noise(rng, shape, variation, unit)
                result = Shop(np.maximum(np.rint(varied), 1.0), config=config).result
                name = f"{unit}, mean {mean:g}, variation {variation:.0%}: p10 to p90"
                yield Figure(name, result.coverage(0.1, 0.9), 0.78, 0.84)
        rng = np.random.default_rng(seed)
        level = 10.0 ** rng.uniform(-0.5, 6.0, (n_series, 1))
        units = rng.poisson(level * _noise(rng, shape, 0.25, unit)).astype(np.float64)
        units[:, 0] = np.maximum(units[:, 0], 1.0)
        result = Shop(units, config=config).result
        for low, high in ((1e2, 1e4), (1e4, 1e6)):
            rows = ((low <= level) & (level < high))[:, 0]
            name = f"{unit}, mixed catalogue, means of {low:g} to {high:g}: p10 to p90"
            yield Figure(name, result.coverage(0.1, 0.9, rows), 0.78, 0.84)


def _noise(rng: np.random.Generator, shape: tuple[int, int], variation: float, unit: str) -> FloatArray:
    """[S, T], factors of mean 1 with this variation of days, or of weeks of seven equal factors."""
    n_series, n_days = shape
    n_drawn = n_days if unit == "daily" else n_days // 7 + 1
    drawn = rng.gamma(variation**-2, variation**2, (n_series, n_drawn))
    return drawn if unit == "daily" else np.repeat(drawn, 7, axis=1)[:, :n_days]


def small_locations(seed: int) -> Iterator[Figure]:
    """A small shop where nothing is sold on a day is open all the same."""
    sizes = {"40 stores of 10 products": (1, 40, 10), "10 times one shop of 5 products": (10, 1, 5)}
    for name, (n_shops, n_stores, n_products) in sizes.items():
        forecast, expected = 0.0, 0.0
        for shop in range(n_shops):
            rng = np.random.default_rng([seed, shop])
            stores = [f"store-{number:02d}" for number in range(n_stores) for _ in range(n_products)]
            units = rng.poisson(0.1, (len(stores), 540 + HORIZON)).astype(np.float64)
            units[:, 0] = np.maximum(units[:, 0], 1.0)
            forecast += float(Shop(units, locations=stores).result.batch.forecast.mean())
            expected += float(units[:, 540 - 112 : 540].mean())  # a small shop's sales vary by chance
        yield Figure(f"forecast over the last 112 days, {name} at 0.1 a day", forecast / expected, 0.95, 1.05)


def seasonal_goods(seed: int) -> Iterator[Figure]:
    """Goods that sell in one season of the year are not obsolete before it."""
    for cutoff, name in ((date(2023, 9, 30), "the day before"), (date(2023, 10, 7), "one week into")):
        rng = np.random.default_rng(seed)
        days = dates(1200, cutoff=cutoff)
        in_season = np.array([day.month >= 10 for day in days], dtype=np.float64)
        seasonal = np.exp(rng.normal(1.0, 0.5, (20, 1))) * in_season
        steady = mixed_levels(rng, 100) * weekday_profile(len(days))
        dead = mixed_levels(rng, 20) * (np.arange(len(days)) < 900)
        units = rng.poisson(np.concatenate([seasonal, steady, dead])).astype(np.float64)
        units[:, 0] = np.maximum(units[:, 0], 1.0)
        result = Shop(units, cutoff=cutoff).result
        yield Figure(f"forecast over sold, {name} the season", result.ratio_of(slice(0, 20)), 0.7, 1.3)
        dead_units = float(result.batch.forecast[120:].sum())
        yield Figure(f"units of dead products, {name} the season", dead_units, 0.0, 0.0)


def small_catalogue(seed: int) -> Iterator[Figure]:
    """Fifteen products with a strong yearly season."""
    for n_years in (2, 3):
        rng = np.random.default_rng(seed)
        n_days = 365 * n_years
        days = np.array([day.timetuple().tm_yday for day in dates(n_days)])
        phase = rng.uniform(0.0, 2.0 * np.pi, (15, 1))
        season = 1.0 + 0.8 * np.sin(2.0 * np.pi * days / 365.25 + phase)
        rates = np.exp(rng.normal(3.0, 0.5, (15, 1))) * season * weekday_profile(len(days))
        result = Shop(rng.poisson(rates).astype(np.float64)).result
        truth, found = rates[:, -HORIZON:].sum(axis=1), result.batch.forecast.sum(axis=1)
        error = float(np.abs(found - truth).sum() / truth.sum())
        yield Figure(f"relative error of 28-day sums, {n_years} years of season", error, 0.0, 0.3)


def resort(seed: int) -> Iterator[Figure]:
    """A shop of 60 products whose total doubles in July and August."""
    second = ((date(2023, 6, 25), 0.12), (date(2023, 7, 30), 0.12), (date(2023, 8, 27), 0.12))
    third = ((date(2024, 6, 30), 0.08), (date(2024, 7, 28), 0.08), (date(2024, 8, 25), 0.08))
    first = date(2022, 1, 1)
    for cutoff, tolerance in (*second, *third):
        rng = np.random.default_rng(seed)
        days = dates((cutoff - first).days + 1, cutoff=cutoff)
        peak = np.array([2.0 if day.month in (7, 8) else 1.0 for day in days])
        rates = mixed_levels(rng, 60) * peak * weekday_profile(len(days))
        result = Shop(rng.poisson(rates).astype(np.float64), cutoff=cutoff).result
        ratio = float(result.batch.forecast.sum() / rates[:, -HORIZON:].sum())
        yield Figure(f"forecast over true rate from {cutoff}", ratio, 1.0 - tolerance, 1.0 + tolerance)


def fractions(seed: int) -> Iterator[Figure]:
    """Goods sold by weight, old and new."""
    for mean in (0.4, 40.0, 4000.0):
        for n_days, age in ((400, "400 days old"), (400, "40 days old")):
            rng = np.random.default_rng(seed)
            level = mean * np.exp(rng.normal(0.0, 0.2, (100, 1)))
            units = np.round(level * rng.gamma(16.0, 1 / 16.0, (100, n_days + HORIZON)), 3)
            if age.startswith("40 "):
                units[50:, : n_days - 40] = 0.0
            result = Shop(units).result
            covered = result.coverage(0.1, 0.9, slice(50, None))
            yield Figure(f"mean {mean:g} kg, {age}: p10 to p90", covered, 0.78, 0.84)


def late_plans(seed: int) -> Iterator[Figure]:
    """Promotions at three times the usual sales in one week of six, announced some days ahead."""
    n_days = 420
    for known_ahead, name in ((7, "7 days"), (14, "14 days"), (n_days, "always")):
        rng = np.random.default_rng(seed)
        plans = [
            Promotion(series, first, first + 6, known_ahead)
            for series in range(120)
            for first in range(7 * (series % 6), n_days + HORIZON - 6, 42)
        ]
        rates = mixed_levels(rng, 120) * weekday_profile(n_days + HORIZON)
        for plan in plans:
            rates[plan.series, plan.first : plan.last + 1] *= 3.0
        units = rng.poisson(rates).astype(np.float64)
        result = Shop(units, plans=plans).result
        truth = rates[:, n_days:]
        for begin, end in ((0, 7), (7, 14), (14, 28)):
            ahead = slice(begin, end)
            ratio = float(result.batch.forecast[:, ahead].sum() / truth[:, ahead].sum())
            yield Figure(f"known {name} ahead, days {begin + 1} to {end}", ratio, 0.93, 1.07)


def stores_of(seed: int, n_products: int, n_stores: int = 40) -> tuple[Shop, FloatArray]:
    """A shop of sparse products in many stores, and the true rates [S, H] of the days ahead.

    A rate is the product's, 0.02 to 0.5 a day, times the store's share, times what is peculiar to both. Of
    ten products, two are launched in the last 150 days, two decline, and one grows, in all stores at once.
    """
    n_days, rng = 420, np.random.default_rng(seed)
    level = np.exp(rng.uniform(np.log(0.02), np.log(0.5), (n_products, 1, 1)))
    share = np.exp(rng.normal(0.0, 0.5, (n_stores, 1)))
    local = np.exp(rng.normal(0.0, 0.2, (n_products, n_stores, 1)))
    since = np.arange(n_days + HORIZON) - rng.integers(n_days - 150, n_days - 28, (n_products, 1))  # [P, T+H]
    kind = (np.arange(n_products) % 10)[:, np.newaxis]
    development = np.select(
        [kind < 2, kind < 4, kind == 4],
        [since >= 0, 0.5 ** (np.maximum(since, 0) / 60), 1.0 + np.clip(since / 60, 0.0, 2.0)],
        1.0,
    )
    rates = level * share / share.mean() * local * development[:, np.newaxis]
    rates = rates.reshape(-1, n_days + HORIZON) * weekday_profile(n_days + HORIZON)
    units = rng.poisson(rates).astype(np.float64)
    sold = np.flatnonzero(units[:, :n_days].any(axis=1))
    products = [f"product-{series // n_stores:03d}" for series in sold.tolist()]
    stores = [f"store-{series % n_stores:02d}" for series in sold.tolist()]
    return Shop(units[sold], locations=stores, products=products), rates[sold, n_days:]


def squared_error(forecast: FloatArray, rates: FloatArray) -> float:
    """Mean squared difference of a forecast from the true rates, [S, H]."""
    return float(np.mean((forecast - rates) ** 2))


def product_total_by_share(shop: Shop, n_days: int = 56) -> FloatArray:
    """[S, H], a simple rule: the product's units of the last days times the store's share of these stores."""
    known = shop.units[:, :-HORIZON]
    _, product = np.unique(np.array(shop.products), return_inverse=True)
    _, store = np.unique(np.array(shop.locations), return_inverse=True)
    of_store = np.bincount(store, known.sum(axis=1))[store]
    a_day = np.bincount(product, known[:, -n_days:].sum(axis=1))[product] / n_days
    level = a_day * of_store / np.bincount(product, of_store)[product]
    return level[:, np.newaxis] * weekday_profile(HORIZON, known.shape[1] % 7)


def many_stores(seed: int) -> Iterator[Figure]:
    """What other stores sell tells the level and the trend of a product that each of them sells rarely."""
    shop, rates = stores_of(seed, 300)
    found = squared_error(shop.result.batch.forecast, rates)
    alone = squared_error(replace(shop, products=None).result.batch.forecast, rates)
    by_rule = squared_error(product_total_by_share(shop), rates)
    yield Figure("squared error of 40 stores of 300 products, over series alone", found / alone, 0.0, 0.5)
    yield Figure("the same over the product's total times the store's share", found / by_rule, 0.0, 0.5)


CASES: dict[str, Case] = {
    function.__name__: function
    for function in (
        shop_wide_week,
        large_quantities,
        small_locations,
        seasonal_goods,
        small_catalogue,
        resort,
        late_plans,
        fractions,
        many_stores,
        moving_events,
        *CHANGES,
        *DATES,
    )
}
