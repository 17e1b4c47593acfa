"""Rolling windows: every candidate is fitted on the days before a cutoff and scored on those after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lepton_spark.evaluation.error_sums import ErrorSums, Scales, error_sums, naive_scales
from lepton_spark.evaluation.windows import Window
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray
from lepton_spark.models.data.history import Fit, Forecaster, History
from lepton_spark.models.local.isolated_process import words
from lepton_spark.models.registry import Candidate, create


@dataclass(frozen=True)
class CandidateScores:
    """Errors of every candidate on every window.

    sums: fields of [C, W, S]; n_obs is 0 where a candidate could not be scored.
    reasons: (place of the candidate, row) -> why it failed, in words.
    """

    sums: ErrorSums
    reasons: Mapping[tuple[int, int], str]


def clip_forecast(forecast: FloatArray) -> FloatArray:
    """Demand is never negative: a forecast below 0 becomes 0; NaN and infinity become NaN."""
    return np.where(np.isfinite(forecast), np.maximum(forecast, 0.0), np.nan)


def cutoff_columns(history: History, windows: Sequence[Window]) -> IntArray:
    """[W], the column of each window's cutoff; negative where the history does not reach it."""
    offsets = np.array([window.cutoff_offset for window in windows], dtype=np.int64)
    return history.n_days - 1 - offsets


def actuals(history: History, window: Window, horizon: int) -> FloatArray:
    """[S, H], the quantity of steps 1..horizon after the window's cutoff; NaN = unknown or not yet there."""
    found = np.full((history.n_series, horizon), np.nan)
    start = history.n_days - window.cutoff_offset
    columns = np.arange(start, start + horizon)
    there = (columns >= 0) & (columns < history.n_days)
    found[:, there] = history.quantity[:, columns[there]]
    return found


def trainable(history: History, column: int, min_train_days: int) -> BoolArray:
    """[S], whether a series has at least `min_train_days` (and one) known days up to a cutoff's column."""
    n_known = np.count_nonzero(history.known[:, : max(column + 1, 0)], axis=1)
    enough: BoolArray = n_known >= max(min_train_days, 1)
    return enough


def window_scales(history: History, windows: Sequence[Window]) -> list[Scales]:
    """For each window the scales [S] of what was known at its cutoff."""
    if not windows:
        return []
    scales = naive_scales(history.quantity, cutoff_columns(history, windows))
    return [Scales(*pair) for pair in zip(scales.abs_change, scales.squared_change, strict=True)]


def fit_safely(forecaster: Forecaster, history: History, horizon: int) -> Fit:
    """Fit the batch; if it raises, each series by itself, so that only the guilty ones get a NaN row.

    The forecast is clipped.
    """
    try:
        fit = forecaster.fit_forecast(history, horizon)
    except Exception:  # noqa: BLE001  whatever one series provokes must not touch the others
        fit = _fit_one_by_one(forecaster, history, horizon)
    median = None if fit.median is None else clip_forecast(fit.median)
    return Fit(clip_forecast(fit.forecast), fit.coefficients, fit.reasons, median)


def _fit_one_by_one(forecaster: Forecaster, history: History, horizon: int) -> Fit:
    forecast = np.full((history.n_series, horizon), np.nan)
    median = np.full((history.n_series, horizon), np.nan)
    coefficients: dict[str, FloatArray] = {}
    reasons: dict[int, str] = {}
    for row in range(history.n_series):
        try:
            fit = forecaster.fit_forecast(history.select(np.array([row])), horizon)
        except Exception as error:  # noqa: BLE001  the reason is kept as data
            reasons[row] = words(error)
            continue
        forecast[row] = fit.forecast[0]
        if fit.median is not None:
            median[row] = fit.median[0]
        if fit.reasons:
            reasons[row] = fit.reasons[0]
        for name, value in fit.coefficients.items():
            coefficients.setdefault(name, np.full(history.n_series, np.nan))[row] = value[0]
    return Fit(forecast, coefficients, reasons, median)


def score_candidates(
    history: History,
    candidates: Sequence[Candidate],
    windows: Sequence[Window],
    horizon: int,
    min_train_days: int,
) -> CandidateScores:
    """Errors of every candidate on every window for which a series has `min_train_days` known days.

    Raises: InputError for an unknown model.
    """
    forecasters = [create(candidate) for candidate in candidates]
    sums = ErrorSums.zeros(len(candidates), len(windows), history.n_series)
    reasons: dict[tuple[int, int], str] = {}
    scales = window_scales(history, windows)
    for place, (window, column) in enumerate(zip(windows, cutoff_columns(history, windows), strict=True)):
        rows = np.flatnonzero(trainable(history, column, min_train_days))
        if not rows.size:
            continue
        train = history.until(int(column)).select(rows)
        actual = actuals(history, window, horizon)[rows]
        row_scales = Scales(scales[place].abs_change[rows], scales[place].squared_change[rows])
        for c, forecaster in enumerate(forecasters):
            fit = fit_safely(forecaster, train, horizon)
            sums.put((c, place, rows), error_sums(actual, fit.forecast, row_scales))  # type: ignore[arg-type]
            reasons.update({(c, int(rows[row])): reason for row, reason in fit.reasons.items()})
    return CandidateScores(sums, reasons)
