"""The choice of a candidate for each series of a batch, with what its backtest showed."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.evaluation.backtest import classes_for_choice, window_scales
from lepton_spark.evaluation.quantiles.calibration import Calibration, Spread, spread_of
from lepton_spark.evaluation.quantiles.demand_sums import fitted_sum_dispersions
from lepton_spark.evaluation.role_backtest import (
    Assignment,
    RoleScores,
    backtest_roles,
    calibration_of,
    expected_log_dispersion,
    known_at_test,
    score_role,
)
from lepton_spark.evaluation.seasons import is_before_its_season
from lepton_spark.evaluation.selection import Selection, ValidationErrors, select
from lepton_spark.evaluation.settings import EvaluationSettings
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray, placed
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.pool import Pools
from lepton_spark.models.registry import SEASONAL_LAST_YEAR, Candidate

BASELINE = Candidate("seasonal_naive")
SEASONAL = Candidate(SEASONAL_LAST_YEAR)
"""The candidate of series that are about to begin their season, which no validation window shows."""


@dataclass(frozen=True)
class Choice:
    """The candidates of S series in each role, and what the backtest of the chosen ones showed.

    before_season: [S], whether the season of a series is about to begin. spread: for quantiles.
    sums: [S, N], fitted dispersions of demand over several columns (see `demand_sums`); NaN where none was.
    chosen, runner_up, seasonal_naive: scores.
    """

    selection: Selection
    before_season: BoolArray
    spread: Spread
    sums: FloatArray
    chosen: RoleScores
    runner_up: RoleScores
    seasonal_naive: RoleScores

    def with_rows(self, rows: IntArray, other: "Choice") -> "Choice":
        """The choice with some rows replaced by those of a choice for these series alone."""
        return Choice(
            selection=self.selection.with_rows(rows, other.selection),
            before_season=placed(self.before_season, rows, other.before_season),
            spread=self.spread.with_rows(rows, other.spread),
            sums=placed(self.sums, rows, other.sums),
            chosen=self.chosen.with_rows(rows, other.chosen),
            runner_up=self.runner_up.with_rows(rows, other.runner_up),
            seasonal_naive=self.seasonal_naive.with_rows(rows, other.seasonal_naive),
        )


def choose(
    history: History,
    pools: Pools,
    settings: EvaluationSettings,
    validation: ValidationErrors,
    errors: ClassErrors,
) -> Choice:
    """Choose a candidate for each series, and backtest the three roles.

    validation, errors: from pass A.
    """
    selection = select(
        validation,
        classes_for_choice(history, settings),
        errors,
        settings.min_choice,
        is_young=history.n_known < settings.min_train,
        settings=settings.selection,
    )
    before_season = starts_its_season(history, settings)
    if before_season.any():
        selection = selection.with_choice(before_season, settings.candidates.index(SEASONAL))
    roles = roles_of(selection, settings)
    calibration, scores = _backtest(history, pools, roles, settings)
    spread = spread_of(calibration, settings.levels, settings.horizon)
    sums = fitted_sum_dispersions(calibration, expected_log_dispersion(history, pools))
    return Choice(selection, before_season, spread, sums, *scores)


def starts_its_season(history: History, settings: EvaluationSettings) -> BoolArray:
    """[S], whether a season is about to begin, if last year's season is a candidate at all."""
    if SEASONAL not in settings.candidates:
        return np.zeros(history.n_series, dtype=np.bool_)
    return is_before_its_season(history, settings.horizon)


def roles_of(selection: Selection, settings: EvaluationSettings) -> list[Assignment]:
    """The chosen candidate, the runner-up and the baseline of each series."""
    candidates = settings.candidates
    chosen = tuple(candidates[position] for position in selection.chosen)
    runner_up = tuple(candidates[position] if position >= 0 else None for position in selection.runner_up)
    return [chosen, runner_up, (BASELINE,) * len(chosen)]


def _backtest(
    history: History, pools: Pools, roles: list[Assignment], settings: EvaluationSettings
) -> tuple[Calibration, list[RoleScores]]:
    """The calibration of the chosen candidates from all windows, and the backtest scores of each role."""
    backtests = backtest_roles(history, pools, roles, settings)
    scales = window_scales(history, settings.windows)
    until_test = known_at_test(history, settings)
    scores = []
    for assignment, backtest in zip(roles, backtests, strict=True):
        before_test = calibration_of(backtest, until_test, pools, settings).of_windows(settings.validation)
        scores.append(score_role(assignment, backtest, before_test, scales, settings))
    return calibration_of(backtests[0], history, pools, settings), scores
