"""Features of the promotions planned for the days ahead."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.decayed_sums import decay_weights, ratio, weighted_sums
from lepton_spark.models.data.history import History

RECENT_AND_USUAL_DAYS = (28, 112)
"""Days over which the recent and the usual amount of promotion are averaged."""

UPLIFT_HALF_LIFE = 364.0
UPLIFT_PRIOR_UNITS = 10.0
"""Expected units under a measure at which a series' own uplift has half its weight."""

LARGEST_UPLIFT = 4.0
"""Upper bound of an uplift: five times the sales without promotion."""


def plan_features(history: History, cutoffs: IntArray, horizon: int) -> FloatArray:
    """[S, C, H, 4K] for K planned measures, 0 where nothing is planned.

    For each measure: its value on the day ahead, its recent mean, the difference of the day from the usual
    mean, and that difference times the series' own uplift.

    Plans are those known at each cutoff: trees that were trained with later ones would take a day without a
    plan for a day without a promotion, also where promotions are announced a few days ahead.

    cutoffs: [C], columns of the history.
    """
    if history.regressors is None:
        return np.zeros((history.n_series, len(cutoffs), horizon, 0))
    uplift = own_uplift(history, cutoffs)
    features = []
    for position, cutoff in enumerate(cutoffs.tolist()):
        planned = _planned_at(history, cutoff)
        sums = np.concatenate([np.zeros_like(planned[:, :1]), np.cumsum(planned, axis=1)], axis=1)
        ahead = planned[:, cutoff + 1 : cutoff + 1 + horizon]
        recent, usual = (
            (sums[:, cutoff + 1] - sums[:, max(cutoff + 1 - columns, 0)]) / min(columns, cutoff + 1)
            for columns in (days // history.period for days in RECENT_AND_USUAL_DAYS)
        )
        recent, usual = (np.repeat(mean[:, np.newaxis], horizon, axis=1) for mean in (recent, usual))
        own = (ahead - usual) * uplift[:, [position]]
        features.append(np.concatenate([ahead, recent, ahead - usual, own], axis=2))
    return np.stack(features, axis=1)


def _planned_at(history: History, cutoff: int) -> FloatArray:
    """[S, >=cutoff+1+H, K], planned measures as known at a cutoff; those of the history without its plans."""
    if history.plans is None or cutoff == history.n_days - 1:
        return np.asarray(history.regressors)
    return history.plans.by_day(history.days[: cutoff + 1], history.period)


def own_uplift(history: History, cutoffs: IntArray) -> FloatArray:
    """[S, C, K], relative uplift of each series under each measure up to a cutoff, shrunk to 0; -1 to 4.

    A day with a measure of 0.5 counts half as promoted and half as not. Promotions are rare, so the half-life
    is a year. A series that was never promoted, or never sold without promotion, has 0.
    """
    if history.regressors is None:
        return np.zeros((history.n_series, len(cutoffs), 0))
    weight = decay_weights(history.n_days, cutoffs, (UPLIFT_HALF_LIFE,), history.period)
    uplifts = []
    for measure in np.moveaxis(history.regressors[:, : history.n_days], 2, 0):
        promoted = measure * history.known_weight
        ordinary = history.known_weight - promoted
        level = ratio(
            weighted_sums(history.filled_damped * ordinary, weight), weighted_sums(ordinary, weight)
        )
        expected = level * weighted_sums(promoted, weight)
        sold = np.where(level > 0, weighted_sums(history.filled_damped * promoted, weight), expected)
        uplift = (sold + UPLIFT_PRIOR_UNITS) / (expected + UPLIFT_PRIOR_UNITS) - 1.0
        uplifts.append(np.minimum(uplift, LARGEST_UPLIFT)[..., 0])
    return np.stack(uplifts, axis=2)
