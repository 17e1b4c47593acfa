"""The dense arrays of a batch: units by series and day, 0 for a day without sales, NaN for an unknown day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from lepton_spark.evaluation.priors import Prior
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.data.history import SEASON_LENGTH, History
from lepton_spark.models.data.plans import Plans
from lepton_spark.panel.calendar import Calendar

PLAN, STOCK_OUTS, PRIOR, DELISTED = "plan", "stock_outs", "prior", "delisted"
ELSEWHERE = "elsewhere"
COVARIATE_LISTS = (PLAN, STOCK_OUTS, PRIOR, DELISTED, ELSEWHERE)
"""List columns that a series may have; `panel.covariates` makes all but the last one."""

N_PLAN_VALUES = 3
"""Number of values before the measures of a plan: first day, last day, first day on which it is known."""

N_PRIOR_VALUES = 3
"""Number of values of a prior: level, weight, last day."""

RECENT_DAYS = 28
"""Number of latest known days over which the recent quantity of a series is summed."""


@dataclass(frozen=True)
class Ragged:
    """Lists of different lengths, concatenated: the series of each value, and the values, [M]."""

    series: IntArray
    values: FloatArray


@dataclass(frozen=True)
class PackedBatch:
    """The K packed rows of a batch, sorted by series and day; a series has one row per year.

    series: [K], index of the row's series. first_day: [K], epoch days. offsets: [K+1], where the days of
    each row begin in `quantity`. quantity: [N], units; NaN = no row in `sales`, -1 = unknown.
    covariates: by name of `COVARIATE_LISTS`; only configured ones.
    categories: of each series, None where unknown; empty where products have none.
    """

    product_ids: tuple[str, ...]
    location_ids: tuple[str, ...]
    series: IntArray
    first_day: IntArray
    offsets: IntArray
    quantity: FloatArray
    covariates: Mapping[str, Ragged] = field(default_factory=dict)
    categories: tuple[str | None, ...] = ()

    @cached_property
    def series_begin(self) -> IntArray:
        """[S], the epoch day of each series' first packed value."""
        return self.first_day[np.searchsorted(self.series, np.arange(len(self.product_ids)))]


@dataclass(frozen=True)
class SeriesFacts:
    """Statistics of each series up to the cutoff, [S].

    n_days_known: number of known days. last_sale: epoch day, -1 if never sold.
    recent_quantity: units on the last 28 known days, outliers damped.
    """

    n_days_known: IntArray
    last_sale: IntArray
    recent_quantity: FloatArray


def dense_history(packed: PackedBatch, calendar: Calendar, history_days: int) -> History:
    """The history of a batch; a series begins with its first sale, or with its first row if never sold.

    A day without a row in `sales` is 0 if the location was open on that day, else NaN. NaN is also a figure
    of 0 on a day on which the calendar does not take it for open, a day of which a line was rejected, and a
    day out of stock or announced as closed, even with sales. Only the last `history_days` are kept, so that
    one very old series does not lengthen the arrays of its batch.
    """
    start = max(int(packed.first_day.min()), calendar.cutoff - history_days + 1)
    n_days = calendar.cutoff - start + 1
    quantity = _spread(packed, start, n_days)
    observed = ~np.isnan(quantity)
    is_open = calendar.is_open(packed.location_ids, start)
    quantity[~observed & is_open] = 0.0
    quantity[(quantity == 0) & ~is_open] = np.nan
    quantity[calendar.is_announced_closed(packed.location_ids, start, n_days)] = np.nan
    rejected = quantity < 0
    begin = np.where(packed.series_begin < start, 0, _begin(quantity, observed))
    quantity[np.arange(n_days) < begin[:, np.newaxis]] = np.nan
    quantity[rejected] = np.nan
    stock_out_sales = _remove_stock_outs(packed.covariates.get(STOCK_OUTS), quantity, start)
    skipped = int(begin.min())
    days = np.arange(start + skipped, calendar.cutoff + 1)
    if stock_out_sales is not None:
        stock_out_sales = stock_out_sales[:, skipped:]
    return History(
        quantity[:, skipped:], days, stock_out_sales=stock_out_sales, rejected=rejected[:, skipped:]
    )


def _remove_stock_outs(stock_outs: Ragged | None, quantity: FloatArray, start: int) -> FloatArray | None:
    """[S, T], the sales of days out of stock, NaN elsewhere; sets those days in `quantity` to NaN."""
    if stock_outs is None:
        return None
    column = stock_outs.values.astype(np.int64) - start
    inside = (column >= 0) & (column < quantity.shape[1])
    cells = stock_outs.series[inside], column[inside]
    stock_out_sales = np.full(quantity.shape, np.nan)
    stock_out_sales[cells] = quantity[cells]
    quantity[cells] = np.nan
    return stock_out_sales


