"""Levels that a planner set by hand, and forecasts drawn to them."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray


@dataclass(frozen=True)
class Prior:
    """What is expected of each series by hand.

    level: [S], units a column on which it is sold, NaN where nothing is said. weight: [S, H], the prior's
    share of the forecast's level, 0 where it does not count.
    """

    level: FloatArray
    weight: FloatArray

    @property
    def counts(self) -> BoolArray:
        """[S], whether a series has one that counts on some column."""
        return np.asarray((self.weight > 0).any(axis=1))

    def drawn(self, forecast: FloatArray, silent: BoolArray) -> FloatArray:
        """[S, H], forecasts [S, H] whose mean over columns that are not silent [S, H] is moved to the level.

        The shape stays the model's; where that forecasts nothing, the level is spread evenly.
        """
        sold = ~silent
        n_sold = np.maximum(np.count_nonzero(sold, axis=1), 1)
        mean = (np.sum(forecast, axis=1, where=sold) / n_sold)[:, np.newaxis]
        level = np.where(np.isnan(self.level), 0.0, self.level)[:, np.newaxis]
        shape = np.divide(forecast, mean, out=np.ones_like(forecast), where=mean > 0)
        mixed = (1.0 - self.weight) * forecast + self.weight * shape * level
        return np.where(silent, 0.0, mixed)
