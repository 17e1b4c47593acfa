"""The forecasters of this project, as the table runs them."""

import time
from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np

from accuracy_parts.protocol import HORIZON, Origin
from accuracy_parts.scores import LEVELS, Output
from lepton_spark.models.batch import FloatArray
from lepton_spark.models.pooled import PooledModel, at_one_cutoff
from lepton_spark.models.pooled_features import pooled_features
from lepton_spark.models.pooled_training import PooledSettings, train
from lepton_spark.models.shrunk_weekday import ShrunkWeekday

Part = Callable[[PooledModel, Origin], tuple[FloatArray, FloatArray | None]]
SCORED = PooledSettings(levels=tuple(LEVELS.tolist()))


@lru_cache(maxsize=1)
def trained(origin: Origin) -> tuple[PooledModel, float]:
    """The default configuration trained at an origin, and the seconds that it took."""
    start = time.perf_counter()
    return train(origin.history, HORIZON, SCORED), time.perf_counter() - start


def _pooled(part: Part) -> Callable[[Origin], Output]:
    def forecast(origin: Origin) -> Output:
        model, seconds = trained(origin)
        start = time.perf_counter()
        mean, quantiles = part(model, origin)
        return Output(mean, quantiles, seconds + time.perf_counter() - start)

    return forecast


def _default(model: PooledModel, origin: Origin) -> tuple[FloatArray, FloatArray]:
    mean = model.forecast(origin.history, HORIZON).forecast
    return mean, model.quantile_forecast(origin.history, HORIZON)


def _trees_only(model: PooledModel, origin: Origin) -> tuple[FloatArray, FloatArray]:
    """Without the shrunk weekday forecast in the mean; quantiles not rounded to whole units."""
    features = pooled_features(origin.history, np.array([origin.history.n_days - 1]), HORIZON, model.pool)
    arrays, level, shrunk = at_one_cutoff(features), features.level[:, :1], features.shrunk[:, 0]
    over_level = np.exp(model.over_level.predict(*arrays)) * level
    over_shrunk = np.exp(model.over_shrunk.predict(*arrays)) * shrunk
    raw = np.stack([trees.predict(*arrays) * shrunk for trees in model.quantiles], axis=2)
    return (over_level + over_shrunk) / 2.0, np.maximum(np.sort(raw, axis=2), 0.0)


def _shrunk_weekday(origin: Origin) -> Output:
    start = time.perf_counter()
    forecast = ShrunkWeekday().fit_forecast(origin.history, HORIZON).forecast
    return Output(forecast, None, time.perf_counter() - start)


OURS: Mapping[str, Callable[[Origin], Output]] = {
    "lepton pooled": _pooled(_default),
    "lepton, trees only, not rounded": _pooled(_trees_only),
    "lepton shrunk weekday": _shrunk_weekday,
}
