"""The second pass over a batch (pass B): select a candidate for each series, fit it, forecast, calibrate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lepton_spark.evaluation.backtest import classes_for_choice, score_candidates, window_scales
from lepton_spark.evaluation.class_errors import ClassErrors, class_errors
from lepton_spark.evaluation.demand import demand_classes, is_obsolete
from lepton_spark.evaluation.priors import Prior
from lepton_spark.evaluation.quantiles.calibration import Calibration, quantile_forecasts
from lepton_spark.evaluation.quantiles.residual_paths import residual_paths
from lepton_spark.evaluation.role_backtest import (
    Assignment,
    Keys,
    RoleScores,
    backtest_roles,
    calibration_of,
    fit_roles,
    known_at_test,
    score_role,
)
from lepton_spark.evaluation.seasons import is_before_its_season
from lepton_spark.evaluation.selection import Selection, ValidationErrors, select
from lepton_spark.evaluation.settings import EvaluationSettings
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray, StringArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.pool import Pools
from lepton_spark.models.registry import SEASONAL_LAST_YEAR, Candidate

OK, SHORT_HISTORY, FALLBACK, OBSOLETE = "ok", "short_history", "fallback", "obsolete"
NO_KNOWN_DAYS, TOO_FEW_DAYS, NOT_FINITE = "no_known_days", "too_few_known_days", "no_finite_forecast"
NOT_JUDGED = "too_few_known_days_to_judge"
FALLBACKS = (Candidate("seasonal_naive"), Candidate("mean"), Candidate("zero"))
BASELINE = FALLBACKS[0]
SEASONAL = Candidate(SEASONAL_LAST_YEAR)
"""The candidate of series that are about to begin their season, which no validation window shows."""


@dataclass(frozen=True)
class BatchForecast:
    """The forecasts of a batch, one row per series in the order of its history.

    forecast: [S, H]; quantiles: [S, H, Q], units, finite and never negative.
    demand_class: [S], at the cutoff. models: [S], key of the candidate or fallback that made the forecast,
    `zero` for an obsolete series. coefficients: [S], of that model by name.
    status: [S], `ok`, `short_history` (younger than the backtest needs, so that no error of it is known),
    `fallback` or `obsolete`. reasons: [S], None where `ok`.
    fallback_level: [S], 0 the chosen model, 1 seasonal naive, 2 mean, 3 zero.
    quantile_method: [S]. dispersion: [S], variance over mean, NaN where quantiles use backtest errors.
    paths: [S, W, H], residual paths of the chosen candidate.
    chosen, runner_up, seasonal_naive: backtest scores of the candidates in these roles.
    """

    forecast: FloatArray
    quantiles: FloatArray
    demand_class: StringArray
    models: tuple[str, ...]
    coefficients: tuple[Mapping[str, float], ...]
    status: StringArray
    reasons: Keys
    fallback_level: IntArray
    quantile_method: StringArray
    dispersion: FloatArray
    paths: FloatArray
    selection: Selection
    chosen: RoleScores
    runner_up: RoleScores
    seasonal_naive: RoleScores


def forecast_histories(
    history: History,
    pools: Pools,
    settings: EvaluationSettings,
    *,
    closed: BoolArray | None = None,
    prior: Prior | None = None,
) -> BatchForecast:
    """Score all candidates (pass A), then select and forecast (pass B), for series that fit into one process.

    A run makes both passes batch by batch.

    Raises: InputError for an unknown model, or levels without 0.1 and 0.9.
    """
    scores = score_candidates(history, pools, settings)
    validation = ValidationErrors.of(scores.sums, settings.validation)
    errors = class_errors(scores.sums.map(lambda sums: sums[:, settings.validation]), scores.demand_class)
    return forecast_batch(history, pools, settings, validation, errors, closed=closed, prior=prior)


def forecast_batch(
    history: History,
    pools: Pools,
    settings: EvaluationSettings,
    validation: ValidationErrors,
    errors: ClassErrors,
    *,
    closed: BoolArray | None = None,
    prior: Prior | None = None,
) -> BatchForecast:
    """Forecast every series with its chosen candidate, or the first fallback whose forecast is finite.

    Closed days and obsolete series are forecast 0. Quantiles use the chosen candidate's errors on all
    windows. After a fallback they use the pool's dispersion for whole units, and Poisson for others.
    A prior moves the forecast towards a planner's level, even of an obsolete series; a series with a prior
    gets the median of the distribution, not the model's own.

    validation, errors: from pass A. closed: [S, H], days ahead on which nothing can be sold.

    Raises: InputError for an unknown model, or levels without 0.1 and 0.9.
    """
    closed = np.zeros((history.n_series, settings.horizon), dtype=np.bool_) if closed is None else closed
    selection = _select(history, settings, validation, errors)
    before_season = np.zeros(history.n_series, dtype=np.bool_)
    if SEASONAL in settings.candidates:
        before_season = is_before_its_season(history, settings.horizon)
        selection = selection.with_choice(before_season, settings.candidates.index(SEASONAL))
    roles = _roles(history.n_series, settings.candidates, selection)
    spread, scores = _backtest(history, pools, roles, settings)
    fitted = _fit_with_fallbacks(history, pools, roles[0], settings.horizon, closed)
    obsolete = is_obsolete(history.quantity, settings.obsolete) & ~before_season
    median = fitted.median
    if prior is not None:
        obsolete = obsolete & ~prior.applies
        median = np.where(prior.applies[:, np.newaxis], np.nan, median)
    is_short = history.n_known < settings.min_train
    is_zero = closed | obsolete[:, np.newaxis]
    forecast = np.where(is_zero, 0.0, fitted.forecast)
    if prior is not None:
        forecast = prior.apply(forecast, is_zero)
    calibration = _without_fallbacks(spread, fitted.level)
    calibrated = quantile_forecasts(forecast, calibration, settings.levels, median)
    return BatchForecast(
        forecast=forecast,
        quantiles=np.where(is_zero[:, :, np.newaxis], 0.0, calibrated.values),
        demand_class=demand_classes(history.quantity, settings.new, settings.obsolete),
        models=tuple("zero" if gone else c.key for c, gone in zip(fitted.used, obsolete, strict=True)),
        coefficients=tuple(
            {} if gone else values for values, gone in zip(fitted.coefficients, obsolete, strict=True)
        ),
        status=np.select([obsolete, fitted.level > 0, is_short], [OBSOLETE, FALLBACK, SHORT_HISTORY], OK),
        reasons=_reasons(history, fitted, obsolete, settings.min_train),
        fallback_level=np.where(obsolete, 0, fitted.level),
        quantile_method=calibrated.method,
        dispersion=calibrated.dispersion,
        paths=residual_paths(spread),
        selection=selection,
        chosen=scores[0],
        runner_up=scores[1],
        seasonal_naive=scores[2],
    )


def _select(
    history: History, settings: EvaluationSettings, validation: ValidationErrors, errors: ClassErrors
) -> Selection:
    return select(
        validation,
        classes_for_choice(history, settings),
        errors,
        settings.min_choice,
        is_young=history.n_known < settings.min_train,
        settings=settings.selection,
    )


def _roles(n_series: int, candidates: Sequence[Candidate], selection: Selection) -> list[Assignment]:
    """The chosen candidate, the runner-up and the baseline of each series."""
    chosen = tuple(candidates[position] for position in selection.chosen)
    runner_up = tuple(candidates[position] if position >= 0 else None for position in selection.runner_up)
    return [chosen, runner_up, (BASELINE,) * n_series]


def _backtest(
    history: History, pools: Pools, roles: Sequence[Assignment], settings: EvaluationSettings
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


@dataclass(frozen=True)
class _Fitted:
    """The first finite forecast of each series, the candidate that made it, and its fallback level [S].

    forecast, median: [S, H]. reasons: why chosen candidates could not be fitted, by row.
    """

    forecast: FloatArray
    median: FloatArray
    coefficients: tuple[Mapping[str, float], ...]
    reasons: Mapping[int, str]
    used: tuple[Candidate, ...]
    level: IntArray


def _fit_with_fallbacks(
    history: History, pools: Pools, chosen: Assignment, horizon: int, closed: BoolArray
) -> _Fitted:
    (fit,) = fit_roles(history, pools, [chosen], np.arange(history.n_series), horizon)
    forecast, median, coefficients = fit.forecast, fit.median, fit.coefficients
    used = [candidate or BASELINE for candidate in chosen]
    level = np.zeros(history.n_series, dtype=np.int64)
    for number, candidate in enumerate(FALLBACKS, start=1):
        finite = np.isfinite(forecast)
        failed = np.flatnonzero(~(finite | closed).all(axis=1) | ~finite.any(axis=1))
        if not failed.size:
            break
        (fallback,) = fit_roles(history, pools, [(candidate,) * history.n_series], failed, horizon)
        is_last = number == len(FALLBACKS)  # 0 even where nothing can be fitted
        forecast[failed] = 0.0 if is_last else fallback.forecast[failed]
        median[failed] = np.nan
        level[failed] = number
        of_fallback = fallback.coefficients
        for row in failed.tolist():
            used[row], coefficients[row] = candidate, of_fallback[row]
    return _Fitted(forecast, median, tuple(coefficients), fit.reasons, tuple(used), level)


def _without_fallbacks(spread: Calibration, level: IntArray) -> Calibration:
    """The calibration without the errors of candidates whose forecast was replaced by a fallback."""
    if not level.any():
        return spread
    kept = (level == 0)[:, np.newaxis, np.newaxis]
    return replace(spread, residual=np.where(kept, spread.residual, np.nan))


def _reasons(history: History, fitted: _Fitted, obsolete: BoolArray, min_train: int) -> Keys:
    """[S], why the status is not `ok`; None where it is."""
    reasons: list[str | None] = [None] * history.n_series
    is_short = history.n_known < min_train
    for row in np.flatnonzero((fitted.level > 0) | obsolete | is_short).tolist():
        if obsolete[row]:
            reasons[row] = "no_recent_sale"
        elif fitted.level[row] == 0:
            known, needed = history.period * history.n_known[row], history.period * min_train
            reasons[row] = f"{NOT_JUDGED}: {known} known, the backtest needs {needed}"
        elif history.n_known[row] == 0:
            reasons[row] = NO_KNOWN_DAYS
        elif row in fitted.reasons:
            reasons[row] = f"model_failed: {fitted.reasons[row]}"
        else:
            few = history.n_known[row] < 2 * history.season_length
            reasons[row] = TOO_FEW_DAYS if few else NOT_FINITE
    return tuple(reasons)
