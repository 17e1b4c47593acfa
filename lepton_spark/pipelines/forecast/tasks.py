"""Divides the batches of a run among tasks: by their number and by the cores, never by Spark's defaults."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

BATCHES_PER_TASK = 32
"""The most batches of a task: with 512 series and two years each, 100 MB of histories."""

TASKS_PER_CORE = 4
"""The fewest tasks of a core, as far as there are batches, so that cores end at about the same time."""


def task_count(n_batches: int, n_cores: int) -> int:
    """Number of tasks for so many batches.

    >>> task_count(128, 2), task_count(4096, 2), task_count(3, 16)
    (8, 128, 3)
    """
    return min(n_batches, max(-(-n_batches // BATCHES_PER_TASK), TASKS_PER_CORE * n_cores))


def count_cores(spark: SparkSession) -> int:
    """The cores of all executors: Spark divides a range by them. One small job."""
    tasks = spark.range(1 << 16).select(F.spark_partition_id().alias("task"))
    row = tasks.agg(F.max("task").alias("last")).first()
    return 1 if row is None else row["last"] + 1


def in_tasks(rows: DataFrame, n_tasks: int) -> DataFrame:
    """The rows with batch b in task b mod n, where grouping by batch finds them without another exchange."""
    return rows.repartitionById(n_tasks, "batch")
