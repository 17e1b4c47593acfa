"""Sums that come out the same to the bit whatever order the rows arrive in."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def ordered_sum(column: Column) -> Column:
    """Aggregate: the sum of a group's values from the smallest up; null when all are null.

    It holds the group's values in memory: sum by batch first, then over batches.
    """
    values = F.sort_array(F.collect_list(column))
    total = F.aggregate(values, F.lit(0.0), lambda total, value: total + value)
    return F.when(F.size(values) > 0, total)
