"""Boosted trees grown by scikit-learn and converted to plain arrays."""
# ruff: noqa: PLC0415, SLF001  scikit-learn is imported where it is used; its fitted trees have no public form

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.pooled.regressors.trees import MAX_LEAVES, Trees
from lepton_spark.models.pooled.settings import BoostingSettings

POISSON, QUANTILE = "poisson", "quantile"


def grow_trees(
    features: FloatArray,
    target: FloatArray,
    weight: FloatArray,
    settings: BoostingSettings,
    seed: int,
    quantile_level: float | None = None,
) -> Trees:
    """Trees for the log of the mean (Poisson), or for a quantile of the target.

    Features are binned here: scikit-learn's own binning takes as long as growing the trees. Constant features
    are left out.

    features: [N, K]; target, weight: [N].
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    regressor = _regressor_on_bins()(
        loss=POISSON if quantile_level is None else QUANTILE,
        quantile=quantile_level,
        max_iter=settings.n_trees,
        max_leaf_nodes=settings.n_leaves,
        min_samples_leaf=settings.min_leaf_rows,
        learning_rate=settings.learning_rate,
        max_features=settings.feature_share,
        max_bins=settings.n_bins,
        early_stopping=False,
        random_state=seed,
    )
    with threadpool_limits(1):
        varies = np.ptp(features, axis=0) > 0
        used = np.flatnonzero(varies if varies.any() else ~varies)
        edges = [_bin_edges(column, settings.n_bins) for column in features.T[used]]
        bins = [np.searchsorted(*pair) for pair in zip(edges, features.T[used], strict=True)]
        regressor.fit(np.stack(bins, axis=1), target, sample_weight=weight / weight.mean())
    trees = _unbinned(as_arrays(regressor), edges)
    return replace(trees, feature=used[trees.feature])


def _bin_edges(column: FloatArray, n_bins: int) -> FloatArray:
    """Edges of at most `n_bins` bins with about as many rows each; a value on an edge belongs below it."""
    inner = np.arange(1, n_bins) / n_bins
    edges: FloatArray = np.unique(np.quantile(column, inner, method="inverted_cdf"))
    return edges


def _regressor_on_bins() -> Any:  # noqa: ANN401
    """The class of regressors whose features are bin numbers, which need not be binned again."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    class RegressorOnBins(HistGradientBoostingRegressor):  # type: ignore[misc]
        def _bin_data(self, bins: FloatArray, *_: object, **__: object) -> NDArray[np.uint8]:
            """Bins [N, K]; scikit-learn's bins of all numbers up to the largest are these numbers."""
            numbers = np.arange(self.max_bins, dtype=np.float64)[:, np.newaxis]
            self._bin_mapper.fit(np.minimum(numbers, bins.max(axis=0)))
            return np.asfortranarray(bins, dtype=np.uint8)

    return RegressorOnBins


def _unbinned(trees: Trees, edges: Sequence[FloatArray]) -> Trees:
    """The trees with thresholds as feature values instead of bin numbers."""
    pairs = zip(trees.feature.tolist(), trees.threshold.tolist(), strict=True)
    return replace(trees, threshold=np.array([edges[feature][int(number)] for feature, number in pairs]))


def as_arrays(regressor: Any) -> Trees:  # noqa: ANN401  scikit-learn ships no types
    """The trees of a fitted `HistGradientBoostingRegressor` whose features have no missing values."""
    trees = [predictors[0].nodes for predictors in regressor._predictors]
    value, count = np.zeros((2, len(trees), MAX_LEAVES))
    nodes: list[tuple[int, float, int, int]] = []
    for number, tree in enumerate(trees):
        leaves = _leaves_below(tree)
        order = leaves[0]
        value[number, : len(order)] = tree["value"][order]
        count[number, : len(order)] = tree["count"][order]
        bit = {leaf: 1 << rank for rank, leaf in enumerate(order)}
        for node in np.flatnonzero(tree["is_leaf"] == 0):
            ruled_out = sum(bit[leaf] for leaf in leaves[int(tree["left"][node])])
            feature, threshold = int(tree["feature_idx"][node]), float(tree["num_threshold"][node])
            nodes.append((feature, threshold, number, ruled_out))
    features, thresholds, numbers, masks = zip(*nodes, strict=True) if nodes else ((), (), (), ())
    return Trees(
        float(regressor._baseline_prediction.item()),
        np.array(features, dtype=np.int64),
        np.array(thresholds, dtype=np.float64),
        np.array(numbers, dtype=np.int64),
        np.array(masks, dtype=np.uint16),
        value,
        count,
    )


def _leaves_below(nodes: Any) -> dict[int, list[int]]:  # noqa: ANN401
    """Node -> the leaves below it from left to right; children come after their parents."""
    below: dict[int, list[int]] = {}
    for node in range(len(nodes) - 1, -1, -1):
        row = nodes[node]
        below[node] = [node] if row["is_leaf"] else below[int(row["left"])] + below[int(row["right"])]
    return below


def sample_rows(candidates: IntArray, max_rows: int, seed: int) -> IntArray:
    """At most `max_rows` of the candidates in their order, the same for the same seed."""
    if len(candidates) <= max_rows:
        return candidates
    chosen = np.random.default_rng(seed).choice(len(candidates), max_rows, replace=False)
    return candidates[np.sort(chosen)]
