"""The forecast of a batch: the chosen model of each series, its fallbacks, its quantiles, its errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lepton_spark.errors import InputError
from lepton_spark.evaluation.backtest import (
    actuals,
    cutoff_columns,
    fit_safely,
    trainable,
    window_scales,
)
from lepton_spark.evaluation.calibration import Calibration, QuantileForecasts, quantile_forecasts
from lepton_spark.evaluation.demand import StringArray, is_obsolete
from lepton_spark.evaluation.metrics import pinball_losses
from lepton_spark.evaluation.selection import Selection
from lepton_spark.evaluation.sums import ErrorSums, Scales, error_sums
from lepton_spark.evaluation.windows import Role, Window, of_role
from lepton_spark.models.batch import BoolArray, Fit, FloatArray, History, IntArray, sells_whole_units
from lepton_spark.models.registry import Candidate, create

OK, FALLBACK, OBSOLETE = "ok", "fallback", "obsolete"
NO_KNOWN_DAYS, TOO_FEW_DAYS = "no_known_days", "too_few_known_days"
FALLBACKS = (Candidate("seasonal_naive"), Candidate("mean"), Candidate("zero"))
BASELINE = FALLBACKS[0]
INTERVAL = (0.1, 0.9)
"""Levels of the interval whose coverage is measured."""

Keys = tuple[str | None, ...]


@dataclass(frozen=True)
class RoleScores:
    """How the candidates in one role did in the backtest.

    keys: [S], the candidate, None where there is none. sums: fields of [W, S], in the plan's order.
    pinball: [S], summed over the test window's observations and levels; covered: [S], how many of them lie
    inside p10..p90. Both over the test window's n_obs, with quantiles from the validation windows only.
    """

    keys: Keys
    sums: ErrorSums
    pinball: FloatArray
    covered: FloatArray


@dataclass(frozen=True)
class BatchForecast:
    """One row for every series that came in.

    forecast: [S, H]; quantiles: [S, H, Q], units, finite and never negative.
    models: [S], what made the forecast, a fallback or `zero` included.
    coefficients: [S], of that model by name.
    status: [S], `ok`, `fallback` or `obsolete`; reasons: [S], None, or why not `ok`.
    fallback_level: [S], 0 the chosen model, 1 seasonal naive, 2 mean, 3 zero.
    quantile_method: [S], where the quantiles come from; dispersion: [S], variance over mean, NaN if not used.
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
    chosen: RoleScores
    runner_up: RoleScores
    seasonal_naive: RoleScores


@dataclass(frozen=True)
class _Backtest:
    """Forecasts of one role on the windows, [S, W, H] with what came true; NaN = unscored."""

    forecast: FloatArray
    actual: FloatArray


@dataclass(frozen=True)
class _Fitted:
    """Forecasts [S, H] made by a candidate a series, with coefficients and failures by row."""

    forecast: FloatArray
    coefficients: list[dict[str, float]]
    reasons: dict[int, str]


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
) -> BatchForecast:
    """Forecast every series with its chosen candidate, or the first fallback whose forecast is finite.

    Closed days get 0, obsolete series 0 on every day; in the backtest what was obsolete at a window's
    cutoff, as it would have been published then. Quantiles come from the chosen candidate's errors
    on all windows, where a fallback made the forecast from Poisson.

    closed_future: [S, H]; levels: [Q], rising.

    Raises: InputError for an unknown model, or levels without 0.1 and 0.9.
    """
    roles = _roles(history.n_series, candidates, selection)
    backtests = _backtest_roles(history, roles, windows, horizon, min_train_days, obsolete_days)
    obsolete = is_obsolete(history.quantity, obsolete_days)
    scales = window_scales(history, windows)
    spread = [_calibration(history, backtest) for backtest in backtests]
    scores = [
        _score_role(*role, scales, windows, levels) for role in zip(roles, backtests, spread, strict=True)
    ]
    fitted, used, level = _fit_with_fallbacks(history, roles[0], horizon, closed_future)
    forecast = np.where(closed_future | obsolete[:, np.newaxis], 0.0, fitted.forecast)
    errors = np.where((level == 0)[:, np.newaxis, np.newaxis], spread[0].error, np.nan)
    calibrated = quantile_forecasts(forecast, replace(spread[0], error=errors), levels)
    silent = (closed_future | obsolete[:, np.newaxis])[:, :, np.newaxis]
    return BatchForecast(
        forecast=forecast,
        quantiles=np.where(silent, 0.0, calibrated.values),
        models=tuple("zero" if gone else model.key for model, gone in zip(used, obsolete, strict=True)),
        coefficients=tuple(
            {} if gone else values for values, gone in zip(fitted.coefficients, obsolete, strict=True)
        ),
        status=np.where(obsolete, OBSOLETE, np.where(level > 0, FALLBACK, OK)),
        reasons=_reasons(history, fitted.reasons, level, obsolete),
        fallback_level=np.where(obsolete, 0, level),
        quantile_method=calibrated.method,
        dispersion=calibrated.dispersion,
        chosen=scores[0],
        runner_up=scores[1],
        seasonal_naive=scores[2],
    )


