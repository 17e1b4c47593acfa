"""Series in the roles that a run compares: each fitted by its own candidate, backtested and scored."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lepton_spark.errors import InputError
from lepton_spark.evaluation.backtest import actuals, cutoff_columns, fit_safely, trainable
from lepton_spark.evaluation.demand import is_obsolete
from lepton_spark.evaluation.error_sums import ErrorSums, Scales, error_sums
from lepton_spark.evaluation.metrics import pinball_losses
from lepton_spark.evaluation.quantiles.calibration import Calibration, QuantileForecasts, quantile_forecasts
from lepton_spark.evaluation.windows import Role, Window, of_role
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.data.history import Fit, History
from lepton_spark.models.pooled.model import median_over
from lepton_spark.models.registry import Candidate, create

INTERVAL = (0.1, 0.9)
"""Levels of the interval whose coverage is measured."""

Keys = tuple[str | None, ...]

Assignment = tuple[Candidate | None, ...]
"""[S], which candidate fits each series; None: not fitted."""


@dataclass(frozen=True)
class RoleScores:
    """How the candidates in one role did in the backtest.

    keys: [S], the candidate, None where there is none. sums: fields of [W, S], in the plan's order.
    pinball: [S], summed over the test window's observations and levels; covered: [S], how many of them lie
    inside p10..p90. Both over the test window's n_obs, with quantiles as they would have been published at
    its cutoff: from the validation windows, and from nothing sold later.
    """

    keys: Keys
    sums: ErrorSums
    pinball: FloatArray
    covered: FloatArray


@dataclass(frozen=True)
class Backtest:
    """Forecasts of one role on the windows, [S, W, H] with what came true; NaN = unscored.

    median: [S, W, H], NaN where neither the model nor the pool has one.
    silent: [S, W], obsolete at the window's cutoff, so that 0 would have been published, quantiles too.
    """

    forecast: FloatArray
    actual: FloatArray
    median: FloatArray
    silent: BoolArray


@dataclass(frozen=True)
class Fitted:
    """Forecasts [S, H] made by a candidate a series, with coefficients and failures by row.

    median: [S, H], NaN where neither the model nor the pool has one.
    """

    forecast: FloatArray
    median: FloatArray
    coefficients: list[dict[str, float]]
    reasons: dict[int, str]


def fit_roles(history: History, roles: Sequence[Assignment], rows: IntArray, horizon: int) -> list[Fitted]:
    """Fit each candidate once, for the rows that need it in any role."""
    n_series = history.n_series
    nothing = np.full((n_series, horizon), np.nan)
    found = [Fitted(nothing.copy(), nothing.copy(), [{} for _ in range(n_series)], {}) for _ in roles]
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


def with_medians(history: History, fitted: Fitted) -> None:
    """Put the pool's median, where it has trees for one, over every mean whose model has none of its own."""
    rows = np.flatnonzero(np.isnan(fitted.median).all(axis=1))
    if rows.size:
        fitted.median[rows] = median_over(history.select(rows), fitted.forecast[rows])


def _hand_out(fit: Fit, members: IntArray, places: list[int], fitted: Fitted) -> None:
    """Write some places of a fit of `members` to their rows."""
    rows = members[places]
    fitted.forecast[rows] = fit.forecast[places]
    if fit.median is not None:
        fitted.median[rows] = fit.median[places]
    values = np.array([column[places] for column in fit.coefficients.values()]).T.tolist()
    for row, coefficients in zip(rows.tolist(), values, strict=False):
        fitted.coefficients[row] = dict(zip(fit.coefficients, coefficients, strict=True))
    fitted.reasons.update(
        {int(members[place]): fit.reasons[place] for place in places if place in fit.reasons}
    )


