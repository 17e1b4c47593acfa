"""Quantile forecasts calibrated on backtest errors.

Series sold in whole units get quantiles of a negative binomial around the mean, with the dispersion of the
backtest shrunk towards the pool's. Other series get the forecast plus quantiles of their own errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lepton_spark.evaluation.quantiles.dispersion import (
    DEFAULT_DISPERSION,
    DispersionSettings,
    likely_dispersion,
)
from lepton_spark.evaluation.quantiles.negative_binomial import count_quantiles, gamma_quantiles
from lepton_spark.models.data.arrays import BoolArray, FloatArray, StringArray
from lepton_spark.models.data.history import SEASON_LENGTH

MIN_ERRORS = 14
"""Fewest errors (of neighbouring steps and all windows together) from which quantiles are taken."""

COUNTS, BY_ERRORS, BY_HISTORY = "negative_binomial", "backtest_errors", "gamma"


@dataclass(frozen=True)
class Calibration:
    """Backtest errors of one candidate per series, and the prior of the dispersion.

    forecast, residual: [S, W, H], units, residual = actual - forecast; NaN = not scored.
    whole_units: [S], whether all known quantities are whole. log_dispersion: [S], expected by the
    pool, centre of the prior; or one for all series. history_dispersion: [S], variance over mean of the
    history, for series of fractions with too few errors.
    """

    forecast: FloatArray
    residual: FloatArray
    whole_units: BoolArray
    log_dispersion: float | FloatArray = 0.0
    settings: DispersionSettings = DEFAULT_DISPERSION
    history_dispersion: FloatArray | None = None

    def of_windows(self, positions: Sequence[int]) -> "Calibration":
        """The calibration from some of the windows; positions: the positions of these windows."""
        return replace(self, forecast=self.forecast[:, positions], residual=self.residual[:, positions])

    @cached_property
    def dispersion(self) -> FloatArray:
        """[S], variance over mean, from all windows."""
        n_series, n_windows, horizon = self.residual.shape
        pooled = (n_series, n_windows * horizon)
        mean, actual = self.forecast.reshape(pooled), (self.forecast + self.residual).reshape(pooled)
        return likely_dispersion(mean, actual, ~np.isnan(actual), self.log_dispersion, self.settings)


@dataclass(frozen=True)
class QuantileForecasts:
    """Quantiles of the days ahead.

    values: [S, H, Q], units, non-decreasing in Q, never negative; NaN where the forecast is NaN.
    method: [S], `COUNTS`, `BY_ERRORS` or `BY_HISTORY`. dispersion: [S], NaN for `BY_ERRORS`.
    """

    values: FloatArray
    method: StringArray
    dispersion: FloatArray


def quantile_forecasts(
    forecast: FloatArray,
    calibration: Calibration,
    levels: Sequence[float],
    median: FloatArray | None = None,
) -> QuantileForecasts:
    """Negative binomial quantiles for whole units; for others the forecast plus quantiles of the errors.

    The errors of seven neighbouring steps (in daily forecasts, one of each weekday) and of all windows are
    pooled. If some step has fewer than 14 pooled errors, the series gets the quantiles of a gamma
    distribution with the dispersion of its history. A model's own median replaces that of the negative
    binomial; lower levels stay at or below it, higher ones at or above.

    forecast: [S, H], units. levels: [Q], ascending, in (0, 1). median: [S, H], NaN where there is none.
    """
    of_history = calibration.history_dispersion
    dispersion = np.where(
        calibration.whole_units, calibration.dispersion, 1.0 if of_history is None else of_history
    )
    known = np.where(np.isnan(forecast), 0.0, forecast)
    by_day = np.repeat(dispersion[:, np.newaxis], forecast.shape[1], axis=1)
    counts, fractions = calibration.whole_units, ~calibration.whole_units
    values = np.empty((*forecast.shape, len(levels)))
    values[counts] = count_quantiles(known[counts], by_day[counts], levels)
    values[fractions] = gamma_quantiles(known[fractions], by_day[fractions], levels)
    by_errors = np.zeros(len(forecast), dtype=np.bool_)
    if calibration.residual.shape[1]:
        quantiles, n_errors = _error_quantiles(calibration.residual[fractions], np.asarray(levels))
        enough = n_errors >= MIN_ERRORS
        by_errors[fractions] = enough
        values[by_errors] = np.maximum(forecast[by_errors, :, np.newaxis] + quantiles[enough], 0.0)
    if median is not None:
        whole_median = np.where(calibration.whole_units[:, np.newaxis], median, np.nan)
        values = _around_median(values, whole_median, levels)
    values[np.isnan(forecast)] = np.nan
    method = np.where(calibration.whole_units, COUNTS, np.where(by_errors, BY_ERRORS, BY_HISTORY))
    return QuantileForecasts(values, method, np.where(by_errors, np.nan, dispersion))


def _around_median(values: FloatArray, median: FloatArray, levels: Sequence[float]) -> FloatArray:
    """[S, H, Q], quantiles around the rounded median as p50: lower ones at most p50, higher ones at least."""
    middle = np.where(np.isnan(median), np.nan, np.round(median))[:, :, np.newaxis]
    side = np.sign(np.asarray(levels) - 0.5)
    low, high = np.minimum(values, middle), np.maximum(values, middle)
    moved = np.where(side < 0, low, np.where(side > 0, high, middle))
    return np.where(np.isnan(middle), values, moved)


def _error_quantiles(residuals: FloatArray, levels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """[S, H, Q] quantiles at position (n + 1) q of n sorted residuals, and [S] the smallest n of any step.

    Source: Hyndman and Fan (1996), definition 6: intervals have nominal coverage even for small n.
    """
    n_series, n_windows, horizon = residuals.shape
    width = min(SEASON_LENGTH, horizon)
    groups = sliding_window_view(residuals, width, axis=2)  # [S, W, P, 7]
    n_groups = horizon - width + 1
    ordered = np.sort(groups.transpose(0, 2, 1, 3).reshape(n_series, n_groups, n_windows * width), axis=2)
    counts = np.count_nonzero(~np.isnan(ordered), axis=2)[:, :, np.newaxis]  # [S, P, 1]
    position = np.clip((counts + 1) * levels - 1, 0, np.maximum(counts - 1, 0))  # [S, P, Q]
    below = position.astype(np.int64)
    above = np.minimum(below + 1, np.maximum(counts - 1, 0))
    at_below = np.take_along_axis(ordered, below, axis=2)
    at_above = np.take_along_axis(ordered, above, axis=2)
    quantiles = at_below + (position - below) * (at_above - at_below)
    group_of_step = np.clip(np.arange(horizon) - width // 2, 0, n_groups - 1)
    return quantiles[:, group_of_step], counts.min(axis=(1, 2))
