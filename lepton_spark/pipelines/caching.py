"""Caches a frame for as long as a block runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import DataFrame


@contextmanager
def persisted(frame: DataFrame) -> Iterator[DataFrame]:
    """The frame, cached while the block runs."""
    cached = frame.persist()
    try:
        yield cached
    finally:
        cached.unpersist()
