"""A made-up shop: what is sold on every day, and what a run forecasts for the days after the cutoff."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from lepton_spark.config import BacktestSettings, Config, ForecastSettings
from lepton_spark.evaluation.backtest import cutoff_columns
from lepton_spark.evaluation.batch_forecast import BatchForecast, forecast_histories
from lepton_spark.forecasting.passes.elsewhere import lists_of
from lepton_spark.forecasting.settings import LEVELS, FitSettings, fit_settings
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.learning import learn_pools
from lepton_spark.models.pooled.pool import Pools
from lepton_spark.panel.calendar import Calendar, DayVolume, epoch_day
from lepton_spark.panel.calendar_rows import CalendarRow
from lepton_spark.panel.dense import ELSEWHERE, PLAN, STOCK_OUTS, PackedBatch, Ragged

CUTOFF = date(2024, 6, 30)
"""A Sunday."""

ONE_SHOP = "shop"

DAILY = Config()
WEEKLY = Config(
    forecast=ForecastSettings(frequency="weekly", horizon=4),
    backtest=BacktestSettings(validation_windows=3, stride=4),
)


Rows = BoolArray | IntArray | slice


@dataclass(frozen=True)
class Shop:
    """Sales of S series on T days up to the cutoff and the H days after it.

    units: [S, T + H]; 0 = no line on that day, so no row in `sales`. locations: [S]. plans: promotions of one
    measure; none by default. products: [S]; by default each series is a product of its own. calendar: rows
    known at the cutoff. stock_outs: [S, T], days flagged as out of stock; None without that input.
    """

    units: FloatArray
    cutoff: date = CUTOFF
    locations: Sequence[str] | None = None
    config: Config = DAILY
    plans: Sequence["Promotion"] = ()
    products: Sequence[str] | None = None
    calendar: Sequence[CalendarRow] = ()
    stock_outs: BoolArray | None = None

    @cached_property
    def result(self) -> "Result":
        """What a run forecasts; computed once."""
        return forecast(self)


@dataclass(frozen=True)
class Promotion:
    """A promotion of a series: first and last day as columns of the shop's units, and days known ahead."""

    series: int
    first: int
    last: int
    known_ahead: int


@dataclass(frozen=True)
class Result:
    """actual: [S, H], what is sold after the cutoff. closed: [S, H], days that the run takes for closed."""

    actual: FloatArray
    batch: BatchForecast
    history: History
    pools: Pools
    closed: BoolArray

    @property
    def total_ratio(self) -> float:
        """Units forecast over units sold."""
        return float(self.batch.forecast.sum() / self.actual.sum())

    def ratio_of(self, series: Rows, days: slice = slice(None)) -> float:
        """The same for some series and days ahead."""
        return float(self.batch.forecast[series, days].sum() / self.actual[series, days].sum())

    def coverage(self, low: float, high: float, series: Rows = slice(None)) -> float:
        """Share of the days of some series on which the actual is between two quantiles."""
        lower, upper = (self.batch.quantiles[series, :, LEVELS.index(level)] for level in (low, high))
        return float(np.mean((lower <= self.actual[series]) & (self.actual[series] <= upper)))


def forecast(shop: Shop) -> Result:
    """Forecasts the series as a run does: the same histories, pools, backtest, choice and quantiles."""
    settings, packed = prepared(shop)
    history, closed = settings.history(packed), settings.is_closed_ahead(packed)
    evaluation = settings.evaluation
    pools = learn_pools(
        history,
        cutoff_columns(history, evaluation.windows),
        evaluation.horizon,
        trees=settings.uses_trees,
        settings=settings.pooled,
    )
    batch = forecast_histories(history, pools, evaluation, closed=closed)
    period, horizon = settings.period, settings.horizon
    ahead = shop.units[:, shop.units.shape[1] - horizon * period :]
    actual = ahead.reshape(len(ahead), horizon, period).sum(axis=2)
    return Result(actual, batch, history, pools, closed)


def prepared(shop: Shop) -> tuple[FitSettings, PackedBatch]:
    """The run's settings, with the calendar that it finds in the sales, and its packed series."""
    n_ahead = shop.config.forecast.horizon * shop.config.forecast.period
    known = shop.units[:, : shop.units.shape[1] - n_ahead]
    last = epoch_day(shop.cutoff)
    first = last - known.shape[1] + 1
    locations = tuple(shop.locations or [ONE_SHOP] * len(known))
    calendar = Calendar.until(_volumes(known, locations, first), last, shop.calendar)
    settings = fit_settings(shop.config, calendar, shop.calendar)
    products = tuple(shop.products or [f"product-{number:04d}" for number in range(len(known))])
    packed = _packed(known, products, locations, first)
    covariates = {}
    if shop.products is not None:
        covariates[ELSEWHERE] = _ragged(lists_of(packed, settings))
    if shop.stock_outs is not None:
        series, column = np.nonzero(shop.stock_outs)
        covariates[STOCK_OUTS] = Ragged(series, first + column.astype(np.float64))
    if shop.plans:
        settings, covariates[PLAN] = replace(settings, n_measures=1), _plan_lists(shop.plans, first)
    return settings, replace(packed, covariates=covariates)


def _plan_lists(plans: Sequence[Promotion], first: int) -> Ragged:
    in_order = sorted(plans, key=lambda plan: (plan.series, plan.first))
    rows = [
        (first + plan.first, first + plan.last, first + plan.first - plan.known_ahead, 1.0)
        for plan in in_order
    ]
    series = np.repeat([plan.series for plan in in_order], len(rows[0]))
    return Ragged(series, np.array(rows, dtype=np.float64).ravel())


def _volumes(known: FloatArray, locations: Sequence[str], first: int) -> list[DayVolume]:
    """The days of each location with a line."""
    of = np.array(locations)
    volumes = []
    for location in sorted(set(locations)):
        lines = np.count_nonzero(known[of == location], axis=0)
        days = np.flatnonzero(lines)
        volumes += [DayVolume(location, first + int(day), int(lines[day]), int(lines[day])) for day in days]
    return volumes


def _ragged(lists: Sequence[FloatArray]) -> Ragged:
    return Ragged(np.repeat(np.arange(len(lists)), [len(values) for values in lists]), np.concatenate(lists))


def _packed(
    known: FloatArray, products: tuple[str, ...], locations: tuple[str, ...], first: int
) -> PackedBatch:
    """One packed row per series, from its first sale to its last; NaN on days without a sale."""
    begins, pieces = [], []
    for series in known:
        sold = np.flatnonzero(series)
        if not sold.size:
            raise ValueError("a series of a made-up shop: found no sale; allowed: at least one")
        begins.append(first + int(sold[0]))
        piece = series[sold[0] : sold[-1] + 1]
        pieces.append(np.where(piece > 0, piece, np.nan))
    offsets = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])])
    series = np.arange(len(known))
    return PackedBatch(products, locations, series, np.array(begins), offsets, np.concatenate(pieces))


def dates(n_days: int, horizon: int = 28, cutoff: date = CUTOFF) -> list[date]:
    """The days of a shop with `n_days` up to the cutoff."""
    first = cutoff - timedelta(days=n_days - 1)
    return [first + timedelta(days=day) for day in range(n_days + horizon)]
