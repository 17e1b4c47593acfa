"""Fits and scores the candidates in the three roles that a run reports on: chosen, runner-up and baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lepton_spark.errors import InputError
from lepton_spark.evaluation.accuracy.error_sums import ErrorSums, Scales, error_sums
from lepton_spark.evaluation.accuracy.metrics import pinball_losses
from lepton_spark.evaluation.backtest import actuals, cutoff_columns, fit_safely, trainable
from lepton_spark.evaluation.demand import is_obsolete
from lepton_spark.evaluation.quantiles.calibration import Calibration, quantile_forecasts
from lepton_spark.evaluation.quantiles.demand_sums import ExpectedLogDispersion
from lepton_spark.evaluation.settings import EvaluationSettings
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray, placed
from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.data.parts import NAMES
from lepton_spark.models.pooled.pool import Pools, pool_of
from lepton_spark.models.registry import Candidate, create

INTERVAL = (0.1, 0.9)
"""Levels of the interval whose coverage is measured."""

Keys = tuple[str | None, ...]

Assignment = tuple[Candidate | None, ...]
"""[S], the candidate to fit to each series; None where there is none."""


@dataclass(frozen=True)
class RoleScores:
    """Backtest scores of the candidates in one role.

    keys: [S], the candidate, None where there is none. sums: fields of [W, S].
    pinball: [S], summed over the test window's observations and levels. covered: [S], observations inside
    p10..p90. Both use quantiles as they would have been published at the test window's cutoff.
    """

    keys: Keys
    sums: ErrorSums
    pinball: FloatArray
    covered: FloatArray

    @classmethod
    def none(cls, assignment: Assignment, n_windows: int) -> "RoleScores":
        """Nothing scored."""
        nothing = np.zeros(len(assignment))
        return cls(keys_of(assignment), ErrorSums.zeros(n_windows, len(assignment)), nothing, nothing)

    def select(self, rows: IntArray) -> "RoleScores":
        """The scores of some of the series."""
        keys = tuple(self.keys[row] for row in rows.tolist())
        sums = self.sums.map(lambda values: values[:, rows])
        return RoleScores(keys, sums, self.pinball[rows], self.covered[rows])

    def with_rows(self, rows: IntArray, other: "RoleScores") -> "RoleScores":
        """The scores with some rows replaced by those of a backtest of these series alone."""
        keys = list(self.keys)
        for row, key in zip(rows.tolist(), other.keys, strict=True):
            keys[row] = key
        sums = {
            name: placed(getattr(self.sums, name).T, rows, getattr(other.sums, name).T).T
            for name in ErrorSums.names()
        }
        return RoleScores(
            tuple(keys),
            ErrorSums(**sums),
            placed(self.pinball, rows, other.pinball),
            placed(self.covered, rows, other.covered),
        )


@dataclass(frozen=True)
class RoleBacktest:
    """Forecasts of one role on all windows with the outcomes, [S, W, H]; NaN = not scored.

    median: [S, W, H], NaN where the model has none of its own.
    obsolete: [S, W], whether the series was obsolete at the window's cutoff, so that 0 would have been
    published, for quantiles too; set for the first role only.
    """

    forecast: FloatArray
    actual: FloatArray
    median: FloatArray
    obsolete: BoolArray


@dataclass(frozen=True)
class RoleFit:
    """Forecasts [S, H] of one role.

    median: [S, H], NaN where the model has none of its own.
    parts: of each candidate some rows, their positions in its fit, and the fit.
    """

    forecast: FloatArray
    median: FloatArray
    parts: tuple[tuple[IntArray, IntArray, Fit], ...]

    @property
    def coefficients(self) -> list[dict[str, float]]:
        """[S], of the fitted models by name."""
        found: list[dict[str, float]] = [{} for _ in self.forecast]
        for rows, positions, fit in self.parts:
            values = [column[positions].tolist() for column in fit.coefficients.values()]
            for row, *of_series in zip(rows.tolist(), *values, strict=True):
                found[row] = dict(zip(fit.coefficients, of_series, strict=True))
        return found

    def parts_above(self, base: FloatArray) -> FloatArray:
        """[G, S, H], what each group adds to a base [S]; NaN for series that were not fitted."""
        made = np.full((len(NAMES), *self.forecast.shape), np.nan)
        for rows, positions, fit in self.parts:
            of_fit = np.zeros(len(fit.forecast))
            of_fit[positions] = base[rows]
            made[:, rows] = fit.parts.above(of_fit, self.forecast.shape[1])[:, positions]
        return made

    @property
    def reasons(self) -> dict[int, str]:
        """Why rows could not be fitted."""
        return {
            row: fit.reasons[position]
            for rows, positions, fit in self.parts
            if fit.reasons
            for row, position in zip(rows.tolist(), positions.tolist(), strict=True)
            if position in fit.reasons
        }


def fit_roles(
    history: History, pools: Pools, roles: Sequence[Assignment], rows: IntArray, horizon: int
) -> list[RoleFit]:
    """Fit each candidate once, for all rows that need it in any role."""
    shape = (len(roles), history.n_series, horizon)
    forecast, median = np.full(shape, np.nan), np.full(shape, np.nan)
    parts: list[list[tuple[IntArray, IntArray, Fit]]] = [[] for _ in roles]
    pool, fittable = pool_of(pools, history), history.select(rows)
    candidates, numbers = _numbered(roles)
    for number, candidate in enumerate(candidates):
        needed = numbers[:, rows] == number  # [R, N]
        members = np.flatnonzero(needed.any(axis=0))
        if not members.size:
            continue
        fit = fit_safely(create(candidate, pool), fittable.select(members), horizon)
        for role in range(len(roles)):
            mine = np.flatnonzero(needed[role, members])
            of_role = rows[members[mine]]
            forecast[role, of_role] = fit.forecast[mine]
            if fit.median is not None:
                median[role, of_role] = fit.median[mine]
            parts[role].append((of_role, mine, fit))
    return [RoleFit(*made) for made in zip(forecast, median, map(tuple, parts), strict=True)]


def _numbered(roles: Sequence[Assignment]) -> tuple[list[Candidate], IntArray]:
    """The different candidates, and the number of that of each role and series, [R, S]; -1 for none."""
    objects = {id(candidate): candidate for assignment in roles for candidate in assignment}
    numbers: dict[Candidate, int] = {}  # a comparison of candidates is slow, and few objects are different
    number_of = {
        key: -1 if candidate is None else numbers.setdefault(candidate, len(numbers))
        for key, candidate in objects.items()
    }
    by_role = [[number_of[id(candidate)] for candidate in assignment] for assignment in roles]
    return list(numbers), np.array(by_role, dtype=np.int64)


def backtest_roles(
    history: History, pools: Pools, roles: Sequence[Assignment], settings: EvaluationSettings
) -> list[RoleBacktest]:
    """Forecasts of every role on every window, each model fitted on the days up to the window's cutoff.

    The first role is what would have been published: 0 where a series was obsolete.
    """
    shape = (len(roles), history.n_series, len(settings.windows), settings.horizon)
    forecast, median = np.full(shape, np.nan), np.full(shape, np.nan)
    actual = np.full(shape[1:], np.nan)
    obsolete = np.zeros(shape[:3], dtype=np.bool_)
    columns = cutoff_columns(history, settings.windows).tolist()
    for position, (window, column) in enumerate(zip(settings.windows, columns, strict=True)):
        rows = np.flatnonzero(trainable(history, column, settings.min_train))
        if not rows.size:
            continue
        train = history.until(column)
        actual[:, position] = actuals(history, window, settings.horizon)
        for role, fit in enumerate(fit_roles(train, pools, roles, rows, settings.horizon)):
            forecast[role, :, position] = fit.forecast
            median[role, :, position] = fit.median
        gone = rows[is_obsolete(train.quantity[rows], settings.obsolete)]
        forecast[0, gone, position] = 0.0
        obsolete[0, gone, position] = True
    return [
        RoleBacktest(by_role, actual, *others)
        for by_role, *others in zip(forecast, median, obsolete, strict=True)
    ]


def calibration_of(
    backtest: RoleBacktest, history: History, pools: Pools, settings: EvaluationSettings
) -> Calibration:
    """The calibration of a role's forecasts; whole units and the pool are as known at the history's end."""
    residual = backtest.actual - backtest.forecast
    scored = ~np.isnan(residual)
    n_scored = np.count_nonzero(scored, axis=(1, 2))
    level = np.sum(backtest.forecast, axis=(1, 2), where=scored) / np.maximum(n_scored, 1)
    return Calibration(
        backtest.forecast,
        residual,
        history.sells_whole_units,
        expected_log_dispersion(history, pools)(level),
        settings.dispersion,
        history.dispersion,
    )


def expected_log_dispersion(history: History, pools: Pools) -> ExpectedLogDispersion:
    """The log dispersion that the pool expects at a level, as known at the history's end; without one, 0."""
    pool = pool_of(pools, history)
    return np.zeros_like if pool is None else pool.log_dispersion_at


