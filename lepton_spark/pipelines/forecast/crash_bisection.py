"""Isolates series that crash their Python worker: work is halved until it succeeds or one series is left."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column
from pyspark.sql import functions as F

from lepton_spark.tables.schemas.schema import SERIES_KEY

log = logging.getLogger(__name__)

CRASH_MESSAGES = (
    "Python worker exited unexpectedly",
    "Python worker failed to connect back",
    "ExecutorLostFailure",
    "Connection reset",
    "java.io.EOFException",
)
"""Parts of the error messages that Spark gives when a worker process or an executor has ended."""

WORKER_DIED = "worker_died: the Python worker process ended"

HASH_SALT = 7
"""Makes the hash that halves a batch independent of the hash that assigns series to batches."""

MAX_PARTS = 1 << 40
"""Bisection ends here; series with equal hashes cannot be separated and fall back together."""

MAX_HALVINGS = 4
"""Halvings of a sample. If each of its 16 parts crashes, neither its size nor a few series are the cause."""


@dataclass(frozen=True)
class Subset:
    """Some series of a run: those of `batches` whose hash modulo `parts` equals `remainder`."""

    batches: tuple[int, ...]
    parts: int = 1
    remainder: int = 0

    @property
    def condition(self) -> Column:
        """Selects the subset's rows by batch and series key."""
        in_batches = F.col("batch").isin(*self.batches)
        if self.parts == 1:
            return in_batches
        return in_batches & (F.pmod(_hash(), F.lit(self.parts)) == self.remainder)

    def halves(self) -> "tuple[Subset, Subset]":
        """Two halves: of the batches, or of the series if there is only one batch."""
        if len(self.batches) > 1:
            middle = len(self.batches) // 2
            return Subset(self.batches[:middle]), Subset(self.batches[middle:])
        twice = 2 * self.parts
        return (
            Subset(self.batches, twice, self.remainder),
            Subset(self.batches, twice, self.remainder + self.parts),
        )


def _hash() -> Column:
    return F.xxhash64(F.lit(HASH_SALT), *SERIES_KEY)


Write = Callable[[Subset | None, str | None], None]
"""Computes and writes the rows of a subset (None: all series) in one commit.

With a failure reason nothing is fitted, and the rows record the reason.
"""


def write_isolating(
    write: Write, clear: Callable[[], None], n_batches: int, count: Callable[[Subset], int]
) -> None:
    """Writes all series at once; when a worker crashes, halves the work until each crashing series is alone.

    The rows of such a series record the failure. clear: deletes the rows of an earlier attempt.
    count: the number of series in a subset.
    """
    try:
        write(None, None)
    except (PySparkException, Py4JJavaError) as fault:
        if not is_worker_crash(fault):
            raise
        log.warning("a worker crashed; halving the batches to find the series")
        clear()
        for subset in _isolate(Subset(tuple(range(n_batches))), write, count):
            log.warning("batch %s: a series crashes its worker and gets no model", subset.batches[0])


def write_from_sample(
    write: Write, clear: Callable[[], None], n_batches: int, count: Callable[[Subset], int]
) -> None:
    """Writes what is learned from a sample; when a worker crashes, learns from a part of the sample.

    Tries both halves, then all quarters, down to sixteenths; the first part that succeeds is used. When none
    does, writes rows with the failure reason. count: the number of the sample's series in a subset.
    """
    try:
        write(None, None)
    except (PySparkException, Py4JJavaError) as fault:
        if not is_worker_crash(fault):
            raise
        clear()
        part, failure = _largest_working(Subset(tuple(range(n_batches))), write, count)
        outcome = "nothing is learned" if failure else f"{count(part)} of its series are used"
        log.warning("a worker crashed on the sample that models learn from; %s", outcome)


def _largest_working(
    sample: Subset, write: Write, count: Callable[[Subset], int]
) -> tuple[Subset, str | None]:
    """Writes the first part that does not crash, larger parts first; if all crash, rows with the reason."""
    parts = [sample]
    for _ in range(MAX_HALVINGS):
        parts = [half for part in parts for half in part.halves() if count(half)] or parts
        for part in parts:
            try:
                write(part, None)
            except (PySparkException, Py4JJavaError) as fault:
                if not is_worker_crash(fault):
                    raise
            else:
                return part, None
    write(parts[-1], WORKER_DIED)
    return parts[-1], WORKER_DIED


def _isolate(subset: Subset, write: Write, count: Callable[[Subset], int]) -> Iterator[Subset]:
    """Writes the halves of a subset that crashed; yields each single series that crashes its worker."""
    for half in subset.halves():
        n_series = count(half) if len(half.batches) == 1 else None
        if n_series == 0:
            continue
        try:
            write(half, None)
        except (PySparkException, Py4JJavaError) as fault:
            if not is_worker_crash(fault):
                raise
            if n_series == 1 or half.parts >= MAX_PARTS:
                write(half, WORKER_DIED)
                yield half
            else:
                yield from _isolate(half, write, count)


def is_worker_crash(fault: Exception) -> bool:
    """Whether the message contains one of `CRASH_MESSAGES`."""
    text = str(fault)
    return any(message in text for message in CRASH_MESSAGES)
