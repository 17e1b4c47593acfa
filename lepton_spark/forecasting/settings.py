"""What a worker needs to know to fit a batch; it travels with the UDF."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lepton_spark.config import Config, ForecastSettings
from lepton_spark.evaluation.backtest import cutoff_columns
from lepton_spark.evaluation.demand import StringArray, demand_classes
from lepton_spark.evaluation.priors import Prior
from lepton_spark.evaluation.windows import Role, Window, of_role, plan_windows
from lepton_spark.models.data.arrays import BoolArray, IntArray
from lepton_spark.models.data.history import History, PoolProfile, PublicDays
from lepton_spark.models.data.outliers import damped
from lepton_spark.models.registry import (
    POOLED,
    READS_HOLIDAYS,
    SHARING,
    Candidate,
    Foreign,
    candidates_for,
    register,
    registered_regressors,
)
from lepton_spark.panel.calendar import Calendar
from lepton_spark.panel.dense import (
    PackedBatch,
    delisted_ahead,
    dense_history,
    plans_of,
    prior_of,
    weekly,
)
from lepton_spark.panel.public_holidays import public_days
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS

LEVELS = tuple(QUANTILE_LEVELS.values())

SAMPLED_BATCHES = 8
"""Batches are drawn by a hash of their series' ids, so the first few are a sample that speaks for all."""

MIN_CHOICE_DAYS = 28
"""Scored days from which a series chooses by its own errors; sparse demand needs twice as many."""


@dataclass(frozen=True)
class FitSettings:
    """The candidates, the windows, the calendar up to the cutoff, and what decides a series' class.

    regressors: what was registered in the driver, to be known to the workers too.
    period: days of a column, 1 or 7. horizon, windows: in columns; the other settings in days.
    n_measures: planned measures a day; 0 where nothing is planned.
    public_days: holidays of the calendar and of the horizon; None where nobody said of which country.
    pools: what all series share, by the epoch day of a window's cutoff and of the run's.
    """

    candidates: tuple[Candidate, ...]
    windows: tuple[Window, ...]
    horizon: int
    calendar: Calendar
    min_train_days: int
    new_days: int
    obsolete_days: int
    history_days: int
    damp_spikes: bool = True
    n_measures: int = 0
    period: int = 1
    regressors: Mapping[str, Foreign] = field(default_factory=dict)
    public_days: PublicDays | None = None
    pools: Mapping[int, PoolProfile] = field(default_factory=dict)

    @property
    def validation(self) -> list[int]:
        """Places of the validation windows."""
        return of_role(self.windows, Role.VALIDATION)

    @property
    def shares(self) -> bool:
        """Whether a candidate reads what the series share."""
        reading = SHARING if self.public_days is None else READS_HOLIDAYS
        return any(candidate.model in reading for candidate in self.candidates)

    @property
    def trains(self) -> bool:
        """Whether a candidate needs trees trained over many series."""
        return any(candidate.model == POOLED for candidate in self.candidates)

    @property
    def training_days(self) -> list[int]:
        """Epoch days to train up to: before every window, so that none is learnt from, and the cutoff."""
        back = [max(window.cutoff_offset for window in self.windows)] if self.windows else []
        return [self.calendar.cutoff - offset * self.period for offset in (*back, 0)]

    @property
    def has_choice(self) -> bool:
        """Whether there is anything to choose and to choose by; else pass A would decide nothing."""
        return len(self.candidates) > 1 and bool(self.validation)

    def history(self, packed: PackedBatch) -> History:
        """A batch's history up to the run's cutoff, with what the series share."""
        dense = dense_history(packed, self.calendar, self.history_days)
        if self.period > 1:
            dense = weekly(dense)
        plans = plans_of(packed, self.n_measures, self.horizon)
        planned = None if plans is None else plans.by_day(dense.days, dense.period)
        calm = damped(dense.quantity, planned) if self.damp_spikes else None
        shared, told = self.pools, self.public_days
        return replace(dense, regressors=planned, damped=calm, pools=shared, plans=plans, public_days=told)

    def classes_for_choice(self, history: History) -> StringArray:
        """[S], the demand classes as known at the test window's cutoff: no choice may see beyond it."""
        ends = cutoff_columns(history, [self.windows[place] for place in of_role(self.windows, Role.TEST)])
        seen = history.quantity[:, : max(int(ends.min(initial=history.n_days - 1)), -1) + 1]
        return demand_classes(seen, self.columns(self.new_days), self.columns(self.obsolete_days))

    def columns(self, days: int) -> int:
        """The fewest columns of a history that hold so many days, at least one."""
        return max(-(-days // self.period), 1)

    def unsold_ahead(self, packed: PackedBatch) -> BoolArray:
        """[S, H], whether nothing can be sold: the location is closed, or the product delisted."""
        return self.closed_ahead(packed.location_ids) | delisted_ahead(packed, self._first_days)

    def closed_ahead(self, locations: Sequence[str]) -> BoolArray:
        """[S, H], whether a series' location does not open on any day of a column ahead."""
        closed = self.calendar.is_closed(locations, self.horizon * self.period)
        by_column = closed.reshape(len(closed), self.horizon, self.period)
        return np.asarray(by_column.all(axis=2))

    def prior(self, packed: PackedBatch) -> Prior | None:
        """What was set by hand for the series of a batch."""
        return prior_of(packed, self._first_days, self.period)

    @property
    def _first_days(self) -> IntArray:
        """[H], the first epoch day of each column ahead."""
        first: IntArray = self.calendar.cutoff + 1 + self.period * np.arange(self.horizon)
        return first

    def register(self) -> None:
        """Make the driver's regressors known in this process."""
        for name, foreign in self.regressors.items():
            register(name, foreign)


def fit_settings(config: Config, calendar: Calendar) -> FitSettings:
    """The settings of a run.

    Raises: InputError for an unknown model.
    """
    forecast, backtest = config.forecast, config.backtest
    return FitSettings(
        candidates=candidates_for(forecast.models, forecast.half_lives),
        windows=plan_windows(forecast.horizon, backtest.validation_windows, backtest.stride),
        horizon=forecast.horizon,
        calendar=calendar,
        min_train_days=backtest.min_train_days,
        new_days=config.panel.new_days,
        obsolete_days=config.panel.obsolete_days,
        history_days=config.panel.history_days,
        damp_spikes=config.panel.damp_spikes,
        n_measures=config.plans.n_measures,
        period=forecast.period,
        regressors=registered_regressors(),
        public_days=_public_days(forecast, calendar),
    )


def _public_days(forecast: ForecastSettings, calendar: Calendar) -> PublicDays | None:
    if forecast.holidays is None:
        return None
    last = calendar.cutoff + forecast.horizon
    return public_days(forecast.holidays, calendar.first_day, last)