def keys_of(assignment: Assignment) -> Keys:
    """[S], the key of each candidate."""
    return tuple(None if candidate is None else candidate.key for candidate in assignment)


def known_at_test(history: History, settings: EvaluationSettings) -> History:
    """Quantities up to the test window's cutoff; all of them without a test window."""
    offsets = [settings.windows[position].cutoff_offset for position in settings.test]
    n_days = max(history.n_days - max(offsets, default=0), 0)
    return History(history.quantity[:, :n_days], history.days[:n_days], period=history.period)


def score_role(
    assignment: Assignment,
    backtest: RoleBacktest,
    before_test: Calibration,
    scales: Sequence[Scales],
    settings: EvaluationSettings,
) -> RoleScores:
    """A role's error sums on every window, and its quantile scores on the test window.

    before_test: the calibration from the validation windows, as known at the test window's cutoff.
    scales: [S] for each window. Raises: InputError for levels without 0.1 and 0.9.
    """
    parts = [
        error_sums(backtest.actual[:, position], backtest.forecast[:, position], scale)
        for position, scale in enumerate(scales)
    ]
    n_series = len(assignment)
    sums = ErrorSums.stacked(parts) if parts else ErrorSums.zeros(0, n_series)
    pinball, covered = _score_quantiles(backtest, before_test, settings)
    return RoleScores(keys_of(assignment), sums, pinball, covered)


