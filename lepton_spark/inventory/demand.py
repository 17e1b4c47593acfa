"""The distribution of a series' demand over the first days after the cutoff, from its rows of `fits`."""

import numpy as np
import pandas as pd

from lepton_spark.inventory.distributions import Demand
from lepton_spark.inventory.mixtures import Mixture, units
from lepton_spark.inventory.protection import Protection
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray

FIT_COLUMNS = ("quantile_method", "parameters", "forecast")
"""The columns of `fits` that `demand_over` needs."""

WHOLE_UNITS = "negative_binomial"
"""The quantile method of series that are sold in whole units."""


def demand_over(rows: pd.DataFrame, days: IntArray) -> Demand:
    """Demand of the days 1 to days[i] after the cutoff of series i; 0 for 0 days.

    rows: S rows of `fits`. days: [S], at most the horizon.
    """
    dispersion = np.array([float((values or {}).get("dispersion", 1.0)) for values in _maps(rows)])
    return units(expected(rows, days), np.maximum(dispersion, 1e-6), is_whole(rows))


def demand_until(rows: pd.DataFrame, days: IntArray, protection: Protection) -> Demand:
    """Demand until a delivery, mixed over the lead times.

    days: [S, K], of the protection, at most the horizon.
    """
    parts = tuple(demand_over(rows, days[:, column]) for column in range(days.shape[1]))
    return parts[0] if len(parts) == 1 else Mixture(parts, protection.probability)


def expected(rows: pd.DataFrame, days: IntArray) -> FloatArray:
    """[S], mean units of the days 1 to days[i]; days after the horizon count as the mean day.

    rows: S rows of `fits`. days: [S].
    """
    forecast = np.stack(rows["forecast"].to_list()).astype(np.float64)
    horizon = forecast.shape[1]
    sums = np.concatenate([np.zeros((len(forecast), 1)), np.cumsum(forecast, axis=1)], axis=1)
    within = np.take_along_axis(sums, np.minimum(days, horizon)[:, np.newaxis], axis=1)[:, 0]
    mean: FloatArray = within + np.maximum(days - horizon, 0) * sums[:, -1] / horizon
    return mean


def is_whole(rows: pd.DataFrame) -> BoolArray:
    """[S], whether the series are sold in whole units."""
    whole: BoolArray = (rows["quantile_method"] == WHOLE_UNITS).to_numpy(dtype=np.bool_)
    return whole


def _maps(rows: pd.DataFrame) -> list[dict[str, float] | None]:
    return [None if values is None else dict(values) for values in rows["parameters"]]
