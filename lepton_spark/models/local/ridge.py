"""Ridge regression on level, damped trend and weekdays with recent days weighing more."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.forecaster import Fit
from lepton_spark.models.data.history import SEASON_LENGTH, History, weekdays
from lepton_spark.models.data.parts import LEVEL, PROMOTION, TREND, WEEKDAY, Parts
from lepton_spark.models.local.linear_design import COLUMNS, TREND_UNIT, linear_design

TREND_PENALTY = 10.0
WEEKDAY_PENALTY = 2.0
PLAN_PENALTY = 5.0
"""A penalty weighs as much as that many days without the effect; the level has none."""

PENALTY = np.array([0.0, TREND_PENALTY] + [WEEKDAY_PENALTY] * SEASON_LENGTH)

UPPER, LOWER = np.triu_indices(len(COLUMNS))


@dataclass(frozen=True)
class Ridge:
    """Minimises sum w (y - X b)^2 + sum penalty b^2, with w halving every `half_life` days.

    X has a level, a trend, weekdays and, if `planned`, one column per planned measure. w is 1 on a series'
    last known day and 0 on unknown days; one known day is enough.
    Coefficients: `level` and weekday effects in units, `trend` in units per day, at the cutoff; `planned_1`,
    ... in units per day under the full measure.

    Source: Hoerl and Kennard (1970).
    """

    half_life: float
    planned: bool = False

    def fit_forecast(self, history: History, horizon: int) -> Fit:
        """Solve all series at once."""
        design = linear_design(history.days, horizon, history.period)  # [T+H, K]
        planned = history.regressors if self.planned else None
        if planned is None:
            planned = np.zeros((history.n_series, len(design), 0))  # [S, T+H, P]
        past, ahead = slice(history.n_days), slice(history.n_days, len(design))
        beta = self._solve(history, design[past], planned[:, past])  # [S, K+P]
        shared, own = beta[:, : len(COLUMNS)], beta[:, len(COLUMNS) :]
        coefficients = dict(zip(COLUMNS, shared.T, strict=True))
        coefficients["trend"] = coefficients["trend"] / TREND_UNIT
        coefficients |= {f"planned_{number}": effect for number, effect in enumerate(own.T, 1)}
        forecast = shared @ design[ahead].T
        of_plans = np.einsum("shp,sp->sh", planned[:, ahead], own)
        if own.size:
            forecast = forecast + of_plans

        def explain() -> Parts:
            level, trend = (design[ahead, column] * shared[:, [column]] for column in range(2))
            weekday = shared[:, 2 + weekdays(history.ahead(horizon))]
            return Parts({LEVEL: level, TREND: trend, WEEKDAY: weekday, PROMOTION: of_plans})

        return Fit(forecast, coefficients, explain=explain)

    def _solve(self, history: History, design: FloatArray, planned: FloatArray) -> FloatArray:
        """[S, K+P], the coefficients of each series from its normal equations."""
        n_days, n_shared = design.shape
        n_columns = n_shared + planned.shape[2]
        decay = 0.5 ** (np.arange(n_days - 1.0, -1.0, -1.0) * history.period / self.half_life)  # [T]
        weighted = decay[:, np.newaxis] * design
        used, filled = history.known_weight, history.filled
        packed = used @ (weighted[:, UPPER] * design[:, LOWER])  # [S, K(K+1)/2]
        normal = np.empty((history.n_series, n_columns, n_columns))
        normal[:, UPPER, LOWER] = packed
        normal[:, LOWER, UPPER] = packed
        moments = filled @ weighted  # [S, K]
        if planned.shape[2]:
            weighted_plans = planned * (used * decay)[:, :, np.newaxis]  # [S, T, P]
            cross = np.tensordot(weighted_plans, design, axes=(1, 0))  # [S, P, K]
            normal[:, n_shared:, :n_shared] = cross
            normal[:, :n_shared, n_shared:] = cross.transpose(0, 2, 1)
            normal[:, n_shared:, n_shared:] = weighted_plans.transpose(0, 2, 1) @ planned
            moments = np.hstack([moments, np.einsum("stp,st->sp", weighted_plans, filled)])
        since_known = np.argmax(history.known[:, ::-1], axis=1)
        last_weight = np.where(history.n_known > 0, decay[n_days - 1 - since_known], 0.0)  # [S]
        penalty = np.append(PENALTY, np.full(planned.shape[2], PLAN_PENALTY))
        normal += last_weight[:, np.newaxis, np.newaxis] * np.diag(penalty / history.period)
        fittable = last_weight > 0
        normal[~fittable] = np.eye(n_columns)
        beta = np.linalg.solve(normal, moments[:, :, np.newaxis])[:, :, 0].astype(np.float64, copy=False)
        beta[~fittable] = np.nan
        return beta
