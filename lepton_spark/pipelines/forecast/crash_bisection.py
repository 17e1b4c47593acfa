"""Work that kills its worker is split: batches until the guilty series is alone, a sample until it lives."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column
from pyspark.sql import functions as F

from lepton_spark.tables.schemas.schema import SERIES_KEY

log = logging.getLogger(__name__)

SIGNS_OF_DEATH = (
    "Python worker exited unexpectedly",
    "Python worker failed to connect back",
    "ExecutorLostFailure",
    "Connection reset",
    "java.io.EOFException",
)
"""Words by which Spark says that a worker, or its executor, is no more."""

WORKER_DIED = "worker_died: the process that fitted it ended"

SALT = 7
"""Series are parted by another hash than batches are."""

MOST_PARTS = 1 << 40

MOST_HALVINGS = 4
"""A sixteenth of a sample that kills as the whole does is no matter of its size, nor of a few series."""


@dataclass(frozen=True)
class Share:
    """Some series of a run: of these batches; of a single one those whose hash leaves `rest` by `parts`."""

    batches: tuple[int, ...]
    parts: int = 1
    rest: int = 0

    @property
    def condition(self) -> Column:
        """Which rows are of it, by batch and the series' key."""
        mine = F.col("batch").isin(*self.batches)
        return mine if self.parts == 1 else mine & (F.pmod(_hash(), F.lit(self.parts)) == self.rest)

    def halves(self) -> "tuple[Share, Share]":
        """By batches as long as there are several, then by series."""
        if len(self.batches) > 1:
            middle = len(self.batches) // 2
            return Share(self.batches[:middle]), Share(self.batches[middle:])
        twice = 2 * self.parts
        return Share(self.batches, twice, self.rest), Share(self.batches, twice, self.rest + self.parts)


def _hash() -> Column:
    return F.xxhash64(F.lit(SALT), *SERIES_KEY)


Write = Callable[[Share | None, str | None], None]
"""Works on a share (None: everything) and writes its rows in one commit; given a reason, without models."""


def write_split(
    write: Write, clear: Callable[[], None], n_batches: int, count: Callable[[Share], int]
) -> None:
    """Everything at once; where a worker dies of it, in halves, down to the one series that kills.

    clear: removes what an earlier try wrote. count: how many series a share has.
    """
    try:
        write(None, None)
    except (PySparkException, Py4JJavaError) as fault:
        if not is_death(fault):
            raise
        log.warning("a worker died; splitting the batches to find the series")
        clear()
        for share in _parted(Share(tuple(range(n_batches))), write, count):
            log.warning("batch %s: a series whose fit kills its worker falls back", share.batches[0])


def write_sampled(
    write: Write, clear: Callable[[], None], n_batches: int, count: Callable[[Share], int]
) -> None:
    """What a whole sample teaches; where a worker dies of it, what the first part of it teaches that lives.

    All halves are tried, then all quarters, and so on; in the end the last part is written with the reason.
    count: how many series of the sample a share has.
    """
    try:
        write(None, None)
    except (PySparkException, Py4JJavaError) as fault:
        if not is_death(fault):
            raise
        clear()
        part, given_up = _living(Share(tuple(range(n_batches))), write, count)
        so = "nothing is shared" if given_up else f"{count(part)} series of it speak for all"
        log.warning("a worker died of the sample that speaks for all series; %s", so)


def _living(whole: Share, write: Write, count: Callable[[Share], int]) -> tuple[Share, str | None]:
    """Writes the largest part that no worker dies of; else the last one, with the reason, which is given."""
    parts = [whole]
    for _ in range(MOST_HALVINGS):
        parts = [half for part in parts for half in part.halves() if count(half)] or parts
        for part in parts:
            try:
                write(part, None)
            except (PySparkException, Py4JJavaError) as fault:
                if not is_death(fault):
                    raise
            else:
                return part, None
    write(parts[-1], WORKER_DIED)
    return parts[-1], WORKER_DIED


def _parted(share: Share, write: Write, count: Callable[[Share], int]) -> Iterator[Share]:
    """Writes the halves of a share that killed a worker; gives the single series that did."""
    for half in share.halves():
        n_series = count(half) if len(half.batches) == 1 else None
        if n_series == 0:
            continue
        try:
            write(half, None)
        except (PySparkException, Py4JJavaError) as fault:
            if not is_death(fault):
                raise
            if n_series == 1 or half.parts >= MOST_PARTS:
                write(half, WORKER_DIED)
                yield half
            else:
                yield from _parted(half, write, count)


def is_death(fault: Exception) -> bool:
    """Whether Spark failed because a worker died, not because of what it computed."""
    said = str(fault)
    return any(sign in said for sign in SIGNS_OF_DEATH)
