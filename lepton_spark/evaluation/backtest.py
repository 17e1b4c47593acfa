"""Pass A, the first over a batch: fit every candidate up to each window's cutoff, score the days after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from lepton_spark.errors import exception_text
from lepton_spark.evaluation.accuracy.error_sums import ErrorSums, Scales, error_sums, naive_scales
from lepton_spark.evaluation.demand import demand_classes
from lepton_spark.evaluation.settings import EvaluationSettings
from lepton_spark.evaluation.windows import Window
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray, StringArray
from lepton_spark.models.data.forecaster import Fit, Forecaster
from lepton_spark.models.data.history import History
from lepton_spark.models.data.parts import NAMES, Parts
from lepton_spark.models.pooled.pool import Pools, pool_of
from lepton_spark.models.registry import create


@dataclass(frozen=True)
class CandidateScores:
    """Errors of every candidate on every window.

    sums: fields of [C, W, S]; n_obs is 0 where a candidate could not be scored.
    reasons: (position of the candidate, row) -> why it failed, on the last window where it did.
    demand_class: [S], as known at the test window's cutoff.
    """

    sums: ErrorSums
    reasons: Mapping[tuple[int, int], str]
    demand_class: StringArray


def score_candidates(history: History, pools: Pools, settings: EvaluationSettings) -> CandidateScores:
    """Errors of every candidate on every window, for series with enough known columns before it.

    Raises: InputError for an unknown model.
    """
    n_candidates, n_series = len(settings.candidates), history.n_series
    unscored = ErrorSums.zeros(n_candidates, n_series)
    reasons: dict[tuple[int, int], str] = {}
    scales = window_scales(history, settings.windows)
    parts = []
    for window, column, scale in zip(
        settings.windows, cutoff_columns(history, settings.windows), scales, strict=True
    ):
        rows = np.flatnonzero(trainable(history, int(column), settings.min_train))
        if not rows.size:
            parts.append(unscored)
            continue
        train = history.until(int(column)).select(rows)
        actual = actuals(history, window, settings.horizon)[rows]
        forecasts = []
        for position, candidate in enumerate(settings.candidates):
            fit = fit_safely(create(candidate, pool_of(pools, train)), train, settings.horizon)
            forecasts.append(fit.forecast)
            reasons.update({(position, int(rows[row])): reason for row, reason in fit.reasons.items()})
        sums = error_sums(actual, np.stack(forecasts), scale.select(rows))  # [C, N]
        parts.append(sums.expanded(rows, n_series))
    stacked = ErrorSums.stacked(parts, axis=1) if parts else ErrorSums.zeros(n_candidates, 0, n_series)
    return CandidateScores(stacked, reasons, classes_for_choice(history, settings))


def classes_for_choice(history: History, settings: EvaluationSettings) -> StringArray:
    """[S], demand classes as known at the test window's cutoff: no choice may see days after it."""
    ends = cutoff_columns(history, [settings.windows[position] for position in settings.test])
    seen = history.quantity[:, : max(int(ends.min(initial=history.n_days - 1)), -1) + 1]
    return demand_classes(seen, settings.new, settings.obsolete)


def clip_forecast(forecast: FloatArray) -> FloatArray:
    """The forecast, with 0 for negative values, since demand is never negative, and NaN for infinite ones."""
    return np.where(np.isfinite(forecast), np.maximum(forecast, 0.0), np.nan)


def cutoff_columns(history: History, windows: Sequence[Window]) -> IntArray:
    """[W], the column of each window's cutoff; negative where the history is too short."""
    offsets = np.array([window.cutoff_offset for window in windows], dtype=np.int64)
    return history.n_days - 1 - offsets


def actuals(history: History, window: Window, horizon: int) -> FloatArray:
    """[S, H], the quantity of steps 1..horizon after the window's cutoff; NaN = unknown or in the future."""
    found = np.full((history.n_series, horizon), np.nan)
    start = history.n_days - window.cutoff_offset
    first = max(start, 0)
    ahead = history.quantity[:, first : max(start + horizon, 0)]
    found[:, first - start : first - start + ahead.shape[1]] = ahead
    return found


def trainable(history: History, column: int, min_train: int) -> BoolArray:
    """[S], whether a series has at least `min_train` known columns, and at least one, up to `column`."""
    n_known = np.count_nonzero(history.known[:, : max(column + 1, 0)], axis=1)
    enough: BoolArray = n_known >= max(min_train, 1)
    return enough


def window_scales(history: History, windows: Sequence[Window]) -> list[Scales]:
    """The scales [S] at each window's cutoff, from the days up to it."""
    if not windows:
        return []
    scales = naive_scales(history.quantity, cutoff_columns(history, windows))
    return [Scales(*pair) for pair in zip(scales.abs_change, scales.squared_change, strict=True)]


def fit_safely(forecaster: Forecaster, history: History, horizon: int) -> Fit:
    """Fit the batch; if that raises, fit each series by itself, so that only the failing ones get a NaN row.

    Negative forecasts are set to 0.
    """
    try:
        fit = forecaster.fit_forecast(history, horizon)
    except Exception:  # noqa: BLE001  an exception of one series must not affect the others
        fit = _fit_one_by_one(forecaster, history, horizon)
    median = None if fit.median is None else clip_forecast(fit.median)
    return replace(fit, forecast=clip_forecast(fit.forecast), median=median)


def _fit_one_by_one(forecaster: Forecaster, history: History, horizon: int) -> Fit:
    forecast = np.full((history.n_series, horizon), np.nan)
    median = np.full((history.n_series, horizon), np.nan)
    coefficients: dict[str, FloatArray] = {}
    reasons: dict[int, str] = {}
    fits: dict[int, Fit] = {}
    for row in range(history.n_series):
        try:
            fit = forecaster.fit_forecast(history.select(np.array([row])), horizon)
        except Exception as error:  # noqa: BLE001  the reason is kept as data
            reasons[row] = exception_text(error)
            continue
        fits[row] = fit
        forecast[row] = fit.forecast[0]
        if fit.median is not None:
            median[row] = fit.median[0]
        if fit.reasons:
            reasons[row] = fit.reasons[0]
        for name, value in fit.coefficients.items():
            coefficients.setdefault(name, np.full(history.n_series, np.nan))[row] = value[0]
    return Fit(forecast, coefficients, reasons, median, partial(_parts_of_rows, fits, forecast.shape))


def _parts_of_rows(fits: Mapping[int, Fit], shape: tuple[int, int]) -> Parts:
    """The parts of single series, by row, as those of a batch; NaN for the other rows."""
    units = np.full((len(NAMES), *shape), np.nan)
    for row, fit in fits.items():
        units[:, [row]] = fit.parts.above(np.zeros(1), shape[1])
    found = {group: values for group, values in zip(NAMES, units, strict=True) if np.nan_to_num(values).any()}
    return Parts(found)
