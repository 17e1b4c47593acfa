"""Sums of doubles that do not depend on the order of the rows."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def ordered_sum(column: Column) -> Column:
    """Aggregate: the sum of a group's values in ascending order; null when all are null.

    It holds all values of a group in memory, so large groups are summed by batch first.
    """
    values = F.sort_array(F.collect_list(column))
    total = F.aggregate(values, F.lit(0.0), lambda total, value: total + value)
    return F.when(F.size(values) > 0, total)
