"""A peer that a practitioner could write in a day: direct LightGBM on decayed means over the level.

One row per product, cutoff and step; the target is over the product's level. One model predicts the mean
(Poisson) and one each quantile, weighted by the level, which improves its pinball loss. It shares no code
with the forecasters of this project.
"""

import time

import numpy as np

from accuracy_parts.protocol import HORIZON, Origin
from accuracy_parts.scores import SCORED_LEVELS, Output
from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import History, weekdays

HALF_LIVES = np.array([3.0, 7.0, 14.0, 28.0, 56.0, 112.0, 224.0, 364.0])
WEEKDAY_HALF_LIVES = np.array([28.0, 112.0, 364.0])
N_CUTOFFS = 12
STRIDE = 7
MIN_LEVEL = 0.02
COMMON = {"num_leaves": 15, "learning_rate": 0.05, "min_data_in_leaf": 100, "num_threads": 1, "seed": 0,
          "deterministic": True, "verbose": -1}  # fmt: skip
N_TREES = 150


def direct_lightgbm(origin: Origin) -> Output:
    """Train on 12 weekly cutoffs, the latest a week before the origin; later outcomes are unknown."""
    import lightgbm as lgb  # noqa: PLC0415  an optional peer

    start = time.perf_counter()
    history, last = origin.history, origin.history.n_days - 1
    features, targets, levels = [], [], []
    for back in range(N_CUTOFFS):
        cutoff = last - STRIDE * (back + 1)
        design, level = rows(history.until(cutoff))
        target = np.full((history.n_series, HORIZON), np.nan)
        ahead = history.quantity[:, cutoff + 1 : cutoff + 1 + HORIZON]
        target[:, : ahead.shape[1]] = ahead
        targets.append(target.ravel() / level)
        features.append(design)
        levels.append(level)
    target, design = np.concatenate(targets), np.concatenate(features)
    known = np.isfinite(target)
    inputs, ratios = design[known], target[known]
    weighted = lgb.Dataset(inputs, ratios, weight=np.concatenate(levels)[known], free_raw_data=False)
    boosters = [
        lgb.train({**COMMON, "objective": "poisson"}, weighted, N_TREES),
        *(
            lgb.train({**COMMON, "objective": "quantile", "alpha": q}, weighted, N_TREES)
            for q in SCORED_LEVELS
        ),
    ]
    ahead, level = rows(history)
    means = [booster.predict(ahead) * level for booster in boosters]
    forecast, *quantiles = np.maximum(np.stack(means), 0.0).reshape(1 + len(SCORED_LEVELS), -1, HORIZON)
    return Output(forecast, np.sort(np.stack(quantiles, axis=2), axis=2), time.perf_counter() - start)


def rows(history: History) -> tuple[FloatArray, FloatArray]:
    """Features [S*H, K] and level [S*H] of each product and step."""
    n_series, last = history.n_series, history.n_days - 1
    age = last - np.arange(history.n_days)[:, np.newaxis]
    weight = 0.5 ** (age / HALF_LIVES)  # [T, L]
    means = _ratio(history.filled @ weight, history.known_weight @ weight)  # [S, L]
    level = np.maximum(means[:, 3:6].mean(axis=1), MIN_LEVEL)
    weekday_weight = 0.5 ** (age / WEEKDAY_HALF_LIVES)
    weekday = weekdays(history.days)
    profile = np.empty((n_series, 7, len(WEEKDAY_HALF_LIVES)))
    for day in range(7):
        columns = weekday == day
        weights = weekday_weight[columns]
        sums = history.filled[:, columns] @ weights, history.known_weight[:, columns] @ weights
        profile[:, day] = _ratio(*sums)
    days = history.days[-1] + 1 + np.arange(HORIZON)
    shape = (n_series, HORIZON)
    columns = [np.broadcast_to(column[:, np.newaxis], shape) for column in (means / level[:, np.newaxis]).T]
    columns += list(np.moveaxis(profile[:, weekdays(days)] / level[:, np.newaxis, np.newaxis], 2, 0))
    calendar = (np.arange(HORIZON), weekdays(days), _day_of_month(days))
    columns += [np.broadcast_to(column, shape).astype(np.float64) for column in calendar]
    return np.stack([column.ravel() for column in columns], axis=1), np.repeat(level, HORIZON)


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)


def _day_of_month(days: IntArray) -> IntArray:
    dates = days.astype("datetime64[D]")
    return (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
