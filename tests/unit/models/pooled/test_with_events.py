import numpy as np

from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.with_events import WithEvents
from tests.unit.models.events import events


class LastKnown:
    """Repeats the last known value, also as the median."""

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        last = [row[~np.isnan(row)][-1] for row in history.quantity]
        forecast = np.repeat(np.array(last)[:, np.newaxis], horizon, axis=1)
        return Fit(forecast, median=forecast.copy())


def test_model_sees_ordinary_days_only_and_its_forecast_is_multiplied() -> None:
    quantity = np.full((2, 40), 4.0)
    quantity[:, 39] = 60.0  # the event
    quantity[1, :39] = 0.0  # goods of the event alone, to which its factors do not apply
    history = History(quantity, np.arange(40), events=events([39], [0]))
    fit = WithEvents(LastKnown(), np.array([[1.0, 3.0]])).fit_forecast(history, 3)
    assert fit.forecast.tolist() == [[4.0, 12.0, 4.0], [60.0] * 3]
    assert fit.median is not None
    np.testing.assert_array_equal(fit.median, [[4.0, np.nan, 4.0], [60.0] * 3])
