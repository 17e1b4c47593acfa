"""Level times a weekday profile shrunk towards the pool's, times the pool's day factors."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.pool import Pool
from lepton_spark.models.pooled.profiles import weekday_forecasts
from lepton_spark.models.pooled.weekday_parts import weekday_parts


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
        found = weekday_forecasts(history, cutoff, horizon, self.pool)
        is_known = (history.n_known > 0)[:, np.newaxis]
        return Fit(
            np.where(is_known, found.forecast[:, 0], np.nan),
            {"level": found.level[:, 0]},
            explain=lambda: weekday_parts(history, horizon, self.pool),
        )
