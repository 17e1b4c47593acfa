"""Daily runs between two refits: each series keeps the candidate and the spread that the refit gave it."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.evaluation.backtest import score_candidates
from lepton_spark.evaluation.batch_forecast import OBSOLETE, OK, BatchForecast, forecast_choice
from lepton_spark.evaluation.choice import SEASONAL, Choice, choose, roles_of, starts_its_season
from lepton_spark.evaluation.demand import demand_classes
from lepton_spark.evaluation.priors import Prior
from lepton_spark.evaluation.quantiles.calibration import Spread
from lepton_spark.evaluation.role_backtest import RoleScores
from lepton_spark.evaluation.selection import Selection, ValidationErrors
from lepton_spark.evaluation.settings import EvaluationSettings
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray, StringArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.pool import Pools


@dataclass(frozen=True)
class KeptChoice:
    """What a refit chose for S series and measured in its backtest.

    is_known: [S], whether the refit forecast the series with the candidate that it chose, or as obsolete.
    sums: [S, N], dispersions of demand over several columns; NaN where none is known.
    demand_class: [S], at the refit's cutoff. is_obsolete: [S], whether it was forecast 0.
    """

    is_known: BoolArray
    selection: Selection
    spread: Spread
    sums: FloatArray
    demand_class: StringArray
    is_obsolete: BoolArray

    @classmethod
    def of(cls, refit: BatchForecast) -> "KeptChoice":
        """The choices of a refit of the same series."""
        is_known = np.isin(refit.status, (OK, OBSOLETE))
        is_obsolete = refit.status == OBSOLETE
        return cls(
            is_known,
            refit.selection,
            refit.spread,
            refit.sum_dispersion,
            refit.demand_class,
            is_obsolete,
        )


def forecast_keeping(
    history: History,
    pools: Pools,
    settings: EvaluationSettings,
    kept: KeptChoice,
    errors: ClassErrors,
    *,
    closed: BoolArray | None = None,
    prior: Prior | None = None,
    segment: IntArray | None = None,
) -> BatchForecast:
    """Forecast each series with the candidate that it keeps; choose anew for new and changed series.

    Series that keep their candidate have no backtest scores. errors: of the refit's demand classes.
    segment: [S], position of each series' portfolio.

    Raises: InputError for an unknown model, or levels without 0.1 and 0.9.
    """
    before_season = starts_its_season(history, settings, segment)
    keeps = _keeps(history, settings, kept, before_season, prior)
    if segment is not None:
        keeps &= settings.choices.allowed[segment, kept.selection.chosen]
    anew = np.flatnonzero(~keeps)
    choice = _without_backtest(kept, before_season, settings)
    if anew.size:
        of_anew = None if segment is None else segment[anew]
        chosen = _choose_anew(history.select(anew), pools, settings, errors, of_anew)
        choice = choice.with_rows(anew, chosen)
    return forecast_choice(history, pools, settings, choice, closed=closed, prior=prior)


def _keeps(
    history: History,
    settings: EvaluationSettings,
    kept: KeptChoice,
    before_season: BoolArray,
    prior: Prior | None,
) -> BoolArray:
    """[S], whether nothing has happened that calls for another choice."""
    demand_class = demand_classes(history.quantity, settings.new, settings.obsolete)
    same: BoolArray = kept.is_known & (demand_class == kept.demand_class)
    same &= history.sells_whole_units == kept.spread.whole_units
    same &= history.n_known >= settings.min_train
    if before_season.any():
        same &= ~before_season | (kept.selection.chosen == settings.candidates.index(SEASONAL))
    if prior is not None:
        same &= ~(kept.is_obsolete & prior.applies)
    return same


def _without_backtest(kept: KeptChoice, before_season: BoolArray, settings: EvaluationSettings) -> Choice:
    n_windows = len(settings.windows)
    scores = [RoleScores.none(assignment, n_windows) for assignment in roles_of(kept.selection, settings)]
    return Choice(kept.selection, before_season, kept.spread, kept.sums, *scores)


def _choose_anew(
    history: History,
    pools: Pools,
    settings: EvaluationSettings,
    errors: ClassErrors,
    segment: IntArray | None,
) -> Choice:
    validation = ValidationErrors.none(len(settings.candidates), history.n_series, len(settings.validation))
    if settings.has_choice:
        scores = score_candidates(history, pools, settings)
        validation = ValidationErrors.of(scores.sums, settings.validation)
    return choose(history, pools, settings, validation, errors, segment)
