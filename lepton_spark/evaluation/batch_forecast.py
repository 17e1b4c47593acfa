"""The forecast of a batch: the chosen model of each series, its fallbacks, its quantiles, its errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lepton_spark.evaluation.backtest import window_scales
from lepton_spark.evaluation.demand import StringArray, is_obsolete
from lepton_spark.evaluation.priors import Prior
from lepton_spark.evaluation.quantiles.calibration import Calibration, quantile_forecasts
from lepton_spark.evaluation.quantiles.residual_paths import residual_paths
from lepton_spark.evaluation.role_backtest import (
    Assignment,
    Fitted,
    Keys,
    RoleScores,
    backtest_roles,
    calibration_of,
    fit_roles,
    known_at_test,
    score_role,
    with_medians,
)
from lepton_spark.evaluation.selection import Selection
from lepton_spark.evaluation.windows import Role, Window, of_role
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.data.history import History
from lepton_spark.models.registry import Candidate

OK, FALLBACK, OBSOLETE = "ok", "fallback", "obsolete"
NO_KNOWN_DAYS, TOO_FEW_DAYS, NOT_FINITE = "no_known_days", "too_few_known_days", "no_finite_forecast"
FALLBACKS = (Candidate("seasonal_naive"), Candidate("mean"), Candidate("zero"))
BASELINE = FALLBACKS[0]


@dataclass(frozen=True)
class BatchForecast:
    """One row for every series that came in.

    forecast: [S, H]; quantiles: [S, H, Q], units, finite and never negative.
    models: [S], what made the forecast, a fallback or `zero` included.
    coefficients: [S], of that model by name.
    status: [S], `ok`, `fallback` or `obsolete`; reasons: [S], None, or why not `ok`.
    fallback_level: [S], 0 the chosen model, 1 seasonal naive, 2 mean, 3 zero.
    quantile_method: [S], where the quantiles come from; dispersion: [S], variance over mean, NaN if not used.
    paths: [S, W, H], residual paths of the chosen candidate.
    """

    forecast: FloatArray
    quantiles: FloatArray
    models: tuple[str, ...]
    coefficients: tuple[Mapping[str, float], ...]
    status: StringArray
    reasons: Keys
    fallback_level: IntArray
    quantile_method: StringArray
    dispersion: FloatArray
    paths: FloatArray
    chosen: RoleScores
    runner_up: RoleScores
    seasonal_naive: RoleScores


def forecast_batch(
    history: History,
    closed_future: BoolArray,
    candidates: Sequence[Candidate],
    selection: Selection,
    windows: Sequence[Window],
    *,
    horizon: int,
    levels: Sequence[float],
    obsolete_days: int,
    min_train_days: int,
    prior: Prior | None = None,
) -> BatchForecast:
    """Forecast every series with its chosen candidate, or the first fallback whose forecast is finite.

    Closed days get 0, obsolete series 0 on every day; in the backtest what was obsolete at a window's
    cutoff, as it would have been published then. Quantiles come from the chosen candidate's errors
    on all windows; where a fallback made the forecast, from the pool's dispersion for whole units, else from
    Poisson.

    closed_future: [S, H], days on which nothing is sold; levels: [Q], rising. prior: levels set by hand,
    which also wake what was obsolete; a model's own median does not hold beside one.

    Raises: InputError for an unknown model, or levels without 0.1 and 0.9.
    """
    roles = _roles(history.n_series, candidates, selection)
    backtests = backtest_roles(history, roles, windows, horizon, min_train_days, obsolete_days)
    obsolete = is_obsolete(history.quantity, obsolete_days)
    scales = window_scales(history, windows)
    spread = calibration_of(history, backtests[0])
    then, validation = known_at_test(history, windows), of_role(windows, Role.VALIDATION)
    before_test = [calibration_of(then, backtest).of_windows(validation) for backtest in backtests]
    scores = [
        score_role(*role, scales, windows, levels) for role in zip(roles, backtests, before_test, strict=True)
    ]
    fitted, used, level = _fit_with_fallbacks(history, roles[0], horizon, closed_future)
    if prior is not None:
        obsolete &= ~prior.counts
    silent = closed_future | obsolete[:, np.newaxis]
    forecast = np.where(silent, 0.0, fitted.forecast)
    if prior is not None:
        forecast = prior.drawn(forecast, silent)
        fitted.median[prior.counts] = np.nan
    calibrated = quantile_forecasts(forecast, _of_the_chosen(spread, level), levels, fitted.median)
    return BatchForecast(
        forecast=forecast,
        quantiles=np.where(silent[:, :, np.newaxis], 0.0, calibrated.values),
        models=tuple("zero" if gone else model.key for model, gone in zip(used, obsolete, strict=True)),
        coefficients=tuple(
            {} if gone else values for values, gone in zip(fitted.coefficients, obsolete, strict=True)
        ),
        status=np.where(obsolete, OBSOLETE, np.where(level > 0, FALLBACK, OK)),
        reasons=_reasons(history, fitted.reasons, level, obsolete),
        fallback_level=np.where(obsolete, 0, level),
        quantile_method=calibrated.method,
        dispersion=calibrated.dispersion,
        paths=residual_paths(spread),
        chosen=scores[0],
        runner_up=scores[1],
        seasonal_naive=scores[2],
    )


def _roles(n_series: int, candidates: Sequence[Candidate], selection: Selection) -> list[Assignment]:
    """The chosen, the runner-up and the baseline of each series."""
    chosen = tuple(candidates[place] for place in selection.chosen)
    runner_up = tuple(candidates[place] if place >= 0 else None for place in selection.runner_up)
    return [chosen, runner_up, (BASELINE,) * n_series]


def _of_the_chosen(spread: Calibration, level: IntArray) -> Calibration:
    """The same without the errors of series that a fallback forecast."""
    if not level.any():
        return spread
    kept = (level == 0)[:, np.newaxis, np.newaxis]
    return replace(spread, residual=np.where(kept, spread.residual, np.nan))


def _fit_with_fallbacks(
    history: History, chosen: Assignment, horizon: int, closed_future: BoolArray
) -> tuple[Fitted, list[Candidate], IntArray]:
    """The first finite forecast of each series, which candidate made it, and at which fallback level."""
    every_row = np.arange(history.n_series)
    (fitted,) = fit_roles(history, [chosen], every_row, horizon)
    with_medians(history, fitted)
    used = [candidate or BASELINE for candidate in chosen]
    level = np.zeros(history.n_series, dtype=np.int64)
    for step, fallback in enumerate(FALLBACKS, start=1):
        finite = np.isfinite(fitted.forecast)
        failed = np.flatnonzero(~(finite | closed_future).all(axis=1) | ~finite.any(axis=1))
        if not failed.size:
            break
        (again,) = fit_roles(history, [(fallback,) * history.n_series], failed, horizon)
        last = step == len(FALLBACKS)
        for row in failed.tolist():
            fitted.forecast[row] = 0.0 if last else again.forecast[row]
            fitted.median[row] = np.nan
            fitted.coefficients[row] = again.coefficients[row]
            used[row] = fallback
            level[row] = step
    return fitted, used, level


def _reasons(history: History, failures: Mapping[int, str], level: IntArray, obsolete: BoolArray) -> Keys:
    """[S], None for `ok`, else why the chosen model did not make the forecast."""
    found: list[str | None] = [None] * history.n_series
    for row in np.flatnonzero((level > 0) | obsolete).tolist():
        if obsolete[row]:
            found[row] = "no_recent_sale"
        elif history.n_known[row] == 0:
            found[row] = NO_KNOWN_DAYS
        elif row in failures:
            found[row] = f"model_failed: {failures[row]}"
        else:
            few = history.n_known[row] < 2 * history.season_length
            found[row] = TOO_FEW_DAYS if few else NOT_FINITE
    return tuple(found)
