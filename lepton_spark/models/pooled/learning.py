"""Everything that is learned from many series at the cutoffs of a run."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from lepton_spark.models.data.arrays import IntArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.pool import Pools
from lepton_spark.models.pooled.pool_statistics import fit_pool
from lepton_spark.models.pooled.regressors.trees import PooledTrees
from lepton_spark.models.pooled.settings import DEFAULT_SETTINGS, PooledSettings
from lepton_spark.models.pooled.training import train


def learn_pools(
    history: History,
    windows: IntArray,
    horizon: int,
    *,
    trees: bool,
    settings: PooledSettings = DEFAULT_SETTINGS,
) -> Pools:
    """The pool at each window's cutoff and at the history's end.

    Trees of all windows are trained up to the earliest of them, so that no window sees its own outcome.

    windows: [W], columns of the windows' cutoffs; negative ones are left out. trees: train them at all.
    """
    columns = np.append(np.sort(windows[windows >= 0]), history.n_days - 1)
    pool = fit_pool(history, columns, settings)
    by_day = {int(history.days[column]): pool.at(position) for position, column in enumerate(columns)}
    if not trees:
        return by_day
    ends = [int(columns[0]), int(columns[-1])] if len(columns) > 1 else [int(columns[-1])]
    trained = {int(history.days[end]): train(history.until(end), horizon, settings) for end in ends}
    return with_trees(by_day, {day: model for day, model in trained.items() if model is not None})


def with_trees(pools: Pools, trees: Mapping[int, PooledTrees]) -> Pools:
    """Each pool with the latest trees that were trained on no day after its cutoff.

    trees: by the last epoch day they were trained on.
    """
    return {
        day: replace(pool, trees=trees.get(max((until for until in trees if until <= day), default=day)))
        for day, pool in pools.items()
    }
