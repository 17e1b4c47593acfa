"""Quantile forecasts from the errors a model made in the backtest."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from lepton_spark.models.batch import SEASON_LENGTH, BoolArray, FloatArray

MIN_ERRORS = 14
"""Fewer errors than two weeks' behind any step say too little of the tails."""

EXACT_UP_TO = 30.0
"""Means up to this many units take exact Poisson quantiles, larger ones the normal approximation."""

MAX_COUNT = 80
"""The distribution of a mean of 30 has no mass that matters above this."""


@dataclass(frozen=True)
class QuantileForecasts:
    """Quantiles of the forecast days.

    values: [S, H, Q], units, rising along Q, never negative; NaN where the forecast is.
    by_errors: [S], True: from the backtest's errors; False: Poisson around the forecast.
    """

    values: FloatArray
    by_errors: BoolArray


def quantile_forecasts(
    forecast: FloatArray, errors: FloatArray, levels: Sequence[float]
) -> QuantileForecasts:
    """The forecast plus empirical quantiles of the errors at the step and its six neighbours.

    Seven steps hold every weekday once; all windows are pooled. A series with fewer than 14 known
    errors behind some step takes Poisson quantiles around its forecast.

    forecast: [S, H]; errors: [S, W, H], actual - forecast, NaN = unscored; levels: [Q], rising, in (0, 1).
    """
    if errors.shape[1] == 0:
        values = poisson_quantiles(forecast, levels)
        return QuantileForecasts(values, np.zeros(len(forecast), dtype=np.bool_))
    quantiles, counts = _pooled_quantiles(errors, np.asarray(levels))
    by_errors = counts >= MIN_ERRORS
    values = forecast[:, :, np.newaxis] + quantiles
    if not by_errors.all():
        values[~by_errors] = poisson_quantiles(forecast[~by_errors], levels)
    return QuantileForecasts(np.maximum(values, 0.0), by_errors)


def _pooled_quantiles(errors: FloatArray, levels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """[S, H, Q] quantiles at position (n + 1) q of the sorted errors, and [S] the least n of any step.

    Source: Hyndman and Fan (1996), definition 6, whose intervals cover as nominal with few errors.
    """
    n_series, n_windows, horizon = errors.shape
    width = min(SEASON_LENGTH, horizon)
    pools = sliding_window_view(errors, width, axis=2)  # [S, W, P, 7]
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


def poisson_quantiles(mean: FloatArray, levels: Sequence[float]) -> FloatArray:
    """[..., Q], the least count whose probability to be reached or undershot is at least the level.

    mean: [...], units; exact up to 30, above it the normal approximation with Cornish-Fisher's term.
    """
    z = np.array([NormalDist().inv_cdf(level) for level in levels])
    spread = np.sqrt(mean)[..., np.newaxis] * z
    normal = np.ceil(mean[..., np.newaxis] + spread + (z**2 - 1.0) / 6.0 - 0.5)
    small = mean <= EXACT_UP_TO
    normal[small] = _exact_poisson_quantiles(mean[small], np.asarray(levels))
    quantiles: FloatArray = np.maximum(normal, 0.0)
    return quantiles


def _exact_poisson_quantiles(mean: FloatArray, levels: FloatArray) -> FloatArray:
    """[N, Q] for means [N]: how many counts have a distribution function below the level."""
    probability = np.exp(-mean)
    reached = probability.copy()
    quantile = np.zeros((len(mean), len(levels)))
    for count in range(1, MAX_COUNT + 1):
        short = reached[:, np.newaxis] < levels
        if not short.any():
            break
        quantile += short
        probability = probability * mean / count
        reached += probability
    return quantile
