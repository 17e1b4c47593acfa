"""The choice of a candidate for each series of a batch, with what its backtest showed."""

from dataclasses import dataclass, replace

import numpy as np

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.evaluation.accuracy.error_sums import ErrorSums, error_sums
from lepton_spark.evaluation.backtest import classes_for_choice, window_scales
from lepton_spark.evaluation.quantiles.calibration import Calibration, Spread, spread_of
from lepton_spark.evaluation.quantiles.demand_sums import fitted_sum_dispersions
from lepton_spark.evaluation.role_backtest import (
    Assignment,
    RoleScores,
    backtest_roles,
    calibration_of,
    expected_log_dispersion,
    keys_of,
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
    segment: IntArray | None = None,
) -> Choice:
    """Choose a candidate for each series, and backtest the three roles.

    validation, errors: from pass A. segment: [S], position of each series' portfolio.
    """
    selection, before_season = _select(history, settings, validation, errors, segment)
    roles = roles_of(selection, settings)
    calibration, scores = _backtest(history, pools, roles, settings)
    spread = spread_of(calibration, settings.levels, settings.horizon)
    sums = fitted_sum_dispersions(calibration, expected_log_dispersion(history, pools))
    return Choice(selection, before_season, spread, sums, *scores)


def standard_scores(
    history: History,
    pools: Pools,
    settings: EvaluationSettings,
    validation: ValidationErrors,
    errors: ClassErrors,
    chosen: RoleScores,
) -> ErrorSums:
    """[S], errors on the test window of what the series would have chosen from the standard portfolio.

    Only another candidate than the chosen one is fitted. A series that the standard choice could not forecast
    on the same days has the errors of the chosen one, so that both are compared on the same days.
    """
    tests = tuple(settings.windows[position] for position in settings.test)
    if not tests:
        return ErrorSums.zeros(history.n_series)
    of_chosen = chosen.sums.map(lambda values: values[settings.test].sum(axis=0))
    selection, _ = _select(history, settings, validation, errors, None)
    assignment = roles_of(selection, settings)[0]
    others = np.flatnonzero(np.array(keys_of(assignment)) != np.array(chosen.keys))
    if not others.size:
        return of_chosen
    rows, only_test = history.select(others), replace(settings, windows=tests)
    backtest = backtest_roles(rows, pools, [tuple(assignment[row] for row in others)], only_test)[0]
    scales = window_scales(rows, tests)
    made = ErrorSums.stacked(
        [
            error_sums(backtest.actual[:, place], backtest.forecast[:, place], scale)
            for place, scale in enumerate(scales)
        ]
    ).pool(axis=0)
    same_days = made.n_obs == of_chosen.n_obs[others]
    return ErrorSums(
        *(
            placed(getattr(of_chosen, name), others[same_days], getattr(made, name)[same_days])
            for name in ErrorSums.names()
        )
    )


def _select(
    history: History,
    settings: EvaluationSettings,
    validation: ValidationErrors,
    errors: ClassErrors,
    segment: IntArray | None,
) -> tuple[Selection, BoolArray]:
    """The selection, and whether the season of a series is about to begin, [S]."""
    selection = select(
        validation,
        classes_for_choice(history, settings),
        errors,
        settings.min_choice,
        is_young=history.n_known < settings.min_train,
        settings=settings.selection,
        portfolios=settings.choices,
        segment=segment,
    )
    before_season = starts_its_season(history, settings, segment)
    if before_season.any():
        selection = selection.with_choice(before_season, settings.candidates.index(SEASONAL))
    return selection, before_season


def starts_its_season(
    history: History, settings: EvaluationSettings, segment: IntArray | None = None
) -> BoolArray:
    """[S], whether a season is about to begin, if a series may choose last year's season at all."""
    if SEASONAL not in settings.candidates:
        return np.zeros(history.n_series, dtype=np.bool_)
    portfolio = np.zeros(history.n_series, dtype=np.int64) if segment is None else segment
    allowed = settings.choices.allowed[portfolio, settings.candidates.index(SEASONAL)]
    starts: BoolArray = is_before_its_season(history, settings.horizon) & allowed
    return starts


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
