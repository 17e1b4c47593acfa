"""Trains boosted trees with scikit-learn and takes them out of it as plain arrays."""
# ruff: noqa: PLC0415, SLF001  scikit-learn is imported where it is used; its fitted trees have no public form

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.pooled.trees import Trees

POISSON, QUANTILE = "poisson", "quantile"


@dataclass(frozen=True)
class BoostingSettings:
    """How a sum of trees is grown."""

    n_trees: int
    n_leaves: int
    least_rows: int
    learning_rate: float
    feature_share: float = 0.7
    n_bins: int = 63


def grow(
    features: FloatArray,
    target: FloatArray,
    weight: FloatArray,
    settings: BoostingSettings,
    seed: int,
    quantile_level: float | None = None,
) -> Trees:
    """Trees for the log of the mean (Poisson), or for a quantile of the target.

    Features go in as the numbers of their bins: scikit-learn weighs every value when it bins by itself, which
    takes as long as growing the trees. Those that are the same in every row stay out.

    features: [N, K]; target, weight: [N].
    """
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    regressor = HistGradientBoostingRegressor(
        loss=POISSON if quantile_level is None else QUANTILE,
        quantile=quantile_level,
        max_iter=settings.n_trees,
        max_leaf_nodes=settings.n_leaves,
        min_samples_leaf=settings.least_rows,
        learning_rate=settings.learning_rate,
        max_features=settings.feature_share,
        max_bins=settings.n_bins,
        early_stopping=False,
        random_state=seed,
    )
    with threadpool_limits(1):
        differs = np.ptp(features, axis=0) > 0
        telling = np.flatnonzero(differs if differs.any() else ~differs)
        edges = [_edges(column, settings.n_bins) for column in features.T[telling]]
        places = [np.searchsorted(*pair) for pair in zip(edges, features.T[telling], strict=True)]
        regressor.fit(np.stack(places, axis=1), target, sample_weight=weight / weight.mean())
    trees = _unbinned(taken_out(regressor), edges)
    return replace(trees, feature=telling[trees.feature])


def _edges(column: FloatArray, n_bins: int) -> FloatArray:
    """Where at most `n_bins` bins with about as many rows each are parted; a value on an edge is below it."""
    inside = np.arange(1, n_bins) / n_bins
    edges: FloatArray = np.unique(np.quantile(column, inside, method="inverted_cdf"))
    return edges


def _unbinned(trees: Trees, edges: Sequence[FloatArray]) -> Trees:
    """The trees with thresholds among values, where they had them among numbers of bins."""
    pairs = zip(trees.feature.tolist(), trees.threshold.tolist(), strict=True)
    return replace(trees, threshold=np.array([edges[feature][int(place)] for feature, place in pairs]))


def taken_out(regressor: Any) -> Trees:  # noqa: ANN401  scikit-learn ships no types
    """The trees of a fitted `HistGradientBoostingRegressor` on numbers without gaps."""
    from lepton_spark.models.pooled.trees import MAX_LEAVES

    trees = [predictors[0].nodes for predictors in regressor._predictors]
    value = np.zeros((len(trees), MAX_LEAVES))
    parts: list[tuple[int, float, int, int]] = []
    for place, nodes in enumerate(trees):
        leaves = _leaves_below(nodes)
        order = leaves[0]
        value[place, : len(order)] = nodes["value"][order]
        bit = {leaf: 1 << rank for rank, leaf in enumerate(order)}
        for node in np.flatnonzero(nodes["is_leaf"] == 0):
            left = leaves[int(nodes["left"][node])]
            parts.append(
                (
                    int(nodes["feature_idx"][node]),
                    float(nodes["num_threshold"][node]),
                    place,
                    sum(bit[leaf] for leaf in left),
                )
            )
    feature, threshold, tree, ruled_out = zip(*parts, strict=True) if parts else ((), (), (), ())
    return Trees(
        float(regressor._baseline_prediction.item()),
        np.array(feature, dtype=np.int64),
        np.array(threshold, dtype=np.float64),
        np.array(tree, dtype=np.int64),
        np.array(ruled_out, dtype=np.uint16),
        value,
    )


def _leaves_below(nodes: Any) -> dict[int, list[int]]:  # noqa: ANN401
    """Node -> the leaves below it from left to right; children stand after their parents."""
    below: dict[int, list[int]] = {}
    for node in range(len(nodes) - 1, -1, -1):
        row = nodes[node]
        below[node] = [node] if row["is_leaf"] else below[int(row["left"])] + below[int(row["right"])]
    return below


def sample_rows(candidates: IntArray, n_rows: int, seed: int) -> IntArray:
    """At most `n_rows` of the candidates, in their order; the same for the same seed."""
    if len(candidates) <= n_rows:
        return candidates
    chosen = np.random.default_rng(seed).choice(len(candidates), n_rows, replace=False)
    return candidates[np.sort(chosen)]
