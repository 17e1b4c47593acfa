"""What damping of spikes takes from a pool's sales, to be given back to its means on average.

Levels are worked out from damped days, for one order of thousands says nothing of the next weeks of its
product. Over many products such orders come again: their mean is part of the demand.
"""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.decayed_sums import decay, project, ratio
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.factors.pool_totals import LARGEST_SHARE

HALF_LIFE = 364.0
"""Days after which a past spike counts half: they are rare."""

LARGEST_EXCESS = 2.0
"""One series' sales over what damping left of them count as at most this: no absurd day moves all others."""


def excess(history: History, cutoffs: IntArray) -> FloatArray:
    """[C], units sold over those left after damping, of all series up to each cutoff; 1: none was damped.

    The largest series are cut back; those without finite sums are left out. 1 for weeks too: what stands out
    of weekly sums is mostly a promotion that forecasts lie above already (ADR 0005).

    cutoffs: [C], columns of the history.
    """
    if history.period > 1:
        return np.ones(len(cutoffs))
    weight = decay(history.n_days, cutoffs, (HALF_LIFE,), history.period)
    with np.errstate(over="ignore", invalid="ignore"):
        sold, calm = (project(units, weight)[:, :, 0] for units in (history.filled, history.calm))  # [S, C]
    sound = (np.isfinite(sold) & np.isfinite(calm)).all(axis=1)
    sold, calm = sold[sound], calm[sound]
    if not len(calm):
        return np.ones(len(cutoffs))
    share = np.minimum(ratio(np.quantile(calm, LARGEST_SHARE, axis=0, keepdims=True), calm), 1.0)
    total = np.sum(calm * share, axis=0)
    kept = np.sum(np.minimum(sold, LARGEST_EXCESS * calm) * share, axis=0)
    factor: FloatArray = np.divide(kept, total, out=np.ones_like(total), where=total > 0)
    return np.maximum(factor, 1.0)
