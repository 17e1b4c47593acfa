"""Pool statistics: the shared weekday profile, dispersion and day factors at each cutoff."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.decayed_sums import ratio
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.factors import FACTORS
from lepton_spark.models.pooled.factors.pool_totals import LARGEST_SHARE
from lepton_spark.models.pooled.pool import Pool, neutral_pool
from lepton_spark.models.pooled.profiles import WeekdayProfiles, weekday_profiles
from lepton_spark.models.pooled.settings import DEFAULT_SETTINGS, PooledSettings


def fit_pool(history: History, cutoffs: IntArray, settings: PooledSettings = DEFAULT_SETTINGS) -> Pool:
    """The pool of all series of a history at each cutoff [C], a column of it; without trees."""
    if history.has_late_plans:  # what is damped differs by cutoff, so each gets its own history
        parts = [_fit_pool(history.until(c), np.array([c]), settings) for c in cutoffs.tolist()]
        return Pool.joined(parts)
    return _fit_pool(history, cutoffs, settings)


def _fit_pool(history: History, cutoffs: IntArray, settings: PooledSettings) -> Pool:
    index, log_dispersion = pool_profile(weekday_profiles(history, cutoffs))
    learned = {factor.name: factor.fit(history, cutoffs) for factor in FACTORS}
    factors = {name: values for name, values in learned.items() if values is not None}
    return Pool(index, log_dispersion, factors, settings=settings)


def pool_profile(own: WeekdayProfiles) -> tuple[FloatArray, FloatArray]:
    """The pool's weekday index [C, 7, L] and its median log dispersion [C].

    The largest series are scaled down. Series without finite sums are left out; without any other the
    profile is neutral.
    """
    own = own.finite()
    if not len(own.units):
        neutral = neutral_pool(own.units.shape[1])
        return neutral.index, neutral.log_dispersion
    cap = np.quantile(own.level, LARGEST_SHARE, axis=0, keepdims=True)
    share = np.minimum(ratio(cap, own.level), 1.0)[:, :, np.newaxis]  # [S, C, 1, L]
    sold = np.sum(own.units * share, axis=0)
    expected = np.sum(own.days * own.level[:, :, np.newaxis] * share, axis=0)
    index = np.divide(sold, expected, out=np.ones_like(sold), where=expected > 0)
    return index, np.median(own.log_dispersion, axis=0)
