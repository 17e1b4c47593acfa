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
    """[M, G], the sum of each group's values in ascending order; NaN (for null) where all are NaN.

    Infinite values of both signs give infinity, so that only a group without values has NaN.

    values: [M, N], M times the values to add. groups: [N, V], the groups that each counts for; -1 = none.
    """
    cells = np.where(groups < 0, n_groups, groups)
    total = np.full((len(values), n_groups), np.nan)
    for row, column in zip(total, values, strict=True):
        known = np.flatnonzero(~np.isnan(column))
        rising = known[np.argsort(column[known], kind="stable")]
        cell = cells[rising].ravel()
        sums = np.bincount(
            cell, np.repeat(column[rising], cells.shape[1]), n_groups + 1
        )  # one after the other
        has_values = np.bincount(cell, minlength=n_groups + 1) > 0
        row[:] = np.where(has_values, np.where(np.isnan(sums), np.inf, sums), np.nan)[:-1]
    return total
