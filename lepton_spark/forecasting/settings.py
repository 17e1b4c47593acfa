"""Everything a worker needs to fit a batch; sent to the workers with the UDF."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from lepton_spark.evaluation.portfolios import STANDARD, Portfolio
from lepton_spark.evaluation.priors import Prior
from lepton_spark.evaluation.settings import EvaluationSettings
from lepton_spark.evaluation.windows import plan_windows
from lepton_spark.forecasting.routing import Rule
from lepton_spark.models.data.arrays import BoolArray, IntArray
from lepton_spark.models.data.events import Events
from lepton_spark.models.data.history import History
from lepton_spark.models.data.outliers import damp_outliers
from lepton_spark.models.pooled.pool import Pools
from lepton_spark.models.pooled.settings import DEFAULT_SETTINGS, PooledSettings
from lepton_spark.models.registry import (
    MODELS_WITHOUT_EVENTS,
    POOLED,
    POOLED_MODELS,
    CustomRegressor,
    candidates_for,
    register,
    registered_regressors,
)
from lepton_spark.panel.calendar import Calendar
from lepton_spark.panel.calendar_rows import CalendarRow, events_of
from lepton_spark.panel.dense import (
    PackedBatch,
    delisted_ahead,
    dense_history,
    plans_of,
    prior_of,
    weekly,
)
from lepton_spark.panel.elsewhere import elsewhere_of
from lepton_spark.panel.public_holidays import public_holidays
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS

if TYPE_CHECKING:  # workers do not need the configuration, which takes half a second to import
    from lepton_spark.config import Config, ForecastSettings, SegmentSettings

LEVELS = tuple(QUANTILE_LEVELS.values())

SAMPLED_BATCHES = 8
"""Batches of the pool's sample; a hash of the ids makes batches, so the first ones are a random sample."""

MIN_CHOICE_DAYS = 28
"""Scored days from which a series may choose by its own errors; sparse demand needs twice as many."""


@dataclass(frozen=True)
class FitSettings:
    """The settings of both passes and of the learning before them.

    evaluation: in columns of `period` days, 1 or 7; history_days in days.
    calendar: open days up to the cutoff. n_measures: planned measures per day, 0 without plans.
    events: of the calendar and public holidays, past and future; None where none are configured.
    regressors: registered in the driver, to be registered in the workers.
    pools: what is learned from many series; empty until then.
    rules: which series each segment takes, in the order of `evaluation.portfolios` after the standard one.
    """

    evaluation: EvaluationSettings
    calendar: Calendar
    history_days: int
    damp_outliers: bool = True
    n_measures: int = 0
    period: int = 1
    regressors: Mapping[str, CustomRegressor] = field(default_factory=dict)
    events: Events | None = None
    pooled: PooledSettings = DEFAULT_SETTINGS
    pools: Pools = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    @property
    def horizon(self) -> int:
        """Columns ahead."""
        return self.evaluation.horizon

    @property
    def uses_pool(self) -> bool:
        """Whether a candidate uses pool statistics."""
        models = {candidate.model for candidate in self.evaluation.candidates}
        return bool(models & POOLED_MODELS or (self.events is not None and models - MODELS_WITHOUT_EVENTS))

    @property
    def uses_trees(self) -> bool:
        """Whether a candidate uses trees trained on many series."""
        return any(candidate.model == POOLED for candidate in self.evaluation.candidates)

    @property
    def has_locations(self) -> bool:
        """Whether there are several locations, so that locations are segments."""
        return len(self.calendar.opened) > 1

    @property
    def training_days(self) -> list[int]:
        """Epoch days to train up to: the earliest window's cutoff, before any outcome, and the run's."""
        windows = self.evaluation.windows
        back = [max(window.cutoff_offset for window in windows)] if windows else []
        return [self.calendar.cutoff - offset * self.period for offset in (*back, 0)]

    def history(self, packed: PackedBatch) -> History:
        """The histories of a batch up to the run's cutoff."""
        dense = dense_history(packed, self.calendar, self.history_days)
        if self.period > 1:
            dense = weekly(dense)
        plans = plans_of(packed, self.n_measures, self.horizon)
        planned = None if plans is None else plans.by_day(dense.days, dense.period)
        damped = damp_outliers(dense.quantity, planned) if self.damp_outliers else None
        return replace(
            dense,
            regressors=planned,
            damped=damped,
            plans=plans,
            events=self.events,
            elsewhere=elsewhere_of(packed, self.calendar.cutoff),
        )

    def is_closed_ahead(self, packed: PackedBatch) -> BoolArray:
        """[S, H], whether nothing can be sold: location closed on all days, or product delisted."""
        closed = self.calendar.is_closed(packed.location_ids, self.horizon * self.period)
        by_column = closed.reshape(len(closed), self.horizon, self.period).all(axis=2)
        return np.asarray(by_column | delisted_ahead(packed, self._first_days))

    def prior(self, packed: PackedBatch) -> Prior | None:
        """Levels that planners set for the series of a batch."""
        return prior_of(packed, self._first_days, self.period)

    @property
    def _first_days(self) -> IntArray:
        """[H], the first epoch day of each column ahead."""
        first: IntArray = self.calendar.cutoff + 1 + self.period * np.arange(self.horizon)
        return first

    def register(self) -> None:
        """Register the driver's regressors in this process."""
        for name, regressor in self.regressors.items():
            register(name, regressor)


