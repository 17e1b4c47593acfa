"""Models of ordinary days, whose forecasts are multiplied by the pool's event factors."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.forecaster import Fit, Forecaster
from lepton_spark.models.data.history import History
from lepton_spark.models.data.parts import EVENTS as EVENT_GROUP
from lepton_spark.models.pooled.factors import EVENTS


@dataclass(frozen=True)
class WithEvents:
    """A model whose history lacks the days of events, times the factors of those ahead.

    learned: [1, N], factors of the days after the cutoff. On days with a factor there is no median.
    """

    model: Forecaster
    learned: FloatArray

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Forecast every series at once; goods that are sold at events only are left to the model."""
        fit = self.model.fit_forecast(history.without_events, horizon)
        of_day = EVENTS.ahead(self.learned, history.ahead(horizon)[np.newaxis])
        factors = np.where(history.follows_events[:, np.newaxis], of_day, 1.0)  # [S, H]
        median = None if fit.median is None else np.where(factors == 1.0, fit.median, np.nan)
        return Fit(
            fit.forecast * factors,
            fit.coefficients,
            fit.reasons,
            median,
            explain=lambda: fit.parts.times(EVENT_GROUP, factors),
        )
