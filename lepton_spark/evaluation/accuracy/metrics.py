"""Forecast accuracy metrics, each defined once as a ratio of sums.

The published tables compute the ratios from Spark columns; benchmarks and tests, from `ErrorSums`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from lepton_spark.evaluation.accuracy.error_sums import ErrorSums
from lepton_spark.models.data.arrays import FloatArray


@dataclass(frozen=True)
class Metric:
    """A ratio of two sums, or its square root; unknown where the denominator is 0."""

    numerator: str
    denominator: str
    is_root: bool = False


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "mae": Metric("abs_error", "n_obs"),
        "rmse": Metric("sse", "n_obs", is_root=True),
        "wape": Metric("abs_error", "sum_actual"),
        "bias": Metric("sum_error", "sum_actual"),
        "mase": Metric("scaled_abs_error", "n_scaled"),
        "rmsse": Metric("scaled_sse", "n_scaled", is_root=True),
    }
)
"""Metrics of the mean forecast by name; numerators and denominators are fields of `ErrorSums`.

Source: Hyndman and Koehler (2006) for mase; Makridakis, Spiliotis and Assimakopoulos (2022), the M5
competition, for rmsse, which takes the root of each series and then averages.
"""

QUANTILE_METRICS: Mapping[str, Metric] = MappingProxyType(
    {"pinball": Metric("pinball_sum", "n_quantile_obs"), "coverage": Metric("covered_sum", "n_quantile_obs")}
)
"""Metrics of the quantile forecasts; `pinball` sums over levels: the tables divide it by their number."""


def metric_values(sums: ErrorSums) -> dict[str, FloatArray]:
    """Every metric of `METRICS`; NaN where the denominator is 0."""
    return {name: _value(metric, sums) for name, metric in METRICS.items()}


def _value(metric: Metric, sums: ErrorSums) -> FloatArray:
    above, below = getattr(sums, metric.numerator), np.asarray(getattr(sums, metric.denominator))
    ratio: FloatArray = np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0)
    return np.sqrt(ratio) if metric.is_root else ratio


def pinball_losses(actual: FloatArray, quantile_forecast: FloatArray, levels: FloatArray) -> FloatArray:
    """[..., H, Q], q (a - f) where the actual a is above the forecast f, (1 - q)(f - a) where below.

    actual: [..., H]; quantile_forecast: [..., H, Q], units; levels: [Q] in (0, 1).
    Source: Koenker and Bassett (1978), Regression quantiles.
    """
    above = actual[..., np.newaxis] - quantile_forecast
    losses: FloatArray = np.maximum(levels * above, (levels - 1.0) * above)
    return losses
