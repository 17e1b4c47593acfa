"""Path contributions: what the features tested on the way to each leaf add to its value.

Every leaf has its contributions, so a look-up of the leaf finds them all.
"""

import numpy as np

from lepton_spark.models.data.arrays import FloatArray, IntArray
from lepton_spark.models.pooled.regressors.trees import LOWEST_BIT, MAX_LEAVES, Trees


def path_contributions(trees: Trees, group_of: IntArray, n_groups: int, of_mean: int) -> FloatArray:
    """[M, 16, G], what the nodes on the way to each leaf add, by the group of the feature that they test.

    A node adds the mean of the child that the row goes to less its own, over the training rows below; the
    mean of the whole tree is added to the group `of_mean`. The sum over the groups is the leaf's value.

    group_of: [K], group of each feature. Source: Saabas (2014), Interpreting random forests.
    """
    n_trees, tree = len(trees.value), trees.tree
    first, middle, end = _leaves_below(trees)
    mean = _means(trees)
    whole = mean[tree, first, end]
    to_left, to_right = mean[tree, first, middle] - whole, mean[tree, middle, end] - whole
    leaf = np.arange(MAX_LEAVES)[:, np.newaxis]
    change = np.where((leaf >= first) & (leaf < middle), to_left, 0.0)
    change += np.where((leaf >= middle) & (leaf < end), to_right, 0.0)  # [16, N]
    added = np.zeros((n_trees, n_groups, MAX_LEAVES))
    n_leaves = 1 + np.bincount(tree, minlength=n_trees)
    added[:, of_mean] = mean[np.arange(n_trees), 0, n_leaves][:, np.newaxis]
    np.add.at(added, (tree, group_of[trees.feature]), change.T)
    return added.transpose(0, 2, 1)


def _leaves_below(trees: Trees) -> tuple[IntArray, IntArray, IntArray]:
    """[N] each, for every node: its first leaf, the first on its right side, and the one after its last.

    A mask has the leaves on the left side. The right side ends where that of the parent ends, or begins if
    the node is on its left: at the nearest node whose left side reaches over this node.
    """
    left = trees.ruled_out.astype(np.int64)
    first, middle = LOWEST_BIT[left], np.round(np.log2(left + (left & -left))).astype(np.int64)
    begin = np.full((len(trees.value), MAX_LEAVES), MAX_LEAVES)  # by tree and `middle`
    begin[trees.tree, middle] = first
    end = (1 + np.bincount(trees.tree, minlength=len(trees.value)))[trees.tree]
    for later in range(MAX_LEAVES - 1, 0, -1):
        end = np.where((later > middle) & (begin[trees.tree, later] <= first), later, end)
    return first, middle, end


def _means(trees: Trees) -> FloatArray:
    """[M, 17, 17], the mean value of the leaves from one to before another, by training rows."""
    count = np.maximum(trees.leaf_counts, 1.0)
    edges = ((0, 0), (1, 0))
    sums, counts = (np.cumsum(np.pad(values, edges), axis=1) for values in (count * trees.value, count))
    between, number = (values[:, np.newaxis, :] - values[:, :, np.newaxis] for values in (sums, counts))
    means: FloatArray = np.divide(between, number, out=np.zeros_like(between), where=number > 0)
    return means
