"""Any scikit-learn regressor, fitted product by product on level, trend, weekdays and planned measures."""
# ruff: noqa: PLC0415  scikit-learn is imported where it is used, so that runs without it start faster

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from lepton_spark.errors import exception_text
from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.local.isolated_process import Limits, Outcome, outcomes
from lepton_spark.models.local.linear_design import linear_design

SEED = 0


class Regressor(Protocol):
    """The part of scikit-learn's interface that is used: fit on [N, K] and [N], predict [M] from [M, K]."""

    def fit(self, X: FloatArray, y: FloatArray) -> Any:  # noqa: ANN401, N803  scikit-learn's own names
        """Fit in place."""
        ...

    def predict(self, X: FloatArray) -> FloatArray:  # noqa: N803
        """Predict, [M]."""
        ...


RegressorFactory = Callable[[], Any]
"""Returns a new, unfitted `Regressor` on each call; scikit-learn ships no types to say so."""


@dataclass(frozen=True)
class PerProductRegressor:
    """A new regressor for each product, one after another on one thread.

    A product with fewer than two known days gets a NaN row; so does one whose regressor raises, with the
    reason. A constant series is its own forecast and is not fitted.
    limits: run the regressor in a separate process within these; None: in this process, for trusted ones.
    """

    factory: RegressorFactory
    limits: Limits | None = None

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Fit and forecast each product by itself."""
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        design = linear_design(history.days, horizon, history.period)
        forecast = np.full((history.n_series, horizon), np.nan)
        reasons: dict[int, str] = {}
        with threadpool_limits(1), warnings.catch_warnings():
            _ignore_convergence_warnings()
            for row, (predicted, failure) in self._outcomes(history, design):
                reason = failure or _fault_of(predicted, horizon)
                if reason is None:
                    forecast[row] = predicted
                else:
                    reasons[row] = reason
        return Fit(forecast, reasons=reasons)

    def _outcomes(self, history: History, design: FloatArray) -> Iterator[tuple[int, Outcome]]:
        rows = range(history.n_series)
        if self.limits is not None:
            yield from outcomes(lambda row: self._fit_one(history, row, design), rows, self.limits)
            return
        for row in rows:
            try:
                yield row, (self._fit_one(history, row, design), None)
            except Exception as error:  # noqa: BLE001  a regressor may raise anything; it becomes data
                yield row, (None, exception_text(error))

    def _fit_one(self, history: History, row: int, design: FloatArray) -> FloatArray | float:
        known = history.known[row]
        target = history.quantity[row, known]
        if len(target) < 2:
            return np.nan
        if np.all(target == target[0]):
            return float(target[0])
        if history.regressors is not None:
            design = np.hstack([design, history.regressors[row, : len(design)]])
        regressor: Regressor = self.factory()
        regressor.fit(design[: history.n_days][known], target)
        return np.asarray(regressor.predict(design[history.n_days :]), dtype=np.float64)


def _fault_of(predicted: FloatArray | float | None, horizon: int) -> str | None:
    """Why a prediction is unusable, or None; a scalar is a constant series' value or NaN of too few days."""
    values = np.asarray(predicted)
    if values.shape == ():
        return None
    if values.shape != (horizon,):
        return f"ValueError: predict returned shape {values.shape}, not ({horizon},)"
    return None if np.isfinite(values).all() else "ValueError: predict returned numbers that are not finite"


def _ignore_convergence_warnings() -> None:
    """Gradient descent that stops at its last iteration still gives a forecast, which the backtest scores."""
    from sklearn.exceptions import ConvergenceWarning

    warnings.simplefilter("ignore", ConvergenceWarning)


def sklearn_linear_regression() -> Any:  # noqa: ANN401
    """Ordinary least squares."""
    from sklearn.linear_model import LinearRegression

    return LinearRegression()


def hist_gradient_boosting() -> Any:  # noqa: ANN401
    """A hundred small boosted trees."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(early_stopping=False, random_state=SEED)


def mlp() -> Any:  # noqa: ANN401
    """A small neural network trained by Adam on scaled features and a scaled target."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    network = MLPRegressor(hidden_layer_sizes=(16,), solver="adam", random_state=SEED)
    return TransformedTargetRegressor(make_pipeline(StandardScaler(), network), transformer=StandardScaler())
