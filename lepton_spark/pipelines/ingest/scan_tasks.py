"""How many lines a task gets: so few that it can sort them in memory, and that all cores have some."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import accumulate

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from lepton_spark.ingest.files.delivery import ReadFile
from lepton_spark.ingest.files.raw_lines import RawLines

LINES_PER_TASK = 500_000
"""Lines that a task should read. Parquet can be split between row groups only, which may have more."""

FEW_PARTS = 8
"""A delivery that can be read in fewer parts is divided among tasks once it is read."""

LINES_PER_BLOCK = 250_000
"""Lines of a file, one after the other, that go to a task together."""

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


def in_blocks(raw: Sequence[RawLines], files: Sequence[ReadFile]) -> list[RawLines]:
    """The lines in blocks of LINES_PER_BLOCK, a task each, if few tasks have read many lines.

    Spark reads a text file in one task, and so it does a Parquet file of one row group; without blocks one
    core would do the rest of the work, too. Order within files is kept as far as it matters for months.
    """
    n_lines = sum(read.inspection.lines for read in files)
    is_table = any(read.file.bytes is None for read in files)
    if is_table or n_lines <= LINES_PER_TASK or sum(read.inspection.parts for read in files) >= FEW_PARTS:
        return list(raw)
    n_blocks = [-(-read.inspection.lines // LINES_PER_BLOCK) for read in files]
    numbers = [_numbers_per_block(read, n) for read, n in zip(files, n_blocks, strict=True)]
    first = accumulate(n_blocks[:-1], initial=0)
    block = _of_file(first) + F.floor((F.col("line_number") - 1) / _of_file(numbers))
    total = sum(n_blocks)
    return [replace(lines, frame=lines.frame.repartitionById(total, block.cast("int"))) for lines in raw]


def _numbers_per_block(read: ReadFile, n_blocks: int) -> int:
    """How many line numbers a block spans: more than lines, if the numbers of a wide file have gaps."""
    return max(LINES_PER_BLOCK, -(-read.inspection.last_line // max(1, n_blocks)))


def _of_file(values: Iterable[int]) -> Column:
    """The value of each line's file. values: by the number of the file."""
    return F.element_at(F.array(*map(F.lit, values)), F.col("file") + 1)
