"""The distribution of a series' demand over the first days after the cutoff, from its rows of `fits`."""

import numpy as np
import pandas as pd

from lepton_spark.evaluation.distributions.mixtures import Mixture, units
from lepton_spark.evaluation.distributions.parametric import Demand
from lepton_spark.evaluation.quantiles.calibration import COUNTS
from lepton_spark.evaluation.quantiles.demand_sums import dispersion_at, sum_dispersion_name, sum_lengths
from lepton_spark.inventory.protection import Protection
from lepton_spark.models.data.arrays import BoolArray, FloatArray, IntArray

FIT_COLUMNS = ("quantile_method", "parameters", "forecast")
"""The columns of `fits` that `demand_over` needs."""


def demand_over(rows: pd.DataFrame, days: IntArray) -> Demand:
    """Demand of the days 1 to days[i] after the cutoff of series i; 0 for 0 days.

    rows: S rows of `fits`, with the dispersions of sums. days: [S], at most the horizon.
    """
    lengths = sum_lengths(len(rows["forecast"].iloc[0]))
    names = [sum_dispersion_name(length) for length in lengths]
    by_series = map(dict, rows["parameters"])
    dispersions = np.array([[values[name] for name in names] for values in by_series])
    dispersion = dispersion_at(dispersions, np.array(lengths), np.maximum(days, 1))
    return units(expected(rows, days), dispersion, is_whole(rows))


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
    whole: BoolArray = (rows["quantile_method"] == COUNTS).to_numpy(dtype=np.bool_)
    return whole
