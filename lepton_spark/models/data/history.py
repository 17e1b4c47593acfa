"""What a forecaster is handed and what it gives back: arrays over a batch of series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.data.outliers import damped
from lepton_spark.models.data.plans import Plans
from lepton_spark.models.pooled.trees import PooledTrees

SEASON_LENGTH = 7
"""Days in the season that every model knows: the week."""


def weekdays(days: IntArray) -> IntArray:
    """Weekday of each epoch day, Monday = 0."""
    return (days + 3) % SEASON_LENGTH


@dataclass(frozen=True)
class PoolProfile:
    """What a pool of series shares at C cutoffs.

    index: [C, 7, L], a weekday's sales over the level, for L half-lives; log_dispersion: [C], the median.
    month_days: [C, M], sales on a stretch of the month over what the weekday tells; None where unknown.
    year_weeks: [C, W], what weeks ahead were a year ago against those before them; None where unknown.
    trees: what was trained up to a day not after the cutoffs, where it was.
    public_days: [C, N], factors of the days ahead from the public holidays among them; None where unknown.
    excess: [C], units sold over those left after damping spikes; None where nothing is damped.
    """

    index: FloatArray
    log_dispersion: FloatArray
    month_days: FloatArray | None = None
    year_weeks: FloatArray | None = None
    trees: PooledTrees | None = None
    public_days: FloatArray | None = None
    excess: FloatArray | None = None

    def at(self, place: int) -> "PoolProfile":
        """The same of one of the cutoffs."""
        return PoolProfile(
            **{name: values[[place]] for name, values in self.arrays.items()}, trees=self.trees
        )

    @classmethod
    def joined(cls, parts: Sequence["PoolProfile"]) -> "PoolProfile":
        """Several, which know the same things, as one of all their cutoffs; without trees."""
        named = [part.arrays for part in parts]
        together: dict[str, Any] = {
            name: np.concatenate([arrays[name] for arrays in named]) for name in named[0]
        }
        return cls(**together)

    @property
    def arrays(self) -> dict[str, Any]:
        """What is known, by name, [C, ...] each."""
        named = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "trees"}
        return {name: values for name, values in named.items() if values is not None}


@dataclass(frozen=True)
class PublicDays:
    """Public holidays, and the days beside them, past and to come.

    days: [N], epoch days, ascending; kinds: [N], which of the year's they are, so that they are found again.
    """

    days: IntArray
    kinds: IntArray

    def kinds_of(self, days: IntArray) -> IntArray:
        """The kind of each epoch day, -1 for a day like any other; any shape."""
        if not len(self.days):
            return np.full(days.shape, -1)
        place = np.minimum(np.searchsorted(self.days, days), len(self.days) - 1)
        return np.where(self.days[place] == days, self.kinds[place], -1)


@dataclass(frozen=True)
class History:
    """Daily sales of a batch up to its cutoff, which is the last day.

    quantity: [S, T], units; NaN = unknown, 0 = no sale.
    days: [T], epoch days, each the last of its column; period: days of a column, 1 or 7.
    regressors: [S, T+H, K] known by the cutoff, or None; for `pooled`, `planned_ridge`, scikit-learn.
    plans: where the regressors come from, so that an earlier cutoff knows only what was planned by then.
    damped: [S, T], the quantity without spikes, worked out from the days before each; None: spikes stay.
    pools: what all series share as known at a cutoff, by its epoch day, C = 1; none where nothing is shared.
    withheld: [S, T], what was sold on days whose demand counts as unknown, NaN elsewhere; no model sees it.
    public_days: holidays, told long before they come; None where nobody said of which country.
    """

    quantity: FloatArray
    days: IntArray
    regressors: FloatArray | None = None
    damped: FloatArray | None = None
    pools: Mapping[int, PoolProfile] = field(default_factory=dict)
    plans: Plans | None = None
    period: int = 1
    withheld: FloatArray | None = None
    public_days: PublicDays | None = None

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
        """Columns of the season: a week of days; weeks have none."""
        return SEASON_LENGTH // self.period

    def ahead(self, horizon: int) -> IntArray:
        """[H], the last epoch day of each column after the cutoff."""
        ahead: IntArray = self.days[-1] + self.period * np.arange(1, horizon + 1)
        return ahead

    @property
    def pool(self) -> PoolProfile | None:
        """What is shared as known at this history's cutoff."""
        return self.pools.get(int(self.days[-1])) if self.n_days else None

    @cached_property
    def kinds(self) -> IntArray:
        """[T], which kind of public day each is, -1 for none."""
        return np.full(self.n_days, -1) if self.public_days is None else self.public_days.kinds_of(self.days)

    @cached_property
    def public(self) -> BoolArray:
        """[T], whether a day is a public holiday, or beside one."""
        public: BoolArray = self.kinds >= 0
        return public

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
    def calm(self) -> FloatArray:
        """[S, T], as `filled`, but without spikes: what levels are worked out from."""
        return self.filled if self.damped is None else np.where(self.known, self.damped, 0.0)

    @property
    def told_late(self) -> bool:
        """Whether days that were damped at an earlier cutoff are known as promoted by now."""
        return self.damped is not None and self.plans is not None and self.plans.told_late

    @cached_property
    def n_known(self) -> IntArray:
        """[S], number of known days."""
        n_known: IntArray = np.sum(self.known, axis=1, dtype=np.int64)
        return n_known

    @cached_property
    def sells_whole_units(self) -> BoolArray:
        """[S], whether every known quantity is a whole number."""
        whole: BoolArray = (self.filled == np.round(self.filled)).all(axis=1)
        return whole

    def until(self, index: int) -> "History":
        """The history as it stood when column `index` was the cutoff; later days are out of reach."""
        days, regressors = self.days[: index + 1], self.regressors
        if self.plans is not None:
            regressors = self.plans.by_day(days, self.period)
        elif regressors is not None:
            regressors = regressors[:, : regressors.shape[1] - (self.n_days - 1 - index)]
        quantity = self.quantity[:, : index + 1]
        calm = None if self.damped is None else self.damped[:, : index + 1]
        if self.told_late:
            calm = damped(quantity, regressors)
        return replace(self, quantity=quantity, days=days, regressors=regressors, damped=calm, withheld=None)

    def select(self, rows: IntArray | BoolArray) -> "History":
        """The same days for some of the series, in the order of `rows`."""
        regressors = None if self.regressors is None else self.regressors[rows]
        calm = None if self.damped is None else self.damped[rows]
        plans = None if self.plans is None else self.plans.select(rows)
        quantity = self.quantity[rows]
        return replace(
            self, quantity=quantity, regressors=regressors, damped=calm, plans=plans, withheld=None
        )


@dataclass(frozen=True)
class Fit:
    """What a forecaster gives for a batch.

    forecast: [S, H], units, may be negative; a NaN row could not be fitted.
    coefficients: name -> [S].
    median: [S, H], units, where a model has one of its own beside the mean.
    reasons: row -> why it could not be fitted, in words, where more is known than too few days.
    """

    forecast: FloatArray
    coefficients: Mapping[str, FloatArray] = field(default_factory=dict)
    reasons: Mapping[int, str] = field(default_factory=dict)
    median: FloatArray | None = None


class Forecaster(Protocol):
    """Fits every series of a batch and forecasts the days after its cutoff."""

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Forecast steps 1..horizon; never changes `history`, never raises for one bad series."""
        ...