def _score_quantiles(
    backtest: RoleBacktest, before_test: Calibration, settings: EvaluationSettings
) -> tuple[FloatArray, FloatArray]:
    """[S] each, on the test window: pinball losses summed, and observations covered."""
    low, high = _interval_columns(settings.levels)
    n_series = len(backtest.forecast)
    pinball, covered = np.zeros(n_series), np.zeros(n_series)
    for position in settings.test:
        forecast, actual = backtest.forecast[:, position], backtest.actual[:, position]
        made = quantile_forecasts(forecast, before_test, settings.levels, backtest.median[:, position])
        obsolete = backtest.obsolete[:, position, np.newaxis, np.newaxis]
        quantiles = np.where(obsolete, 0.0, made.values)
        losses = pinball_losses(actual, quantiles, np.asarray(settings.levels))
        pinball += np.nansum(losses, axis=(1, 2))
        inside = (quantiles[:, :, low] <= actual) & (actual <= quantiles[:, :, high])
        covered += np.count_nonzero(inside, axis=1)
    return pinball, covered


def _interval_columns(levels: Sequence[float]) -> tuple[int, int]:
    missing = [level for level in INTERVAL if level not in levels]
    if missing:
        raise InputError(f"quantile levels: found {list(levels)}; 0.1 and 0.9 must be among them")
    return list(levels).index(INTERVAL[0]), list(levels).index(INTERVAL[1])
