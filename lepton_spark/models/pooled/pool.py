"""What is learned from many series, as known at a cutoff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import SEASON_LENGTH, History
from lepton_spark.models.pooled.factors import FACTORS
from lepton_spark.models.pooled.regressors.trees import PooledTrees
from lepton_spark.models.pooled.settings import DEFAULT_SETTINGS, PooledSettings

PROFILE_HALF_LIVES = (14.0, 28.0, 112.0, 364.0)
"""Half-lives of weekday profiles, days. Forecasts use the last; the others are features of `pooled`."""


@dataclass(frozen=True)
class Pool:
    """Statistics that a pool of series shares at C cutoffs, and the model trained on it.

    index: [C, 7, L], sales of a weekday over the level, for each of `PROFILE_HALF_LIVES`.
    log_dispersion: [C], median log of variance over mean.
    factors: name -> [C, N], what each pool factor has learned.
    trees: trained on days up to the cutoffs or earlier; None where there are none.
    """

    index: FloatArray
    log_dispersion: FloatArray
    factors: Mapping[str, FloatArray] = field(default_factory=dict)
    trees: PooledTrees | None = None
    settings: PooledSettings = DEFAULT_SETTINGS

    def at(self, position: int) -> "Pool":
        """The same at one of the cutoffs."""
        return replace(
            self,
            index=self.index[[position]],
            log_dispersion=self.log_dispersion[[position]],
            factors={name: learned[[position]] for name, learned in self.factors.items()},
        )

    @classmethod
    def joined(cls, parts: Sequence["Pool"]) -> "Pool":
        """Pools with the same factors and settings as one pool with all their cutoffs."""
        return replace(
            parts[0],
            index=np.concatenate([part.index for part in parts]),
            log_dispersion=np.concatenate([part.log_dispersion for part in parts]),
            factors={
                name: np.concatenate([part.factors[name] for part in parts]) for name in parts[0].factors
            },
        )

    def day_factors(self, days: IntArray) -> FloatArray:
        """[C, H], product of all factors of the epoch days [C, H] after the cutoffs; 1 without any."""
        product = np.ones(days.shape)
        for factor in FACTORS:
            if factor.name in self.factors:
                product = product * factor.ahead(self.factors[factor.name], days)
        return product


Pools = Mapping[int, Pool]
"""Pools with one cutoff each, by the epoch day of that cutoff."""


def pool_of(pools: Pools, history: History) -> Pool | None:
    """The pool as known at the history's cutoff; None where nothing is shared."""
    return pools.get(int(history.days[-1])) if history.n_days else None


def neutral_pool(n_cutoffs: int = 1) -> Pool:
    """A pool that knows nothing: all weekdays alike, Poisson dispersion."""
    return Pool(np.ones((n_cutoffs, SEASON_LENGTH, len(PROFILE_HALF_LIVES))), np.zeros(n_cutoffs))
