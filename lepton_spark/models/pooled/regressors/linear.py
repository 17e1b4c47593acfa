"""Ridge regression over many series: the weight of each average of the past for the weeks ahead.

Trees see how averages compare with each other; here each average has one weight. A few weights can follow the
last two months, for which trees have too many parameters. Source: Hoerl and Kennard (1970).
"""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray

PENALTY = 0.01
"""Ridge penalty on standardised weights; weights of 0 leave the weekday forecast unchanged."""

HALF_LIFE = 21.0
"""Days after which a past cutoff has half its weight."""

MIN_SIZE = 0.1
"""Lower bound of a column's root mean square: a column that is nearly always 0 gets nearly no weight."""

MIN_OVER_LEVEL = 0.05
LARGEST_COLUMN = 2.0
"""Bounds that keep absurd averages from becoming a forecast: of a week's forecast over the level, and of a
column."""

LARGEST_RATIO = 10.0
"""Upper bound of units over the weekday forecast. The regression, whose errors are squared, ignores weeks
above it; the trees count them as it."""


@dataclass(frozen=True)
class PooledRegression:
    """weights: [K], by column, of the ratio of a week's units to the weekday forecast, less 1."""

    weights: FloatArray

    def contribution(self, columns: FloatArray, first: int) -> FloatArray:
        """[...], what the columns [..., N], numbered from `first`, add to the ratio."""
        added: FloatArray = np.sum(columns * self.weights[first : first + columns.shape[-1]], axis=-1)
        return added


def over_forecast(averages: FloatArray, over_level: FloatArray) -> FloatArray:
    """[..., B, A+1], averages, and the level that scales them, over the weekday forecast of each week.

    averages: [..., A], over the level. over_level: [..., B], the weekday forecast over the level.
    """
    with_level = np.concatenate([averages, np.ones((*averages.shape[:-1], 1))], axis=-1)
    over = np.maximum(over_level, MIN_OVER_LEVEL)[..., np.newaxis]
    return np.minimum(with_level[..., np.newaxis, :] / over, LARGEST_COLUMN)


def fit_regression(
    columns: FloatArray, ratio: FloatArray, weight: FloatArray, age: IntArray
) -> PooledRegression:
    """Weighted ridge regression of the ratios less 1.

    columns: [N, K]. ratio, weight: [N]. age: [N], days from a row's cutoff to the end of the history.
    """
    weight = weight * 0.5 ** (age / HALF_LIFE)
    weight = (weight / weight.mean())[:, np.newaxis]
    size = np.sqrt(np.mean(weight * columns**2, axis=0))
    size = np.maximum(size, MIN_SIZE)
    scaled = columns / size
    square = scaled.T @ (weight * scaled) / len(scaled)
    right = (weight * scaled).T @ (ratio - 1.0) / len(scaled)
    return PooledRegression(np.linalg.solve(square + PENALTY * np.eye(len(square)), right) / size)
