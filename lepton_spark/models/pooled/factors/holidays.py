"""What a pool sold on a public holiday, and on the days beside it, when it came before."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import History, PoolProfile
from lepton_spark.models.pooled.factors.pool_totals import MIN_DAYS, expected_logs, pool_totals, robust_spread

N_AHEAD = 91
"""Days ahead that are looked up; later ones go unchanged."""

PRIOR_SPREAD = 0.3
"""How far such days differ from others, in logs, before anything is known: once seen is nearly believed."""

LARGEST_LOG = 1.6
"""A day counts at most as five times, or a fifth, of what its weekday tells."""

CLOSED_FROM = 20.0
"""Units of the pool that were expected on a day on which nothing was sold: then it was closed."""


def public_day_factors(history: History, cutoffs: IntArray) -> FloatArray:
    """[C, N_AHEAD], factors of the days ahead of each cutoff, from days up to it; 1 where nothing is known.

    Over the days of the same kind so far: the mean log of the pool's total over that of the same weekday in
    the weeks around, as if one such day without effect had been seen with a weight of the noise's variance
    over `PRIOR_SPREAD` squared. 0 where it was closed each time.

    cutoffs: [C], columns of the history.
    """
    factors = np.ones((len(cutoffs), N_AHEAD))
    if history.public_days is None or history.period > 1:
        return factors
    for place, cutoff in enumerate(cutoffs.tolist()):
        ahead = history.public_days.kinds_of(history.days[cutoff] + np.arange(1, N_AHEAD + 1))
        named = np.unique(ahead[ahead >= 0])
        if named.size:
            found = _kind_factors(history, cutoff, named)
            factors[place, ahead >= 0] = found[np.searchsorted(named, ahead[ahead >= 0])]
    return factors


def public_days_ahead(pool: PoolProfile, n_days: int) -> FloatArray:
    """[C, n_days], what a pool knows of public holidays among the days ahead; 1 where it knows nothing."""
    factors = np.ones((len(pool.log_dispersion), n_days))
    if pool.public_days is not None:
        looked_up = pool.public_days[:, :n_days]
        factors[:, : looked_up.shape[1]] = looked_up
    return factors


def _kind_factors(history: History, cutoff: int, named: IntArray) -> FloatArray:
    """[K], the factor of each kind of day that is named."""
    factors = np.ones(len(named))
    public = history.public[: cutoff + 1]
    total = pool_totals(history, cutoff)
    expected = expected_logs(total, public)
    surprise = np.log(total) - expected
    usual = surprise[~np.isnan(surprise)]
    if len(usual) < MIN_DAYS:
        return factors
    noise = robust_spread(usual) ** 2
    kinds = history.kinds[: cutoff + 1]
    busy = expected >= np.log(CLOSED_FROM)
    for place, kind in enumerate(named.tolist()):
        seen = surprise[(kinds == kind) & ~np.isnan(surprise)]
        if seen.size:
            logs = np.clip(seen, -LARGEST_LOG, LARGEST_LOG)
            factors[place] = np.exp(logs.sum() / (len(logs) + noise / PRIOR_SPREAD**2))
        elif (busy & np.isnan(total))[kinds == kind].any():
            factors[place] = 0.0
    return factors
