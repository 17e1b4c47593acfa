"""The dense arrays of a batch: what was sold, 0 where nothing was, NaN where nothing is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from lepton_spark.evaluation.priors import Prior
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.data.history import History
from lepton_spark.models.data.plans import Plans
from lepton_spark.panel.calendar import Calendar

DAYS_OF_WEEK = 7

PLAN, STOCK_OUTS, PRIOR, DELISTED = "plan", "stock_outs", "prior", "delisted"
SIDE_LISTS = (PLAN, STOCK_OUTS, PRIOR, DELISTED)
"""Lists that a series may have beside its years, as `pipelines.side` makes them."""

PLAN_FACTS = 3
"""First day, last day and known day stand before the measures of each plan."""

PRIOR_FACTS = 3
"""Level, weight and last day."""

RECENT_DAYS = 28
"""Known days behind a series' recent quantity."""


@dataclass(frozen=True)
class Ragged:
    """Lists of some of the series, one after another: whose each value is, and the values, [M]."""

    series: IntArray
    values: FloatArray


@dataclass(frozen=True)
class PackedBatch:
    """The packed rows of a batch, sorted by series and day; a series has one for each of its K years.

    series: [K], whose row it is. first_day: [K], epoch days. offsets: [K+1], where its days stand.
    quantity: [N], units; NaN = no row in `sales`.
    side: what is told of the series beside their sales, by `SIDE_LISTS`; a name is absent where its input is.
    """

    product_ids: tuple[str, ...]
    location_ids: tuple[str, ...]
    series: IntArray
    first_day: IntArray
    offsets: IntArray
    quantity: FloatArray
    side: Mapping[str, Ragged] = field(default_factory=dict)

    @cached_property
    def series_begin(self) -> IntArray:
        """[S], each series' first day."""
        return self.first_day[np.searchsorted(self.series, np.arange(len(self.product_ids)))]


@dataclass(frozen=True)
class SeriesFacts:
    """Facts of each series up to the cutoff, [S].

    n_days_known: days. last_sale: epoch day, -1 without one. recent_quantity: units, last 28 known days.
    """

    n_days_known: IntArray
    last_sale: IntArray
    recent_quantity: FloatArray


def dense_history(packed: PackedBatch, calendar: Calendar, history_days: int) -> History:
    """The history of a batch, each series from its first sale (or first row, where nothing was ever sold).

    A day without a row is 0 where the location delivered, else NaN; so is a day out of stock, whatever was
    sold. Only the last `history_days` are kept, so that one series of a century ago does not make its whole
    batch as long.
    """
    start = max(int(packed.first_day.min()), calendar.cutoff - history_days + 1)
    n_days = calendar.cutoff - start + 1
    quantity = _spread(packed, start, n_days)
    observed = ~np.isnan(quantity)
    quiet = ~observed & calendar.is_delivered(packed.location_ids, start)
    quantity[quiet] = 0.0
    begin = np.where(packed.series_begin < start, 0, _begin(quantity, observed))
    quantity[np.arange(n_days) < begin[:, np.newaxis]] = np.nan
    withheld = _withhold(packed.side.get(STOCK_OUTS), quantity, start)
    skipped = int(begin.min())
    days = np.arange(start + skipped, calendar.cutoff + 1)
    return History(
        quantity[:, skipped:], days, stock_out_sales=withheld if withheld is None else withheld[:, skipped:]
    )


def _withhold(stock_outs: Ragged | None, quantity: FloatArray, start: int) -> FloatArray | None:
    """[S, T], what days out of stock held, NaN elsewhere; in `quantity` they become unknown."""
    if stock_outs is None:
        return None
    column = stock_outs.values.astype(np.int64) - start
    there = (column >= 0) & (column < quantity.shape[1])
    places = stock_outs.series[there], column[there]
    withheld = np.full(quantity.shape, np.nan)
    withheld[places] = quantity[places]
    quantity[places] = np.nan
    return withheld


