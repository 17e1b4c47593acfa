"""Any scikit-learn regressor, fitted product by product on the linear family's features."""
# ruff: noqa: PLC0415  scikit-learn is imported where it is used, so that runs without it start light

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import Fit, History
from lepton_spark.models.local.isolated_process import Limits, Outcome, outcomes, words
from lepton_spark.models.local.linear_design import linear_design

SEED = 0


class Regressor(Protocol):
    """What the adapter asks of scikit-learn: fit on [N, K] and [N], predict [M] from [M, K]."""

    def fit(self, X: FloatArray, y: FloatArray) -> Any:  # noqa: ANN401, N803  scikit-learn's own names
        """Fit in place."""
        ...

    def predict(self, X: FloatArray) -> FloatArray:  # noqa: N803
        """Forecast, [M]."""
        ...


RegressorFactory = Callable[[], Any]
"""Gives a new, unfitted `Regressor` at each call; scikit-learn ships no types to say so."""


@dataclass(frozen=True)
class PerProductRegressor:
    """A fresh regressor for each product, one after another on one thread.

    A product with fewer than two known days gets a NaN row; so does one whose regressor raises, with
    the reason. A constant series is its own forecast and is not fitted.
    limits: fit in a process of its own within these; None: in this one, for regressors that are known.
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
            _ignore_unfinished_descent()
            for row, (found, failure) in self._outcomes(history, design):
                reason = failure or _unusable(found, horizon)
                if reason is None:
                    forecast[row] = found
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
            except Exception as error:  # noqa: BLE001  any regressor, any fault: it becomes data
                yield row, (None, words(error))

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


def _unusable(found: FloatArray | float | None, horizon: int) -> str | None:
    """Why a forecast cannot be one, in words; a single number is a constant's, or NaN of too few days."""
    values = np.asarray(found)
    if values.shape == ():
        return None
    if values.shape != (horizon,):
        return f"ValueError: predict gave the shape {values.shape}, not ({horizon},)"
    return None if np.isfinite(values).all() else "ValueError: predict gave numbers that are not finite"


def _ignore_unfinished_descent() -> None:
    """Gradient descent that stops at its last round still gives a forecast, which the backtest judges."""
    from sklearn.exceptions import ConvergenceWarning

    warnings.simplefilter("ignore", ConvergenceWarning)


def sklearn_linear_regression() -> Any:  # noqa: ANN401
    """Ordinary least squares on level, trend and weekdays."""
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
