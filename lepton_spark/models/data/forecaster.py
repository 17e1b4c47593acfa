"""The protocol of all models: fit every series of a batch, forecast the days after the cutoff."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import History


@dataclass(frozen=True)
class Fit:
    """Forecasts of a batch.

    forecast: [S, H], units, may be negative; a NaN row could not be fitted.
    coefficients: name -> [S].
    reasons: row -> why it could not be fitted, where more is known than too few days.
    median: [S, H], units, for models that forecast a median of their own beside the mean.
    """

    forecast: FloatArray
    coefficients: Mapping[str, FloatArray] = field(default_factory=dict)
    reasons: Mapping[int, str] = field(default_factory=dict)
    median: FloatArray | None = None


class Forecaster(Protocol):
    """A model with its parameters and, for pooled models, what it learned from many series."""

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Forecast steps 1..horizon; never changes `history`, never raises for one bad series."""
        ...
