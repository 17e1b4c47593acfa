"""Ridge on level, damped trend and weekdays, recent days weighing more; one matrix product a batch."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.arrays import FloatArray
from lepton_spark.models.batch import Fit, History
from lepton_spark.models.features import COLUMNS, TREND_UNIT, linear_design

TREND_PENALTY = 10.0
WEEKDAY_PENALTY = 2.0
"""Penalties weigh like so many days on which the effect was 0; the level has none."""

PENALTY = np.array([0.0, TREND_PENALTY] + [WEEKDAY_PENALTY] * 7)


@dataclass(frozen=True)
class Ridge:
    """Minimises sum w (y - X b)^2 + sum penalty b^2, w halving every `half_life` days.

    The weight is 1 on a series' last known day, 0 on unknown days; one known day is enough.
    Coefficients: `level` and weekday effects in units, `trend` in units per day, at the cutoff.
    """

    half_life: float

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Solve all series at once."""
        design = linear_design(history.days, horizon, history.period)  # [T+H, K]
        beta = self._solve(history, design[: history.n_days])  # [S, K]
        coefficients = dict(zip(COLUMNS, beta.T, strict=True))
        coefficients["trend"] = coefficients["trend"] / TREND_UNIT
        return Fit(beta @ design[history.n_days :].T, coefficients)

    def _solve(self, history: History, design: FloatArray) -> FloatArray:
        n_days, n_columns = design.shape
        decay = 0.5 ** (np.arange(n_days - 1.0, -1.0, -1.0) * history.period / self.half_life)  # [T]
        weighted = decay[:, np.newaxis] * design
        upper, lower = np.triu_indices(n_columns)
        packed = history.known_weight @ (weighted[:, upper] * design[:, lower])  # [S, K(K+1)/2]
        normal = np.empty((history.n_series, n_columns, n_columns))
        normal[:, upper, lower] = packed
        normal[:, lower, upper] = packed
        last_weight = np.max(history.known_weight * decay, axis=1)  # [S]
        normal += last_weight[:, np.newaxis, np.newaxis] * np.diag(PENALTY / history.period)
        fittable = last_weight > 0
        normal[~fittable] = np.eye(n_columns)
        moments = history.filled @ weighted  # [S, K]
        beta = np.linalg.solve(normal, moments[:, :, np.newaxis])[:, :, 0].astype(np.float64, copy=False)
        beta[~fittable] = np.nan
        return beta
