"""Event factors: what a pool sold before, on and after an event or a public holiday in the past."""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.events import EventDays
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
"""Prior standard deviation of an event day's log factor; large, so that one occurrence counts for much."""

SMALLEST_LOG, LARGEST_LOG = -3.0, 1.6
"""Bounds of a log factor: a twentieth of an ordinary day, and five times one."""

CLOSED_FROM = 20.0
"""Units expected on a day without any sale from which the day counts as closed."""


class EventFactor:
    """Mean log ratio of a kind of event day to ordinary days of the same weekday around it, shrunk to 0.

    A kind is a day of an event, or one at the same distance before or after it. The shrinkage adds one
    ordinary day with the weight of the noise variance over the prior variance. The factor is 0 where the pool
    was closed on each occurrence. Weekly columns have no events.
    """

    name = "public_days"
    meaning = "factors of the next 91 days from events and public holidays among them; null without any"

    def fit(self, history: History, cutoffs: IntArray) -> FloatArray | None:
        """[C, N_AHEAD], factors of the days after each cutoff; None without events."""
        if history.events is None:
            return None
        factors = np.ones((len(cutoffs), N_AHEAD))
        if history.period > 1:
            return factors
        for position, cutoff in enumerate(cutoffs.tolist()):
            known = history.events.known_at(int(history.days[cutoff]))
            ahead = known.kinds_of(history.days[cutoff] + np.arange(1, N_AHEAD + 1))
            kinds = np.unique(ahead[ahead >= 0])
            if kinds.size:
                by_kind = _kind_factors(history, cutoff, known, kinds)
                factors[position, ahead >= 0] = by_kind[np.searchsorted(kinds, ahead[ahead >= 0])]
        return factors

    def ahead(self, learned: FloatArray, days: IntArray) -> FloatArray:
        """[C, H], the learned factors of the first days, 1 after them."""
        factors = np.ones(days.shape)
        known = learned[:, : days.shape[1]]
        factors[:, : known.shape[1]] = known
        return factors


def _kind_factors(history: History, cutoff: int, known: EventDays, kinds: IntArray) -> FloatArray:
    """[K], the factor of each kind of event day."""
    factors = np.ones(len(kinds))
    kind_of_day = known.kinds_of(history.days[: cutoff + 1])
    total = pool_totals(history, cutoff)
    expected = expected_logs(total, kind_of_day >= 0)
    deviation = np.log(total) - expected
    ordinary = deviation[(kind_of_day < 0) & ~np.isnan(deviation)]
    if len(ordinary) < MIN_DAYS:
        return factors
    noise = robust_deviation(ordinary) ** 2
    is_busy = expected >= np.log(CLOSED_FROM)
    for position, kind in enumerate(kinds.tolist()):
        seen = deviation[(kind_of_day == kind) & ~np.isnan(deviation)]
        if seen.size:
            logs = np.clip(seen, SMALLEST_LOG, LARGEST_LOG)
            factors[position] = np.exp(logs.sum() / (len(logs) + noise / PRIOR_DEVIATION**2))
        elif (is_busy & np.isnan(total))[kind_of_day == kind].any():
            factors[position] = 0.0
    return factors
