"""The histories of a batch of series: the only data a forecaster sees."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.data.elsewhere import Elsewhere
from lepton_spark.models.data.events import EventDays, Events
from lepton_spark.models.data.outliers import damp_outliers
from lepton_spark.models.data.plans import Plans

SEASON_LENGTH = 7
"""Days in a week, the season of weekday patterns; the pooled models treat the year separately."""

MIN_ORDINARY_DAYS = 14
"""Known days outside events from which a series is forecast from these alone, however many are of events."""

LARGEST_EVENT_RATIO = 5.0
"""A series that sells mostly on event days is goods of these if they sell five times an ordinary day."""

WHOLE_SHARE = 0.99
"""Share of the days with a sale that must be whole numbers for a series to count as sold in whole units."""


def weekdays(days: IntArray) -> IntArray:
    """Weekday of each epoch day, Monday = 0.

    >>> weekdays(np.array([0, 4]))  # 1 January 1970 was a Thursday
    array([3, 0])
    """
    return (days + 3) % SEASON_LENGTH


@dataclass(frozen=True)
class History:
    """Sales of S series in T columns of one day or one week; the last column ends with the cutoff.

    quantity: [S, T], units; NaN = unknown, 0 = no sale.
    days: [T], the last epoch day of each column. period: days per column, 1 or 7.
    regressors: [S, T+H, K], promotion measures as known at the cutoff; None without plans.
    plans: the source of `regressors`, from which `until` takes those known at an earlier cutoff.
    damped: [S, T], the quantity with outliers damped; None where damping is off.
    stock_out_sales: [S, T], units sold while out of stock, else NaN; `until` and `select` drop it, so
    that no model sees it.
    rejected: [S, T], days that are unknown because a line was rejected; used to sum weeks, then dropped.
    events: events and public holidays, past and future; None where none are configured.
    event_sales: [S, T], units of days that `without_events` left out, else NaN; for the last sale only.
    elsewhere: sales of the same products at other locations; None if no product of the batch has several.
    """

    quantity: FloatArray
    days: IntArray
    regressors: FloatArray | None = None
    damped: FloatArray | None = None
    plans: Plans | None = None
    period: int = 1
    stock_out_sales: FloatArray | None = None
    rejected: BoolArray | None = None
    events: Events | None = None
    event_sales: FloatArray | None = None
    elsewhere: Elsewhere | None = None

    @property
    def n_series(self) -> int:
        """S."""
        return len(self.quantity)

    @property
    def n_days(self) -> int:
        """T."""
        return len(self.days)

    @property
    def season_length(self) -> int:
        """Columns per season: 7 for days, 1 for weeks."""
        return SEASON_LENGTH // self.period

    def ahead(self, horizon: int) -> IntArray:
        """[H], the last epoch day of each column after the cutoff."""
        ahead: IntArray = self.days[-1] + self.period * np.arange(1, horizon + 1)
        return ahead

    @cached_property
    def shared(self) -> dict[tuple[object, ...], Any]:
        """What several models compute from this history, by name and arguments."""
        return {}

    @cached_property
    def event_days(self) -> EventDays | None:
        """The days of events as known at the cutoff."""
        return None if self.events is None else self.events.known_at(int(self.days[-1]))

    @cached_property
    def is_event(self) -> BoolArray:
        """[T], whether a day belongs to an event whose effect could be learned."""
        if self.event_days is None:
            return np.zeros(self.n_days, dtype=np.bool_)
        return self.event_days.left_out(self.days)

    @cached_property
    def follows_events(self) -> BoolArray:
        """[S], whether the pool's events apply to a series.

        They do not if it is known mostly from event days, or sells mostly on them (Christmas trees).
        """
        ordinary, n_known = ~self.is_event, self.known_weight
        n_ordinary, n_event = n_known[:, ordinary].sum(axis=1), n_known[:, self.is_event].sum(axis=1)
        with np.errstate(over="ignore"):
            sold, at_events = self.filled[:, ordinary].sum(axis=1), self.filled[:, self.is_event].sum(axis=1)
            is_of_event = (at_events > sold) & (at_events * n_ordinary > LARGEST_EVENT_RATIO * sold * n_event)
        enough = np.minimum(MIN_ORDINARY_DAYS, n_event)
        follows: BoolArray = (n_ordinary >= enough) & ~is_of_event
        return follows

    @cached_property
    def without_events(self) -> "History":
        """The history with the days of events unknown, for the series that follow events."""
        if self.events is None:
            return self
        left_out = self.follows_events[:, np.newaxis] & self.is_event
        return replace(
            self,
            quantity=np.where(left_out, np.nan, self.quantity),
            damped=None if self.damped is None else np.where(left_out, np.nan, self.damped),
            event_sales=np.where(left_out, self.quantity, np.nan),
            events=None,
        )

    @cached_property
    def is_sold(self) -> BoolArray:
        """[S, T], whether anything was sold on a day, events included."""
        sold: BoolArray = self.filled_damped > 0
        return sold if self.event_sales is None else sold | (self.event_sales > 0)

    @cached_property
    def known(self) -> BoolArray:
        """[S, T], whether a day's quantity is known."""
        return ~np.isnan(self.quantity)

    @cached_property
    def known_weight(self) -> FloatArray:
        """[S, T], 1 on known days and 0 on unknown ones."""
        return self.known.astype(np.float64)

    @cached_property
    def filled(self) -> FloatArray:
        """[S, T], the quantity with 0 on unknown days; only for sums weighted by `known_weight`."""
        return np.where(self.known, self.quantity, 0.0)

    @cached_property
    def filled_damped(self) -> FloatArray:
        """[S, T], as `filled`, with outliers damped where damping is on; used by the pooled models."""
        return self.filled if self.damped is None else np.where(self.known, self.damped, 0.0)

    @property
    def has_late_plans(self) -> bool:
        """Whether damping depends on the cutoff: a plan became known only after it had begun."""
        return self.damped is not None and self.plans is not None and self.plans.has_late_plans

    @property
    def depends_on_cutoff(self) -> bool:
        """Whether what is known of past days differs by cutoff: by late plans or by events."""
        return self.has_late_plans or self.events is not None

    @cached_property
    def n_known(self) -> IntArray:
        """[S], number of known days."""
        n_known: IntArray = np.sum(self.known, axis=1, dtype=np.int64)
        return n_known

    @cached_property
    def sells_whole_units(self) -> BoolArray:
        """[S], whether nearly all quantities sold are whole numbers; a few may be typing errors."""
        n_sold = np.count_nonzero(self.filled, axis=1)
        n_fractions = np.count_nonzero(self.filled != np.round(self.filled), axis=1)
        sells_whole: BoolArray = n_fractions <= (1.0 - WHOLE_SHARE) * n_sold
        return sells_whole

    @cached_property
    def dispersion(self) -> FloatArray:
        """[S], variance over mean of the known days, in units; 1 where nothing was sold."""
        n_known = np.maximum(self.n_known, 1)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = self.filled.sum(axis=1) / n_known
            variance = np.sum((self.filled - mean[:, np.newaxis]) ** 2, axis=1, where=self.known)
            found = variance / np.maximum(n_known - 1, 1) / mean
        return np.where(np.isfinite(found) & (found > 0), found, 1.0)

    def until(self, column: int) -> "History":
        """The history as known at an earlier cutoff, the end of `column`; later days are left out."""
        days, regressors = self.days[: column + 1], self.regressors
        if self.plans is not None:
            regressors = self.plans.by_day(days, self.period)
        elif regressors is not None:
            regressors = regressors[:, : regressors.shape[1] - (self.n_days - 1 - column)]
        quantity = self.quantity[:, : column + 1]
        damped = None if self.damped is None else self.damped[:, : column + 1]
        if self.has_late_plans:
            damped = damp_outliers(quantity, regressors)
        return replace(
            self,
            quantity=quantity,
            days=days,
            regressors=regressors,
            damped=damped,
            event_sales=None if self.event_sales is None else self.event_sales[:, : column + 1],
            stock_out_sales=None,
            rejected=None,
            elsewhere=None if self.elsewhere is None else self.elsewhere.until(int(self.days[column])),
        )

    def select(self, rows: IntArray | BoolArray) -> "History":
        """The same days for some of the series, in the order of `rows`."""
        has_hidden_days = self.stock_out_sales is not None or self.rejected is not None
        is_mask = rows.dtype == np.bool_
        if not (has_hidden_days or is_mask) and np.array_equal(rows, np.arange(self.n_series)):
            return self  # with everything that models already computed from it
        return replace(
            self,
            quantity=self.quantity[rows],
            regressors=None if self.regressors is None else self.regressors[rows],
            damped=None if self.damped is None else self.damped[rows],
            event_sales=None if self.event_sales is None else self.event_sales[rows],
            plans=None if self.plans is None else self.plans.select(rows),
            elsewhere=None if self.elsewhere is None else self.elsewhere.select(rows),
            stock_out_sales=None,
            rejected=None,
        )
