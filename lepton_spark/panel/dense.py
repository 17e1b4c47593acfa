"""The dense arrays of a batch: what was sold, 0 where nothing was, NaN where nothing is known."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lepton_spark.models.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.batch import History
from lepton_spark.models.plans import Plans
from lepton_spark.panel.calendar import Calendar

DAYS_OF_WEEK = 7

RECENT_DAYS = 28
"""Known days behind a series' recent quantity."""


@dataclass(frozen=True)
class PackedBatch:
    """The packed rows of a batch, sorted by series and day; a series has one for each of its K years.

    series: [K], whose row it is. first_day: [K], epoch days. offsets: [K+1], where its days stand.
    quantity: [N], units; NaN = no row in `sales`.
    plan_series: [M], whose plan it is; plan: [M, 3 + K], first day, last day, known day, measures; None where
    nothing is planned.
    """

    product_ids: tuple[str, ...]
    location_ids: tuple[str, ...]
    series: IntArray
    first_day: IntArray
    offsets: IntArray
    quantity: FloatArray
    plan_series: IntArray | None = None
    plan: FloatArray | None = None

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

    A day without a row is 0 where the location delivered, else NaN. Only the last `history_days` are kept,
    so that one series of a century ago does not make its whole batch as long.
    """
    start = max(int(packed.first_day.min()), calendar.cutoff - history_days + 1)
    n_days = calendar.cutoff - start + 1
    quantity = _spread(packed, start, n_days)
    observed = ~np.isnan(quantity)
    quiet = ~observed & calendar.is_delivered(packed.location_ids, start)
    quantity[quiet] = 0.0
    begin = np.where(packed.series_begin < start, 0, _begin(quantity, observed))
    quantity[np.arange(n_days) < begin[:, np.newaxis]] = np.nan
    skipped = int(begin.min())
    return History(quantity[:, skipped:], np.arange(start + skipped, calendar.cutoff + 1))


def weekly(history: History) -> History:
    """Sums of weeks that end with the cutoff.

    A week is unknown when all its days are, or when a series begins inside it, unless it is its only one.
    """
    missing = -history.n_days % DAYS_OF_WEEK
    shape = (history.n_series, -1, DAYS_OF_WEEK)
    days = np.pad(history.quantity, ((0, 0), (missing, 0)), constant_values=np.nan).reshape(shape)
    known = ~np.isnan(days)
    told: BoolArray = np.asarray(known.any(axis=2))
    first = np.argmax(told, axis=1)
    rows = np.arange(history.n_series)
    begun_late = told.any(axis=1) & ~known[rows, first, 0] & (np.count_nonzero(told, axis=1) > 1)
    told[rows[begun_late], first[begun_late]] = False
    quantity = np.where(told, np.sum(days, axis=2, where=known), np.nan)
    ends = history.days[-1] - DAYS_OF_WEEK * np.arange(quantity.shape[1] - 1, -1, -1)
    return History(quantity, ends, pools=history.pools, period=DAYS_OF_WEEK)


def plans_of(packed: PackedBatch, horizon: int) -> Plans | None:
    """What is planned for the series of a batch."""
    if packed.plan_series is None or packed.plan is None:
        return None
    first, last, known = packed.plan[:, :3].astype(np.int64).T
    return Plans(len(packed.product_ids), packed.plan_series, first, last, known, packed.plan[:, 3:], horizon)


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