def weekly(history: History) -> History:
    """Weekly sums; the last week ends with the cutoff.

    A week is unknown (NaN) if all its days are unknown, if one was out of stock or has a rejected line, or if
    it is the first of several known weeks and its first day is unknown (the series begins inside it).
    """
    days = _by_week(history.quantity)
    known = ~np.isnan(days)
    week_known: BoolArray = np.asarray(known.any(axis=2))
    stock_out_sales = None
    if history.stock_out_sales is not None:
        padded = _by_week(history.stock_out_sales)
        had_stock_out = ~np.isnan(padded).all(axis=2)
        sold = np.nansum(padded, axis=2) + np.sum(days, axis=2, where=known)
        stock_out_sales = np.where(had_stock_out, sold, np.nan)
        week_known &= ~had_stock_out
    if history.rejected is not None:
        week_known &= ~(_by_week(np.where(history.rejected, 1.0, 0.0)) > 0).any(axis=2)
    first = np.argmax(week_known, axis=1)
    rows = np.arange(history.n_series)
    has_further = np.count_nonzero(week_known, axis=1) > 1
    begins_inside = week_known.any(axis=1) & ~known[rows, first, 0] & has_further
    week_known[rows[begins_inside], first[begins_inside]] = False
    quantity = np.where(week_known, np.sum(days, axis=2, where=known), np.nan)
    ends = history.days[-1] - SEASON_LENGTH * np.arange(quantity.shape[1] - 1, -1, -1)
    return History(quantity, ends, period=SEASON_LENGTH, stock_out_sales=stock_out_sales)


def _by_week(values: FloatArray) -> FloatArray:
    """[S, weeks, 7], daily values [S, T] cut into weeks that end with the last day, padded with NaN."""
    missing = -values.shape[1] % SEASON_LENGTH
    padded = np.pad(values, ((0, 0), (missing, 0)), constant_values=np.nan)
    return padded.reshape(len(values), -1, SEASON_LENGTH)


def plans_of(packed: PackedBatch, n_measures: int, horizon: int) -> Plans | None:
    """The promotion plans of a batch; None if none are configured."""
    lists = packed.covariates.get(PLAN)
    if lists is None or not n_measures:
        return None
    width = N_PLAN_VALUES + n_measures
    plan = lists.values.reshape(-1, width)
    first, last, known = plan[:, :N_PLAN_VALUES].astype(np.int64).T
    series = lists.series[::width]
    return Plans(len(packed.product_ids), series, first, last, known, plan[:, N_PLAN_VALUES:], horizon)


def delisted_ahead(packed: PackedBatch, first_days: IntArray) -> BoolArray:
    """[S, H], whether a product is delisted on all days of a column; first_days: [H], first day of each."""
    delisted = np.zeros((len(packed.product_ids), len(first_days)), dtype=np.bool_)
    lists = packed.covariates.get(DELISTED)
    if lists is not None:
        delisted[lists.series] = first_days >= lists.values[:, np.newaxis]
    return delisted


def prior_of(packed: PackedBatch, first_days: IntArray, period: int) -> Prior | None:
    """The planners' priors for each column ahead; first_days: [H], epoch days. None if not configured."""
    lists = packed.covariates.get(PRIOR)
    if lists is None:
        return None
    series = lists.series[::N_PRIOR_VALUES]
    daily_level, share, end = lists.values.reshape(-1, N_PRIOR_VALUES).T
    shape = len(packed.product_ids), len(first_days)
    level, weight = np.full(shape[0], np.nan), np.zeros(shape)
    level[series] = daily_level * period
    weight[series] = np.where(first_days <= end[:, np.newaxis], share[:, np.newaxis], 0.0)
    return Prior(level, weight)


def series_facts(history: History) -> SeriesFacts:
    """Statistics of each series for the gates and the table `fits`."""
    sold = history.quantity > 0
    from_end = np.argmax(sold[:, ::-1], axis=1)
    last_sale = np.where(sold.any(axis=1), history.days[-1] - from_end * history.period, -1)
    age = np.cumsum(history.known[:, ::-1], axis=1)[:, ::-1]  # 1 = the last known day
    recent = history.known & (age <= RECENT_DAYS // history.period)
    n_days = history.n_known * history.period
    return SeriesFacts(n_days, last_sale, np.sum(history.filled_damped, axis=1, where=recent))


def _spread(packed: PackedBatch, start: int, n_days: int) -> FloatArray:
    """[S, T], the packed values placed on their days; NaN on days without one."""
    quantity = np.full((len(packed.product_ids), n_days), np.nan)
    before = np.maximum(start - packed.first_day, 0)  # days that are too old
    begins, ends = packed.offsets[:-1] + before, packed.offsets[1:]
    columns = packed.first_day + before - start
    rows = zip(packed.series.tolist(), columns.tolist(), begins.tolist(), ends.tolist(), strict=True)
    for series, column, begin, end in rows:
        if begin < end:
            quantity[series, column : column + end - begin] = packed.quantity[begin:end]
    return quantity


def _begin(quantity: FloatArray, observed: BoolArray) -> IntArray:
    """[S], the column of the first sale; of the first observation if there is none."""
    sold = quantity > 0
    begin: IntArray = np.where(sold.any(axis=1), np.argmax(sold, axis=1), np.argmax(observed, axis=1))
    return begin
