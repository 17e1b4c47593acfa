"""Quantile forecasts from the errors a model made in the backtest.

What is sold in whole units gets whole quantiles of a negative binomial around the mean, as dispersed as makes
what came true likeliest, and as the pool where that is little; other quantities get the errors' own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lepton_spark.evaluation.demand import StringArray
from lepton_spark.evaluation.quantiles.dispersion import likely_dispersion
from lepton_spark.evaluation.quantiles.negative_binomial import count_quantiles
from lepton_spark.models.data.arrays import BoolArray, FloatArray
from lepton_spark.models.data.history import SEASON_LENGTH

MIN_ERRORS = 14
"""Fewer errors than two weeks' behind any step say too little of the tails."""

COUNTS, BY_ERRORS, POISSON = "negative_binomial", "backtest_errors", "poisson"


@dataclass(frozen=True)
class Calibration:
    """What a backtest says of the spread around a forecast.

    forecast, residual: [S, W, H], units, residual = actual - forecast, NaN = unscored.
    whole: [S], whether a series is sold in whole units. log_dispersion: of the pool, for few errors.
    """

    forecast: FloatArray
    residual: FloatArray
    whole: BoolArray
    log_dispersion: float = 0.0

    def of_windows(self, places: Sequence[int]) -> "Calibration":
        """The same from some of the windows."""
        return replace(self, forecast=self.forecast[:, places], residual=self.residual[:, places])

    @cached_property
    def dispersion(self) -> FloatArray:
        """[S], variance over mean, from all windows."""
        n_series, n_windows, horizon = self.residual.shape
        pooled = (n_series, n_windows * horizon)
        mean, actual = self.forecast.reshape(pooled), (self.forecast + self.residual).reshape(pooled)
        return likely_dispersion(mean, actual, ~np.isnan(actual), self.log_dispersion)


@dataclass(frozen=True)
class QuantileForecasts:
    """Quantiles of the forecast days.

    values: [S, H, Q], units, rising along Q, never negative; NaN where the forecast is.
    method: [S], where they come from. dispersion: [S], NaN where they come from the errors themselves.
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
    """Whole quantiles for whole units; for others the forecast plus the errors' quantiles around each step.

    Seven steps hold every weekday once; all windows are pooled. A series that is not sold in whole units and
    has fewer than 14 known errors behind some step takes Poisson quantiles around its forecast.

    A median of the model's own takes the place of the negative binomial's; lower levels stay below it, higher
    ones above.

    forecast: [S, H], units; levels: [Q], rising, in (0, 1); median: [S, H], NaN where there is none.
    """
    dispersion = np.where(calibration.whole, calibration.dispersion, 1.0)
    known = np.where(np.isnan(forecast), 0.0, forecast)
    values = count_quantiles(known, np.repeat(dispersion[:, np.newaxis], forecast.shape[1], axis=1), levels)
    by_errors = np.zeros(len(forecast), dtype=np.bool_)
    if calibration.residual.shape[1]:
        quantiles, counts = _pooled_quantiles(calibration.residual, np.asarray(levels))
        by_errors = ~calibration.whole & (counts >= MIN_ERRORS)
        values[by_errors] = np.maximum(forecast[by_errors, :, np.newaxis] + quantiles[by_errors], 0.0)
    if median is not None:
        values = _around_median(values, np.where(calibration.whole[:, np.newaxis], median, np.nan), levels)
    values[np.isnan(forecast)] = np.nan
    method = np.where(calibration.whole, COUNTS, np.where(by_errors, BY_ERRORS, POISSON))
    return QuantileForecasts(values, method, np.where(by_errors, np.nan, dispersion))


def _around_median(values: FloatArray, median: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Quantiles [S, H, Q] with the median [S, H] in whole units where it is known."""
    middle = np.where(np.isnan(median), np.nan, np.round(median))[:, :, np.newaxis]
    order = np.sign(np.asarray(levels) - 0.5)
    low, high = np.minimum(values, middle), np.maximum(values, middle)
    moved = np.where(order < 0, low, np.where(order > 0, high, middle))
    return np.where(np.isnan(middle), values, moved)


def _pooled_quantiles(residuals: FloatArray, levels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """[S, H, Q] quantiles at position (n + 1) q of the sorted residuals, and [S] the least n of any step.

    Source: Hyndman and Fan (1996), definition 6, whose intervals cover as nominal with few errors.
    """
    n_series, n_windows, horizon = residuals.shape
    width = min(SEASON_LENGTH, horizon)
    pools = sliding_window_view(residuals, width, axis=2)  # [S, W, P, 7]
    n_pools = horizon - width + 1
    ordered = np.sort(pools.transpose(0, 2, 1, 3).reshape(n_series, n_pools, n_windows * width), axis=2)
    counts = np.count_nonzero(~np.isnan(ordered), axis=2)[:, :, np.newaxis]  # [S, P, 1]
    position = np.clip((counts + 1) * levels - 1, 0, np.maximum(counts - 1, 0))  # [S, P, Q]
    below = position.astype(np.int64)
    above = np.minimum(below + 1, np.maximum(counts - 1, 0))
    at_below = np.take_along_axis(ordered, below, axis=2)
    at_above = np.take_along_axis(ordered, above, axis=2)
    quantiles = at_below + (position - below) * (at_above - at_below)
    pool_of_step = np.clip(np.arange(horizon) - width // 2, 0, n_pools - 1)
    return quantiles[:, pool_of_step], counts.min(axis=(1, 2))
