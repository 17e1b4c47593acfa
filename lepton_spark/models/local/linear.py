"""Least squares on time: y = b0 + b1 x."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import History
from lepton_spark.models.data.parts import LEVEL, TREND, Parts


@dataclass(frozen=True)
class LinearCoefficients:
    """One or many lines: `b0`, the value at x = 0, and `b1`, units per step of x; any shape."""

    b0: FloatArray | float
    b1: FloatArray | float

    def predict(self, x: FloatArray) -> FloatArray:
        """The line at x; lines of shape [...] and x of [..., N] or [N] give [..., N]."""
        b0, b1 = np.asarray(self.b0, dtype=np.float64), np.asarray(self.b1, dtype=np.float64)
        return b0[..., np.newaxis] + b1[..., np.newaxis] * x


def fit_line(x: FloatArray, y: FloatArray) -> LinearCoefficients:
    """The least squares line through the known points; NaN with fewer than two distinct known x.

    b1 = (n Sxy - Sx Sy) / (n Sxx - Sx^2) and b0 = (Sy - b1 Sx) / n, computed with x measured from its mean:
    then Sx = 0 and no large numbers cancel.

    x, y: [..., N]; y is NaN where unknown.

    >>> line = fit_line(np.array([1.0, 2.0, 3.0]), np.array([150.0, 200.0, 250.0]))
    >>> float(line.b0), float(line.b1)
    (100.0, 50.0)
    """
    known = ~np.isnan(y)
    n = np.count_nonzero(known, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        x_mean = np.where(known, x, 0.0).sum(axis=-1) / n
        y_mean = np.where(known, y, 0.0).sum(axis=-1) / n
        dx = np.where(known, x - x_mean[..., np.newaxis], 0.0)
        dy = np.where(known, y - y_mean[..., np.newaxis], 0.0)
        b1 = np.einsum("...n,...n->...", dx, dy) / np.einsum("...n,...n->...", dx, dx)
        return LinearCoefficients(y_mean - b1 * x_mean, b1)


class LinearRegression:
    """A straight line through the known days, x = 1 on a series' first known day; needs two of them."""

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Extend each series' line."""
        first = np.argmax(history.known, axis=1)[:, np.newaxis]
        x = np.arange(history.n_days + horizon) - first + 1.0  # [S, T+H]
        line = fit_line(x[:, : history.n_days], history.quantity)
        forecast = line.predict(x[:, history.n_days :])

        def explain() -> Parts:
            today = line.predict(x[:, [history.n_days - 1]])
            return Parts({LEVEL: today, TREND: forecast - today})

        return Fit(forecast, {"b0": np.asarray(line.b0), "b1": np.asarray(line.b1)}, explain=explain)
