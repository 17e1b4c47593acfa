"""Linear regression over many series: how much each average of the past is worth for the weeks ahead.

Trees ask which averages stand out against others; here each has one weight. A handful of weights can follow
the last two months, for which trees are too many. Ridge regression: Hoerl & Kennard (1970).
"""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray

RIDGE = 0.01
"""What draws the weights to none, which is the weekday forecast, where a column's mean square counts as 1."""

HALF_LIFE = 21.0
"""Days after which a past cutoff teaches half."""

LEAST_SIZE = 0.1
"""A column's root mean square counts as at least this: one that hardly ever says anything gets no weight."""

LEAST_OVER_LEVEL = 0.05
LARGEST_COLUMN = 2.0
"""A week's forecast over the level counts as at least the first, a column as at most the second: no average
of an absurd series may become a forecast by itself."""

LARGEST_RATIO = 10.0
"""Units over their base count as at most this, so that one absurd day does not bend what is learnt; the
regression, whose errors are squared, does not learn from a week above it at all."""


@dataclass(frozen=True)
class PooledLinear:
    """weights: [K], by column: what the ratio of a week's units to the weekday forecast is beyond 1."""

    weights: FloatArray

    def told_by(self, columns: FloatArray, first: int) -> FloatArray:
        """[...], what some columns [..., N], the first of them numbered `first`, add to the ratio."""
        added: FloatArray = np.sum(columns * self.weights[first : first + columns.shape[-1]], axis=-1)
        return added


def over_forecast(averages: FloatArray, over_level: FloatArray) -> FloatArray:
    """[..., B, A+1], averages, and the level they are over, over the weekday forecast of each week.

    averages: [..., A], over the level; over_level: [..., B], the weekday forecast over it.
    """
    all_of_them = np.concatenate([averages, np.ones((*averages.shape[:-1], 1))], axis=-1)
    over = np.maximum(over_level, LEAST_OVER_LEVEL)[..., np.newaxis]
    return np.minimum(all_of_them[..., np.newaxis, :] / over, LARGEST_COLUMN)


def learn(columns: FloatArray, ratio: FloatArray, weight: FloatArray, age: IntArray) -> PooledLinear:
    """Weighted ridge regression of the ratios less 1.

    columns: [N, K]; ratio, weight: [N]; age: [N], days from a row's cutoff to the end of what is known.
    """
    weight = weight * 0.5 ** (age / HALF_LIFE)
    weight = (weight / weight.mean())[:, np.newaxis]
    size = np.sqrt(np.mean(weight * columns**2, axis=0))
    size = np.maximum(size, LEAST_SIZE)
    scaled = columns / size
    square = scaled.T @ (weight * scaled) / len(scaled)
    right = (weight * scaled).T @ (ratio - 1.0) / len(scaled)
    return PooledLinear(np.linalg.solve(square + RIDGE * np.eye(len(square)), right) / size)
