"""The parts of the weekday forecast: level, weekday, season, and what comes from other products."""

from dataclasses import replace

import numpy as np

from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.models.data.history import History, weekdays
from lepton_spark.models.data.parts import (
    LEVEL,
    SEASON,
    SIMILAR_PRODUCTS,
    WEEKDAY,
    Parts,
    log_parts,
)
from lepton_spark.models.pooled.pool import Pool
from lepton_spark.models.pooled.profiles import averaged_level, pool_shift, weekday_forecasts


def weekday_parts(history: History, horizon: int, pool: Pool) -> Parts:
    """The parts of the weekday forecast at the history's end.

    Similar products: the change of the level by sales at other locations, and the pool's share of the weekday
    index, which is a weighted mean of the series' own index and the pool's.
    """
    cutoff, ahead = np.array([history.n_days - 1]), history.ahead(horizon)
    found = weekday_forecasts(history, cutoff, horizon, pool)
    level = own_level = found.level
    if history.elsewhere is not None:
        own_level = averaged_level(replace(history, elsewhere=None), cutoff, pool.settings)
    index = found.index[:, 0, :, -1][:, weekdays(ahead)]  # [S, H]
    of_pool = pool_shift(found.profiles, pool, found.index[..., -1])[:, 0][:, weekdays(ahead)]
    logs = log_parts({WEEKDAY: index - 1.0 - of_pool, SIMILAR_PRODUCTS: of_pool}, index, WEEKDAY)
    parts = Parts({LEVEL: own_level, SIMILAR_PRODUCTS: level - own_level}, logs)
    return parts.times(SEASON, _repeated(pool.day_factors(ahead[np.newaxis]), history.n_series))


def _repeated(factors: FloatArray, n_series: int) -> FloatArray:
    return np.repeat(factors, n_series, axis=0)