Assignment = tuple[Candidate | None, ...]
"""[S], which candidate fits each series; None: not fitted."""


def _roles(n_series: int, candidates: Sequence[Candidate], selection: Selection) -> list[Assignment]:
    """The chosen, the runner-up and the baseline of each series."""
    chosen = tuple(candidates[place] for place in selection.chosen)
    runner_up = tuple(candidates[place] if place >= 0 else None for place in selection.runner_up)
    return [chosen, runner_up, (BASELINE,) * n_series]


def _fit_roles(history: History, roles: Sequence[Assignment], rows: IntArray, horizon: int) -> list[_Fitted]:
    """Fit each candidate once, for the rows that need it in any role."""
    n_series = history.n_series
    found = [_Fitted(np.full((n_series, horizon), np.nan), [{} for _ in range(n_series)], {}) for _ in roles]
    for candidate, members in _members(roles, rows).items():
        fit = fit_safely(create(candidate), history.select(members), horizon)
        for assignment, fitted in zip(roles, found, strict=True):
            mine = [place for place, row in enumerate(members.tolist()) if assignment[row] == candidate]
            _hand_out(fit, members, mine, fitted)
    return found


def _members(roles: Sequence[Assignment], rows: IntArray) -> dict[Candidate, IntArray]:
    """For each candidate the rows, rising, that need it in any role."""
    needing: dict[Candidate, dict[int, None]] = {}
    for row in rows.tolist():
        for assignment in roles:
            if (candidate := assignment[row]) is not None:
                needing.setdefault(candidate, {})[row] = None
    return {candidate: np.array(list(found), dtype=np.int64) for candidate, found in needing.items()}


def _hand_out(fit: Fit, members: IntArray, places: list[int], fitted: _Fitted) -> None:
    """Write some places of a fit of `members` to their rows."""
    rows = members[places]
    fitted.forecast[rows] = fit.forecast[places]
    values = np.array([column[places] for column in fit.coefficients.values()]).T.tolist()
    for row, coefficients in zip(rows.tolist(), values, strict=False):
        fitted.coefficients[row] = dict(zip(fit.coefficients, coefficients, strict=True))
    fitted.reasons.update(
        {int(members[place]): fit.reasons[place] for place in places if place in fit.reasons}
    )


def _backtest_roles(
    history: History,
    roles: Sequence[Assignment],
    windows: Sequence[Window],
    horizon: int,
    min_train_days: int,
    obsolete_days: int,
) -> list[_Backtest]:
    """Every role's forecasts on every window, each model fitted on the days up to the window's cutoff.

    The first role's are those that would have been published: 0 where a series was obsolete.
    """
    shape = (history.n_series, len(windows), horizon)
    found = [_Backtest(np.full(shape, np.nan), np.full(shape, np.nan)) for _ in roles]
    for place, (window, column) in enumerate(zip(windows, cutoff_columns(history, windows), strict=True)):
        rows = np.flatnonzero(trainable(history, int(column), min_train_days))
        if not rows.size:
            continue
        actual = actuals(history, window, horizon)
        train = history.until(int(column))
        fits = _fit_roles(train, roles, rows, horizon)
        fits[0].forecast[rows[is_obsolete(train.quantity[rows], obsolete_days)]] = 0.0
        for backtest, fitted in zip(found, fits, strict=True):
            backtest.forecast[:, place] = fitted.forecast
            backtest.actual[:, place] = actual
    return found


