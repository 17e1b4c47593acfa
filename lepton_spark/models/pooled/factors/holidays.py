"""Holiday factors: what a pool sold on a public holiday, and on the days next to it, in the past."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import History
from lepton_spark.models.pooled.factors.pool_totals import (
    MIN_DAYS,
    expected_logs,
    pool_totals,
    robust_deviation,
)

N_AHEAD = 91
"""Days ahead that get a factor; later ones have 1."""

PRIOR_DEVIATION = 0.3
"""Prior standard deviation of a holiday's log factor; large, so that one occurrence counts for much."""

LARGEST_LOG = 1.6
"""Bound of a log factor: five times, or a fifth of, an ordinary day."""

CLOSED_FROM = 20.0
"""Units expected on a day without any sale from which the day counts as closed."""


class HolidayFactor:
    """Mean log ratio of a kind of holiday to the same weekday in the weeks around it, shrunk to 0.

    The shrinkage adds one ordinary holiday with the weight of the noise variance over the prior variance. The
    factor is 0 where the pool was closed on each occurrence. Weekly columns have no holidays.
    """

    name = "public_days"
    meaning = "factors of the next 91 days from public holidays among them; null without forecast.holidays"

    def fit(self, history: History, cutoffs: IntArray) -> FloatArray | None:
        """[C, N_AHEAD], factors of the days after each cutoff; None without a holiday calendar."""
        if history.holidays is None:
            return None
        factors = np.ones((len(cutoffs), N_AHEAD))
        if history.period > 1:
            return factors
        for position, cutoff in enumerate(cutoffs.tolist()):
            ahead = history.holidays.kinds_of(history.days[cutoff] + np.arange(1, N_AHEAD + 1))
            kinds = np.unique(ahead[ahead >= 0])
            if kinds.size:
                by_kind = _kind_factors(history, cutoff, kinds)
                factors[position, ahead >= 0] = by_kind[np.searchsorted(kinds, ahead[ahead >= 0])]
        return factors

    def ahead(self, learned: FloatArray, days: IntArray) -> FloatArray:
        """[C, H], the learned factors of the first days, 1 after them."""
        factors = np.ones(days.shape)
        known = learned[:, : days.shape[1]]
        factors[:, : known.shape[1]] = known
        return factors


def _kind_factors(history: History, cutoff: int, kinds: IntArray) -> FloatArray:
    """[K], the factor of each kind of holiday."""
    factors = np.ones(len(kinds))
    total = pool_totals(history, cutoff)
    expected = expected_logs(total, history.is_holiday[: cutoff + 1])
    deviation = np.log(total) - expected
    ordinary = deviation[~np.isnan(deviation)]
    if len(ordinary) < MIN_DAYS:
        return factors
    noise = robust_deviation(ordinary) ** 2
    kind_of_day = history.holiday_kinds[: cutoff + 1]
    is_busy = expected >= np.log(CLOSED_FROM)
    for position, kind in enumerate(kinds.tolist()):
        seen = deviation[(kind_of_day == kind) & ~np.isnan(deviation)]
        if seen.size:
            logs = np.clip(seen, -LARGEST_LOG, LARGEST_LOG)
            factors[position] = np.exp(logs.sum() / (len(logs) + noise / PRIOR_DEVIATION**2))
        elif (is_busy & np.isnan(total))[kind_of_day == kind].any():
            factors[position] = 0.0
    return factors