def weekly(history: History) -> History:
    """Sums of weeks that end with the cutoff.

    A week is unknown when all its days are, or one was out of stock, or when a series begins inside it,
    unless it is its only one.
    """
    missing = -history.n_days % DAYS_OF_WEEK
    shape = (history.n_series, -1, DAYS_OF_WEEK)
    days = np.pad(history.quantity, ((0, 0), (missing, 0)), constant_values=np.nan).reshape(shape)
    known = ~np.isnan(days)
    told: BoolArray = np.asarray(known.any(axis=2))
    withheld = None
    if history.stock_out_sales is not None:
        held = np.pad(history.stock_out_sales, ((0, 0), (missing, 0)), constant_values=np.nan).reshape(shape)
        short = ~np.isnan(held).all(axis=2)
        withheld = np.where(short, np.nansum(held, axis=2) + np.sum(days, axis=2, where=known), np.nan)
        told &= ~short
    first = np.argmax(told, axis=1)
    rows = np.arange(history.n_series)
    begun_late = told.any(axis=1) & ~known[rows, first, 0] & (np.count_nonzero(told, axis=1) > 1)
    told[rows[begun_late], first[begun_late]] = False
    quantity = np.where(told, np.sum(days, axis=2, where=known), np.nan)
    ends = history.days[-1] - DAYS_OF_WEEK * np.arange(quantity.shape[1] - 1, -1, -1)
    return History(quantity, ends, period=DAYS_OF_WEEK, stock_out_sales=withheld)


def plans_of(packed: PackedBatch, n_measures: int, horizon: int) -> Plans | None:
    """What is planned for the series of a batch."""
    lists = packed.side.get(PLAN)
    if lists is None or not n_measures:
        return None
    width = PLAN_FACTS + n_measures
    plan = lists.values.reshape(-1, width)
    first, last, known = plan[:, :PLAN_FACTS].astype(np.int64).T
    series = lists.series[::width]
    return Plans(len(packed.product_ids), series, first, last, known, plan[:, PLAN_FACTS:], horizon)


def delisted_ahead(packed: PackedBatch, first_days: IntArray) -> BoolArray:
    """[S, H], whether a product is no longer sold on any day of the columns that begin on `first_days`."""
    gone = np.zeros((len(packed.product_ids), len(first_days)), dtype=np.bool_)
    lists = packed.side.get(DELISTED)
    if lists is not None:
        gone[lists.series] = first_days >= lists.values[:, np.newaxis]
    return gone


def prior_of(packed: PackedBatch, first_days: IntArray, period: int) -> Prior | None:
    """Levels set by hand, for the columns of `period` days ahead that begin on `first_days`."""
    lists = packed.side.get(PRIOR)
    if lists is None:
        return None
    series = lists.series[::PRIOR_FACTS]
    said, share, end = lists.values.reshape(-1, PRIOR_FACTS).T
    shape = len(packed.product_ids), len(first_days)
    level, weight = np.full(shape[0], np.nan), np.zeros(shape)
    level[series] = said * period
    weight[series] = np.where(first_days <= end[:, np.newaxis], share[:, np.newaxis], 0.0)
    return Prior(level, weight)


def series_facts(history: History) -> SeriesFacts:
    """What the gates and readers want to know of each series."""
    sold = history.quantity > 0
    from_end = np.argmax(sold[:, ::-1], axis=1)
    last_sale = np.where(sold.any(axis=1), history.days[-1] - from_end * history.period, -1)
    age = np.cumsum(history.known[:, ::-1], axis=1)[:, ::-1]  # 1 = the last known day
    recent = history.known & (age <= RECENT_DAYS // history.period)
    n_days = history.n_known * history.period
    return SeriesFacts(n_days, last_sale, np.sum(history.filled, axis=1, where=recent))


def _spread(packed: PackedBatch, start: int, n_days: int) -> FloatArray:
    """[S, T], each series' values on their days."""
    lengths = np.diff(packed.offsets)
    n_series = len(packed.product_ids)
    rows = np.repeat(packed.series, lengths)
    shift = packed.first_day - start - packed.offsets[:-1]
    columns = np.arange(len(packed.quantity)) + np.repeat(shift, lengths)
    kept = columns >= 0
    quantity = np.full((n_series, n_days), np.nan)
    quantity[rows[kept], columns[kept]] = packed.quantity[kept]
    return quantity


def _begin(quantity: FloatArray, observed: BoolArray) -> IntArray:
    """[S], column of the first sale, or of the first observation without one."""
    sold = quantity > 0
    begin: IntArray = np.where(sold.any(axis=1), np.argmax(sold, axis=1), np.argmax(observed, axis=1))
    return begin