def _calibration(history: History, backtest: _Backtest) -> Calibration:
    """What a role's backtest says of the spread; the pool's is as known at the history's end."""
    pool = history.pool
    shared = 0.0 if pool is None else float(pool.log_dispersion[0])
    error = backtest.actual - backtest.forecast
    return Calibration(backtest.forecast, error, sells_whole_units(history), shared)


def _score_role(
    assignment: Assignment,
    backtest: _Backtest,
    spread: Calibration,
    window_scale: Sequence[Scales],
    windows: Sequence[Window],
    levels: Sequence[float],
) -> RoleScores:
    sums = ErrorSums.zeros(len(windows), len(assignment))
    for place, scales in enumerate(window_scale):
        sums.put((place,), error_sums(backtest.actual[:, place], backtest.forecast[:, place], scales))
    keys = tuple(None if candidate is None else candidate.key for candidate in assignment)
    pinball, covered = _score_quantiles(backtest, spread, windows, levels)
    return RoleScores(keys, sums, pinball, covered)


def _score_quantiles(
    backtest: _Backtest, spread: Calibration, windows: Sequence[Window], levels: Sequence[float]
) -> tuple[FloatArray, FloatArray]:
    """[S] pinball losses summed and [S] actuals covered on the test window; validation calibrates."""
    low, high = _interval_places(levels)
    n_series = len(backtest.forecast)
    pinball, covered = np.zeros(n_series), np.zeros(n_series)
    validation = spread.of_windows(of_role(windows, Role.VALIDATION))
    for place in of_role(windows, Role.TEST):
        forecast, actual = backtest.forecast[:, place], backtest.actual[:, place]
        calibrated: QuantileForecasts = quantile_forecasts(forecast, validation, levels)
        losses = pinball_losses(actual, calibrated.values, np.asarray(levels))
        pinball += np.nansum(losses, axis=(1, 2))
        inside = (calibrated.values[:, :, low] <= actual) & (actual <= calibrated.values[:, :, high])
        covered += np.count_nonzero(inside, axis=1)
    return pinball, covered


def _interval_places(levels: Sequence[float]) -> tuple[int, int]:
    missing = [level for level in INTERVAL if level not in levels]
    if missing:
        raise InputError(f"quantile levels: found {list(levels)}; 0.1 and 0.9 must be among them")
    return list(levels).index(INTERVAL[0]), list(levels).index(INTERVAL[1])


def _fit_with_fallbacks(
    history: History, chosen: Assignment, horizon: int, closed_future: BoolArray
) -> tuple[_Fitted, list[Candidate], IntArray]:
    """The first finite forecast of each series, which candidate made it, and at which fallback level."""
    every_row = np.arange(history.n_series)
    (fitted,) = _fit_roles(history, [chosen], every_row, horizon)
    used = [candidate or BASELINE for candidate in chosen]
    level = np.zeros(history.n_series, dtype=np.int64)
    for step, fallback in enumerate(FALLBACKS, start=1):
        finite = np.isfinite(fitted.forecast)
        failed = np.flatnonzero(~(finite | closed_future).all(axis=1) | ~finite.any(axis=1))
        if not failed.size:
            break
        (again,) = _fit_roles(history, [(fallback,) * history.n_series], failed, horizon)
        last = step == len(FALLBACKS)
        for row in failed.tolist():
            fitted.forecast[row] = 0.0 if last else again.forecast[row]
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
            found[row] = TOO_FEW_DAYS
    return tuple(found)
