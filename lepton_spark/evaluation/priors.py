"""Demand levels set by planners, and forecasts moved towards them."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import BoolArray, FloatArray


@dataclass(frozen=True)
class Prior:
    """Expected demand levels of S series.

    level: [S], units per column on which the series is sold; NaN without a prior.
    weight: [S, H], share of the prior in the level of the forecast, 0 where it does not apply.
    """

    level: FloatArray
    weight: FloatArray

    @property
    def applies(self) -> BoolArray:
        """[S], whether a series has a prior on some column."""
        return np.asarray((self.weight > 0).any(axis=1))

    def apply(self, forecast: FloatArray, is_zero: BoolArray) -> FloatArray:
        """[S, H], the forecasts [S, H] with their mean over the days of sale moved towards the level.

        The forecast keeps its shape; a forecast of 0 gets the level on each day.

        is_zero: [S, H], days without sale.
        """
        sold = ~is_zero
        n_sold = np.maximum(np.count_nonzero(sold, axis=1), 1)
        mean = (np.sum(forecast, axis=1, where=sold) / n_sold)[:, np.newaxis]
        level = np.where(np.isnan(self.level), 0.0, self.level)[:, np.newaxis]
        shape = np.divide(forecast, mean, out=np.ones_like(forecast), where=mean > 0)
        mixed = (1.0 - self.weight) * forecast + self.weight * shape * level
        return np.where(is_zero, 0.0, mixed)
