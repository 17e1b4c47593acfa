"""What is learned from many series, as known at a cutoff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import SEASON_LENGTH, History
from lepton_spark.models.pooled.factors import SEASONS
from lepton_spark.models.pooled.regressors.trees import PooledTrees
from lepton_spark.models.pooled.settings import DEFAULT_SETTINGS, PooledSettings

PROFILE_HALF_LIVES = (14.0, 28.0, 112.0, 364.0)
"""Half-lives of weekday profiles, days. The first profile counts the last four weeks only.

Forecasts use the last profile, or the first where the week has changed; all are features of `pooled`.
"""


@dataclass(frozen=True)
class Pool:
    """Statistics that a pool of series shares at C cutoffs, and the model trained on it.

    index: [C, 7, L], sales of a weekday over the level, for each of `PROFILE_HALF_LIVES`.
    log_dispersion: [C], median log of variance over mean. dispersion_curve: [C, 2, K], log levels, units per
    column, and the median log dispersion of series of such a level; None where it is not known.
    factors: name -> [C, N], what each pool factor has learned.
    trees: trained on days up to the cutoffs or earlier; None where there are none.
    """

    index: FloatArray
    log_dispersion: FloatArray
    factors: Mapping[str, FloatArray] = field(default_factory=dict)
    trees: PooledTrees | None = None
    settings: PooledSettings = DEFAULT_SETTINGS
    dispersion_curve: FloatArray | None = None

    def at(self, position: int) -> "Pool":
        """The same at one of the cutoffs."""
        return replace(
            self,
            index=self.index[[position]],
            log_dispersion=self.log_dispersion[[position]],
            dispersion_curve=None if self.dispersion_curve is None else self.dispersion_curve[[position]],
            factors={name: learned[[position]] for name, learned in self.factors.items()},
        )

    @classmethod
    def joined(cls, parts: Sequence["Pool"]) -> "Pool":
        """Pools with the same factors and settings as one pool with all their cutoffs."""
        return replace(
            parts[0],
            index=np.concatenate([part.index for part in parts]),
            log_dispersion=np.concatenate([part.log_dispersion for part in parts]),
            dispersion_curve=_joined([part.dispersion_curve for part in parts]),
            factors={
                name: np.concatenate([part.factors[name] for part in parts]) for name in parts[0].factors
            },
        )

    def log_dispersion_at(self, level: FloatArray) -> FloatArray:
        """[S], the log dispersion of series of a level [S], units per column, at the first cutoff.

        The curve is extended in a straight line. A series without a level gets the median of all.
        """
        median = np.full(len(level), self.log_dispersion[0])
        if self.dispersion_curve is None:
            return median
        levels, first = np.unique(self.dispersion_curve[0, 0], return_index=True)
        dispersions = self.dispersion_curve[0, 1, first]
        x = np.log(np.maximum(level, np.finfo(np.float64).tiny))
        expected = np.interp(x, levels, dispersions)
        rise = np.clip(np.diff(dispersions), 0.0, None) / np.diff(levels)
        if rise.size:
            expected += np.minimum(x - levels[0], 0.0) * min(rise[0], 1.0)
            expected += np.maximum(x - levels[-1], 0.0) * min(rise[-1], 1.0)
        return np.where(level > 0, np.maximum(expected, 0.0), median)

    def day_factors(self, days: IntArray) -> FloatArray:
        """[C, H], product of the factors of seasons of the epoch days [C, H] ahead; 1 without any."""
        product = np.ones(days.shape)
        for factor in SEASONS:
            if factor.name in self.factors:
                product = product * factor.ahead(self.factors[factor.name], days)
        return product


def _joined(curves: Sequence[FloatArray | None]) -> FloatArray | None:
    known = [curve for curve in curves if curve is not None]
    return np.concatenate(known) if len(known) == len(curves) else None


Pools = Mapping[int, Pool]
"""Pools with one cutoff each, by the epoch day of that cutoff."""


def pool_of(pools: Pools, history: History) -> Pool | None:
    """The pool as known at the history's cutoff; None where nothing is shared."""
    return pools.get(int(history.days[-1])) if history.n_days else None


def neutral_pool(n_cutoffs: int = 1) -> Pool:
    """A pool that knows nothing: all weekdays alike, Poisson dispersion."""
    return Pool(np.ones((n_cutoffs, SEASON_LENGTH, len(PROFILE_HALF_LIVES))), np.zeros(n_cutoffs))