def fit_settings(config: "Config", calendar: Calendar, rows: Sequence[CalendarRow] = ()) -> FitSettings:
    """The settings of a run; rows: of the calendar, known by its cutoff.

    Raises: InputError for an unknown model.
    """
    return FitSettings(
        evaluation=evaluation_settings(config, LEVELS),
        calendar=calendar,
        history_days=config.panel.history_days,
        damp_outliers=config.panel.damp_spikes,
        n_measures=config.plans.n_measures,
        period=config.forecast.period,
        regressors=registered_regressors(),
        events=_events(config.forecast, calendar, rows),
        rules=_rules(config.segments),
    )


def _rules(segments: Sequence["SegmentSettings"]) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            segment.name, segment.product_ids(), frozenset(segment.category), frozenset(segment.demand_class)
        )
        for segment in segments
    )


def evaluation_settings(config: "Config", levels: Sequence[float]) -> EvaluationSettings:
    """The configured settings with all days converted to columns.

    Raises: InputError for an unknown model.
    """
    forecast, backtest, panel = config.forecast, config.backtest, config.panel

    def columns(days: int) -> int:
        """The fewest columns that hold so many days."""
        return max(-(-days // forecast.period), 1)

    portfolios = _portfolios(config)
    return EvaluationSettings(
        candidates=tuple(dict.fromkeys(one for portfolio in portfolios for one in portfolio.candidates)),
        windows=plan_windows(forecast.horizon, backtest.validation_windows, backtest.stride),
        horizon=forecast.horizon,
        levels=tuple(levels),
        min_train=columns(backtest.min_train_days),
        new=columns(panel.new_days),
        obsolete=columns(panel.obsolete_days),
        min_choice=columns(MIN_CHOICE_DAYS),
        portfolios=portfolios if config.segments else (),
    )


def _portfolios(config: "Config") -> tuple[Portfolio, ...]:
    """The standard portfolio, then that of each segment; a segment without models has the standard one."""
    half_lives = config.forecast.half_lives
    standard = Portfolio(STANDARD, candidates_for(config.forecast.models, half_lives))
    return (
        standard,
        *(
            standard
            if segment.models is None
            else Portfolio(segment.name, candidates_for(segment.models, half_lives))
            for segment in config.segments
        ),
    )


def _events(forecast: "ForecastSettings", calendar: Calendar, rows: Sequence[CalendarRow]) -> Events | None:
    """Events of the calendar, then public holidays; weekly forecasts have none."""
    if forecast.period > 1:
        return None
    first, last = calendar.first_day, calendar.cutoff + forecast.horizon
    public = public_holidays(forecast.holidays, first, last) if forecast.holidays else []
    return events_of([*rows, *public], first)
