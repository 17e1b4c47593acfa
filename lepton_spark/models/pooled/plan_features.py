"""What pooled models are told of the promotions planned for the days ahead."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.decayed_sums import decay, project, ratio
from lepton_spark.models.data.history import History

PLAN_DAYS = (28, 112)
"""Days of late, and of what is usual, behind the features of plans."""

OWN_HALF_LIFE = 364.0
OWN_UNITS = 10.0
"""Expected units under a measure at which a product's own promotions are believed by half."""

LARGEST_OWN = 4.0
"""A product counts as selling at most five times as much under a measure as without."""


def plan_features(history: History, cutoffs: IntArray, horizon: int) -> FloatArray:
    """[S, C, H, 4K] of K planned measures, 0 where nothing is planned.

    Of each measure that of the day ahead, its mean of late, the day's distance to what is usual, and that
    distance times what the product itself sold more under the measure.

    cutoffs: [C], columns of the history.
    """
    planned = history.regressors
    if planned is None:
        return np.zeros((history.n_series, len(cutoffs), horizon, 0))
    own = own_uplift(history, cutoffs)
    sums = np.concatenate([np.zeros_like(planned[:, :1]), np.cumsum(planned, axis=1)], axis=1)
    found = []
    for place, cutoff in enumerate(cutoffs.tolist()):
        ahead = planned[:, cutoff + 1 : cutoff + 1 + horizon]
        late, usual = (
            (sums[:, cutoff + 1] - sums[:, max(cutoff + 1 - days, 0)]) / min(days, cutoff + 1)
            for days in (known // history.period for known in PLAN_DAYS)
        )
        late, usual = (np.repeat(mean[:, np.newaxis], horizon, axis=1) for mean in (late, usual))
        by_itself = (ahead - usual) * own[:, [place]]
        found.append(np.concatenate([ahead, late, ahead - usual, by_itself], axis=2))
    return np.stack(found, axis=1)


def own_uplift(history: History, cutoffs: IntArray) -> FloatArray:
    """[S, C, K], by what share a product sold more under each measure up to a cutoff, -1 to 4; drawn to 0.

    A day under half of a measure counts half there and half among the days without. One half-life of a year,
    for promotions are rare; a product never promoted, or never sold without, has 0.
    """
    if history.regressors is None:
        return np.zeros((history.n_series, len(cutoffs), 0))
    weight = decay(history.n_days, cutoffs, (OWN_HALF_LIFE,), history.period)
    found = []
    for measure in np.moveaxis(history.regressors[:, : history.n_days], 2, 0):
        under = measure * history.known_weight
        without = history.known_weight - under
        level = ratio(project(history.calm * without, weight), project(without, weight))
        expected = level * project(under, weight)
        sold = np.where(level > 0, project(history.calm * under, weight), expected)
        found.append(np.minimum((sold + OWN_UNITS) / (expected + OWN_UNITS) - 1.0, LARGEST_OWN)[..., 0])
    return np.stack(found, axis=2)
