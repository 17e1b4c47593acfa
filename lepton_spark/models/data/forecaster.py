"""The protocol of all models: fit every series of a batch, forecast the days after the cutoff."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import History
from lepton_spark.models.data.parts import MODEL, Parts


@dataclass(frozen=True)
class Fit:
    """Forecasts of a batch.

    forecast: [S, H], units, may be negative; a NaN row could not be fitted.
    coefficients: name -> [S].
    reasons: row -> why it could not be fitted, where more is known than too few days.
    median: [S, H], units, for models that forecast a median of their own beside the mean.
    explain: makes the parts of the forecast, on demand; None for a model that gives no parts.
    """

    forecast: FloatArray
    coefficients: Mapping[str, FloatArray] = field(default_factory=dict)
    reasons: Mapping[int, str] = field(default_factory=dict)
    median: FloatArray | None = None
    explain: Callable[[], Parts] | None = None

    @property
    def parts(self) -> Parts:
        """The parts of the forecast; a single one for a model that gives none."""
        return Parts({MODEL: self.forecast}) if self.explain is None else self.explain()


class Forecaster(Protocol):
    """A model with its parameters and, for pooled models, what it learned from many series."""

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Forecast steps 1..horizon; never changes `history`, never raises for one bad series."""
        ...
