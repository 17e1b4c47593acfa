"""Sums of doubles that do not depend on the order of the rows: in Spark, and the same to the bit in numpy."""

import numpy as np
from pyspark.sql import Column
from pyspark.sql import functions as F

from lepton_spark.models.data.arrays import FloatArray, IntArray


def ordered_sum(column: Column) -> Column:
    """Aggregate: the sum of a group's values in ascending order; null when all are null.

    It holds all values of a group in memory, so large groups are summed by batch first.
    """
    values = F.sort_array(F.collect_list(column))
    total = F.aggregate(values, F.lit(0.0), lambda total, value: total + value)
    return F.when(F.size(values) > 0, total)


def ordered_sums(values: FloatArray, groups: IntArray, n_groups: int) -> FloatArray:
    """[G], the sum of each group's values in ascending order; NaN where all are NaN, which stands for null.

    Infinite values of both signs give infinity, so that only a group without values has NaN.

    values: [N]. groups: [N, V], the groups that each value counts for; -1 = none.
    """
    known = np.flatnonzero(~np.isnan(values))
    rising = known[np.argsort(values[known], kind="stable")]
    counted = groups[rising] >= 0
    group = groups[rising][counted]
    added = np.broadcast_to(values[rising, np.newaxis], counted.shape)[counted]
    total = np.bincount(group, added, n_groups)  # adds one value after the other
    has_values = np.bincount(group, minlength=n_groups) > 0
    return np.where(has_values, np.where(np.isnan(total), np.inf, total), np.nan)
