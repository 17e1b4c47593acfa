"""The figures of forecast accuracy over plain arrays; pooled runs use the sums of `sums.py`.

Everywhere: error = forecast - actual, units; a NaN actual or forecast is not scored.
"""

import numpy as np

from lepton_spark.evaluation.error_sums import Scales, error_sums, naive_scales, ratios
from lepton_spark.models.data.arrays import FloatArray


def wape(actual: FloatArray, forecast: FloatArray) -> float:
    """Sum of absolute errors over sum of absolute actuals; NaN when nothing was sold.

    actual, forecast: [S, H], units.
    """
    return _pooled(actual, forecast, "wape")


def bias(actual: FloatArray, forecast: FloatArray) -> float:
    """Sum of errors over sum of absolute actuals, above 0 when forecasts are too high.

    actual, forecast: [S, H], units.
    """
    return _pooled(actual, forecast, "bias")


def mase(actual: FloatArray, forecast: FloatArray, training: FloatArray) -> float:
    """Mean absolute error, each series' over its mean |change| from day to day in training.

    Series whose training never changes are left out.

    actual, forecast: [S, H]; training: [S, T], units.
    Source: Hyndman and Koehler (2006), Another look at measures of forecast accuracy.
    """
    return _pooled(actual, forecast, "mase", training)


def rmsse(actual: FloatArray, forecast: FloatArray, training: FloatArray) -> float:
    """Root of the mean squared error, each series' over its mean squared change in training.

    actual, forecast: [S, H]; training: [S, T], units.
    Source: Makridakis, Spiliotis and Assimakopoulos (2022), the M5 competition, there per series.
    """
    return _pooled(actual, forecast, "rmsse", training)


def pinball_losses(actual: FloatArray, quantile_forecast: FloatArray, levels: FloatArray) -> FloatArray:
    """[..., H, Q], q (a - f) where the actual is above the forecast, (1 - q)(f - a) where below.

    actual: [..., H]; quantile_forecast: [..., H, Q], units; levels: [Q] in (0, 1).
    Source: Koenker and Bassett (1978), Regression quantiles.
    """
    above = actual[..., np.newaxis] - quantile_forecast
    losses: FloatArray = np.maximum(levels * above, (levels - 1.0) * above)
    return losses


def pinball(actual: FloatArray, quantile_forecast: FloatArray, levels: FloatArray) -> float:
    """Mean pinball loss over observations and levels, units; NaN when nothing is scored.

    actual: [S, H]; quantile_forecast: [S, H, Q]; levels: [Q].
    """
    losses = pinball_losses(actual, quantile_forecast, levels)
    scored = ~np.isnan(losses)
    return float(np.mean(losses[scored])) if scored.any() else np.nan


def coverage(actual: FloatArray, low: FloatArray, high: FloatArray) -> float:
    """Share of known actuals inside the closed interval; NaN when none is known.

    actual, low, high: [S, H], units.
    """
    scored = ~np.isnan(actual + low + high)
    inside = (low <= actual) & (actual <= high)
    return float(np.mean(inside[scored])) if scored.any() else np.nan


def _pooled(actual: FloatArray, forecast: FloatArray, name: str, training: FloatArray | None = None) -> float:
    if training is None:
        nothing = np.full(len(actual), np.nan)
        scales = Scales(nothing, nothing)
    else:
        by_window = naive_scales(training, np.array([training.shape[1] - 1]))
        scales = Scales(by_window.abs_change[0], by_window.squared_change[0])
    return float(ratios(error_sums(actual, forecast, scales).pool(axis=-1))[name])
