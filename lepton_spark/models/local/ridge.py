"""Ridge on level, damped trend and weekdays, recent days weighing more; one matrix product a batch."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import Fit, History
from lepton_spark.models.local.linear_design import COLUMNS, TREND_UNIT, linear_design
from lepton_spark.models.pooled.factors.holidays import public_days_ahead

TREND_PENALTY = 10.0
WEEKDAY_PENALTY = 2.0
PLAN_PENALTY = 5.0
"""Penalties weigh like so many days on which the effect was 0; the level has none."""

PENALTY = np.array([0.0, TREND_PENALTY] + [WEEKDAY_PENALTY] * 7)


@dataclass(frozen=True)
class Ridge:
    """Minimises sum w (y - X b)^2 + sum penalty b^2, w halving every `half_life` days.

    X has a level, a trend, weekdays, and, if `planned`, a column for each planned measure.
    The weight is 1 on a series' last known day, 0 on unknown days; one known day is enough. Where public
    holidays are told they weigh 0 too, or a weekday would be what Christmas was, and those ahead are what the
    others say times the pool's factor. A series that knows no other day learns from them after all.
    Coefficients: `level` and weekday effects in units, `trend` in units per day, at the cutoff; `planned_1`
    and on, by how many units a day differs that has all of a measure.
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
        coefficients |= {f"planned_{place}": effect for place, effect in enumerate(own.T, 1)}
        forecast = shared @ design[ahead].T
        if own.size:
            forecast = forecast + np.einsum("shp,sp->sh", planned[:, ahead], own)
        if history.pool is not None:
            forecast = forecast * public_days_ahead(history.pool, horizon)
        return Fit(forecast, coefficients)

    def _solve(self, history: History, design: FloatArray, planned: FloatArray) -> FloatArray:
        n_days, n_shared = design.shape
        n_columns = n_shared + planned.shape[2]
        decay = 0.5 ** (np.arange(n_days - 1.0, -1.0, -1.0) * history.period / self.half_life)  # [T]
        weighted = decay[:, np.newaxis] * design
        upper, lower = np.triu_indices(n_shared)
        known = _teaching(history)
        packed = known @ (weighted[:, upper] * design[:, lower])  # [S, K(K+1)/2]
        normal = np.empty((history.n_series, n_columns, n_columns))
        normal[:, upper, lower] = packed
        normal[:, lower, upper] = packed
        filled = known * history.filled
        moments = filled @ weighted  # [S, K]
        weighed = planned * (known * decay)[:, :, np.newaxis]  # [S, T, P]
        beside = np.tensordot(weighed, design, axes=(1, 0))  # [S, P, K]
        normal[:, n_shared:, :n_shared] = beside
        normal[:, :n_shared, n_shared:] = beside.transpose(0, 2, 1)
        normal[:, n_shared:, n_shared:] = weighed.transpose(0, 2, 1) @ planned
        moments = np.hstack([moments, np.einsum("stp,st->sp", weighed, filled)])
        last_weight = np.max(known * decay, axis=1)  # [S]
        penalty = np.append(PENALTY, np.full(planned.shape[2], PLAN_PENALTY))
        normal += last_weight[:, np.newaxis, np.newaxis] * np.diag(penalty / history.period)
        fittable = last_weight > 0
        normal[~fittable] = np.eye(n_columns)
        beta = np.linalg.solve(normal, moments[:, :, np.newaxis])[:, :, 0].astype(np.float64, copy=False)
        beta[~fittable] = np.nan
        return beta


def _teaching(history: History) -> FloatArray:
    """[S, T], 1 on known days but public holidays; on those too where a series knows no other."""
    ordinary = history.known_weight * ~history.public
    return np.where(ordinary.any(axis=1, keepdims=True), ordinary, history.known_weight)