def backtest_roles(
    history: History,
    roles: Sequence[Assignment],
    windows: Sequence[Window],
    horizon: int,
    min_train_days: int,
    obsolete_days: int,
) -> list[Backtest]:
    """Every role's forecasts on every window, each model fitted on the days up to the window's cutoff.

    The first role's are those that would have been published: 0 where a series was obsolete. The last is the
    baseline, which is told as it is: its median is not the pool's.
    """
    found = [_no_backtest(history.n_series, len(windows), horizon) for _ in roles]
    for place, (window, column) in enumerate(zip(windows, cutoff_columns(history, windows), strict=True)):
        rows = np.flatnonzero(trainable(history, int(column), min_train_days))
        if not rows.size:
            continue
        actual = actuals(history, window, horizon)
        train = history.until(int(column))
        fits = fit_roles(train, roles, rows, horizon)
        for fitted in fits[:-1]:
            with_medians(train, fitted)
        obsolete = rows[is_obsolete(train.quantity[rows], obsolete_days)]
        fits[0].forecast[obsolete] = 0.0
        found[0].silent[obsolete, place] = True
        for backtest, fitted in zip(found, fits, strict=True):
            backtest.forecast[:, place] = fitted.forecast
            backtest.median[:, place] = fitted.median
            backtest.actual[:, place] = actual
    return found


def _no_backtest(n_series: int, n_windows: int, horizon: int) -> Backtest:
    unscored = np.full((n_series, n_windows, horizon), np.nan)
    silent = np.zeros((n_series, n_windows), dtype=np.bool_)
    return Backtest(unscored, unscored.copy(), unscored.copy(), silent)


def calibration_of(history: History, backtest: Backtest) -> Calibration:
    """What a role's backtest says of the spread; the pool's is as known at the history's end."""
    pool = history.pool
    shared = 0.0 if pool is None else float(pool.log_dispersion[0])
    residual = backtest.actual - backtest.forecast
    return Calibration(backtest.forecast, residual, history.sells_whole_units, shared)


def known_at_test(history: History, windows: Sequence[Window]) -> History:
    """Quantities and pools as they stood when the test window began; all of them where there is none."""
    offsets = [windows[place].cutoff_offset for place in of_role(windows, Role.TEST)]
    n_days = max(history.n_days - max(offsets, default=0), 0)
    return History(history.quantity[:, :n_days], history.days[:n_days], pools=history.pools)


def score_role(
    assignment: Assignment,
    backtest: Backtest,
    before_test: Calibration,
    window_scale: Sequence[Scales],
    windows: Sequence[Window],
    levels: Sequence[float],
) -> RoleScores:
    """A role's error sums on every window, and how its quantiles did on the test window.

    before_test: what the validation windows say of the spread, as known at the test window's cutoff.
    window_scale: scales [S] of each window. Raises: InputError for levels without 0.1 and 0.9.
    """
    sums = ErrorSums.zeros(len(windows), len(assignment))
    for place, scales in enumerate(window_scale):
        sums.put((place,), error_sums(backtest.actual[:, place], backtest.forecast[:, place], scales))
    keys = tuple(None if candidate is None else candidate.key for candidate in assignment)
    pinball, covered = _score_quantiles(backtest, before_test, windows, levels)
    return RoleScores(keys, sums, pinball, covered)


def _score_quantiles(
    backtest: Backtest, before_test: Calibration, windows: Sequence[Window], levels: Sequence[float]
) -> tuple[FloatArray, FloatArray]:
    """[S] pinball losses summed and [S] actuals covered on the test window."""
    low, high = _interval_places(levels)
    n_series = len(backtest.forecast)
    pinball, covered = np.zeros(n_series), np.zeros(n_series)
    for place in of_role(windows, Role.TEST):
        forecast, actual = backtest.forecast[:, place], backtest.actual[:, place]
        calibrated: QuantileForecasts = quantile_forecasts(
            forecast, before_test, levels, backtest.median[:, place]
        )
        calibrated.values[backtest.silent[:, place]] = 0.0
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
