"""Level times a weekday profile shrunk towards the pool's, times the pool's day factors."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.pool import Pool
from lepton_spark.models.pooled.profiles import averaged_level, index_on_days, shrunk_index, weekday_profiles


@dataclass(frozen=True)
class ShrunkWeekday:
    """The weekday forecast; a series without a known day gets a NaN row.

    pool: as known at the cutoff of the histories that are forecast; a neutral one shrinks to no season.
    Coefficients: `level`, units per day.
    """

    pool: Pool

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Forecast every series at once."""
        cutoff = np.array([history.n_days - 1])
        index = shrunk_index(weekday_profiles(history, cutoff), self.pool)
        level = averaged_level(history, cutoff)[:, 0]
        ahead = history.ahead(horizon)[np.newaxis]
        by_weekday = index_on_days(index, ahead)[:, 0, :, -1]
        forecast = level[:, np.newaxis] * by_weekday * self.pool.day_factors(ahead)
        forecast[history.n_known == 0] = np.nan
        return Fit(forecast, {"level": level})
