"""The evaluation protocol: origins, the products scored at each, and what a model may see."""

from dataclasses import dataclass

import numpy as np

from accuracy_parts.datasets import Panel
from lepton_spark.evaluation.accuracy.error_sums import Scales, naive_scales
from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.data.history import History

HORIZON = 28
N_ORIGINS = 8
N_LAST = 2
"""Last origins, also scored by themselves; their results were seen during development."""

STRIDE = 14
N_LARGEST = 300
N_DRAWN = 300
MIN_AGE = 90
RECENT = 56
WEIGHT_DAYS = 28
SEED = 42


@dataclass(frozen=True, eq=False)
class Origin:
    """One cutoff of a set.

    products: [S], rows of the panel. history: up to the cutoff; models see nothing else.
    days: [H], epoch days ahead. actual: [S, H], units; NaN = closed, not scored.
    scales: [S], known at the cutoff. weight: [S], units of the last 28 days.
    planned: [S, T+H, K], promotions known ahead, for models that use them; None where a set has none.
    """

    index: int
    products: IntArray
    history: History
    days: IntArray
    actual: FloatArray
    scales: Scales
    weight: FloatArray
    planned: FloatArray | None = None


def origins(panel: Panel, seed: int = SEED, planned: FloatArray | None = None) -> list[Origin]:
    """The origins of a set, the earliest first; the last horizon ends with the panel.

    seed: draws the smaller products. planned: [P, T, K], promotions.
    """
    last = len(panel.days) - 1 - HORIZON
    rng = np.random.default_rng(seed)
    cutoffs = [last - STRIDE * (N_ORIGINS - 1 - index) for index in range(N_ORIGINS)]
    return [_origin(panel, index, cutoff, rng, planned) for index, cutoff in enumerate(cutoffs)]


def _origin(
    panel: Panel, index: int, cutoff: int, rng: np.random.Generator, planned: FloatArray | None
) -> Origin:
    past = panel.quantity[:, : cutoff + 1]
    products = choose_products(past, rng)
    history = History(past[products].copy(), panel.days[: cutoff + 1])
    ahead = slice(cutoff + 1, cutoff + 1 + HORIZON)
    return Origin(
        index,
        products,
        history,
        panel.days[ahead],
        panel.quantity[products, ahead],
        scales_of(history),
        np.nansum(history.quantity[:, -WEIGHT_DAYS:], axis=1),
        None if planned is None else planned[products, : cutoff + 1 + HORIZON],
    )


def choose_products(past: FloatArray, rng: np.random.Generator) -> IntArray:
    """The largest products so far and a random draw of the others; all older than 90 days, sold recently."""
    sold = past > 0
    age = past.shape[1] - np.argmax(sold, axis=1)
    eligible = sold[:, -RECENT:].any(axis=1) & (age > MIN_AGE)
    total = np.where(eligible, np.nansum(past, axis=1), -1.0)
    by_size = np.argsort(-total, kind="stable")[: np.count_nonzero(eligible)]
    drawn = rng.choice(by_size[N_LARGEST:], min(N_DRAWN, max(len(by_size) - N_LARGEST, 0)), replace=False)
    return np.sort(np.concatenate([by_size[:N_LARGEST], drawn]))


def scales_of(history: History) -> Scales:
    """[S], the naive errors of the whole history."""
    scales = naive_scales(history.quantity, np.array([history.n_days - 1]))
    return Scales(scales.abs_change[0], scales.squared_change[0])
