"""How many lines a task reads: so few that it can sort them in memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pyspark.sql import SparkSession

from lepton_spark.ingest.files.delivery import ReadFile

LINES_PER_TASK = 500_000
"""Lines that a task should read. Parquet can be split between row groups only, which may have more."""

_MAX_BYTES = "spark.sql.files.maxPartitionBytes"
_MAX_BYTES_OF_SPARK = 128 << 20
_OPEN_COST = 4 << 20
"""Spark's default for `spark.sql.files.openCostInBytes`: what a file adds to its bytes."""


def bytes_per_task(files: Sequence[ReadFile]) -> int:
    """The bytes of LINES_PER_TASK, at most Spark's default; a file is counted as Spark counts it.

    Parquet needs so few bytes for a line that a task of the default size would read tens of millions.
    """
    sizes = [read.file.bytes for read in files if read.file.bytes is not None]
    if len(sizes) < len(files):  # a Delta table
        return _MAX_BYTES_OF_SPARK
    n_lines = sum(read.inspection.lines for read in files)
    n_bytes = sum(_OPEN_COST + size for size in sizes)
    return min(_MAX_BYTES_OF_SPARK, max(1, n_bytes * LINES_PER_TASK // max(1, n_lines)))


@contextmanager
def small_scans(spark: SparkSession, files: Sequence[ReadFile]) -> Iterator[None]:
    """Limits what a task reads while the block runs; the frame has to be cached in it."""
    before = spark.conf.get(_MAX_BYTES)
    spark.conf.set(_MAX_BYTES, bytes_per_task(files))
    try:
        yield
    finally:
        spark.conf.set(_MAX_BYTES, str(before))
