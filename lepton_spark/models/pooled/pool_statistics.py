"""Pool statistics: the shared weekday profile, dispersion and day factors at each cutoff."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.decayed_sums import ratio
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.factors import FACTORS
from lepton_spark.models.pooled.factors.pool_totals import LARGEST_SHARE
from lepton_spark.models.pooled.factors.year_weeks import YearWeekFactor
from lepton_spark.models.pooled.pool import Pool, neutral_pool
from lepton_spark.models.pooled.profiles import WeekdayProfiles, weekday_profiles
from lepton_spark.models.pooled.settings import DEFAULT_SETTINGS, PooledSettings

N_KNOTS, SERIES_PER_KNOT = 8, 25
"""Points of a dispersion curve, and the fewest series of each."""


def fit_pool(history: History, cutoffs: IntArray, settings: PooledSettings = DEFAULT_SETTINGS) -> Pool:
    """The pool of all series of a history at each cutoff [C], a column of it; without trees."""
    if history.depends_on_cutoff:  # so each gets its own history
        parts = [_fit_pool(history.until(c), np.array([c]), settings) for c in cutoffs.tolist()]
        return Pool.joined(parts)
    return _fit_pool(history, cutoffs, settings)


def _fit_pool(history: History, cutoffs: IntArray, settings: PooledSettings) -> Pool:
    own = weekday_profiles(history.without_events, cutoffs)
    index, log_dispersion = pool_profile(own)
    used = [factor for factor in FACTORS if settings.use_year_weeks or factor.name != YearWeekFactor.name]
    learned = {factor.name: factor.fit(history, cutoffs) for factor in used}
    factors = {name: values for name, values in learned.items() if values is not None}
    return Pool(index, log_dispersion, factors, settings=settings, dispersion_curve=dispersion_curve(own))


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


def dispersion_curve(own: WeekdayProfiles) -> FloatArray:
    """[C, 2, K], the median log level and log dispersion of groups of series with similar levels.

    Groups have at least `SERIES_PER_KNOT` series; if there are fewer than K groups, the last one is repeated.
    Without any series that sold, the curve is 0.
    """
    own = own.finite()
    curve = np.zeros((own.log_dispersion.shape[1], 2, N_KNOTS))
    for position in range(len(curve)):
        level = own.level[:, position, -1]
        sold = np.flatnonzero(level > 0)
        if not sold.size:
            continue
        ordered = sold[np.argsort(level[sold], kind="stable")]
        groups = np.array_split(ordered, min(max(len(sold) // SERIES_PER_KNOT, 1), N_KNOTS))
        values = np.stack(
            [np.log(np.maximum(level, np.finfo(np.float64).tiny)), own.log_dispersion[:, position]]
        )
        knots = [np.median(values[:, group], axis=1) for group in groups]
        curve[position] = np.stack([*knots, *[knots[-1]] * (N_KNOTS - len(knots))], axis=1)
    return curve
