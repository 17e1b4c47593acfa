"""Work on one row after another in a process of its own, with a time budget a row and a memory limit.

A row that raises, takes too long, asks for too much memory or kills its process costs that row alone: the
next goes on in a new process. Processes are forked, so what the work needs is there without a copy.
"""

import multiprocessing
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

from lepton_spark.models.data.arrays import FloatArray

MAX_WORDS = 200
"""Longest reason kept of an exception's message."""

MAX_TIMEOUTS = 3
"""Rows in a row that may use up their time; then the others are given up, or a batch would take for ever."""

RowWork = Callable[[int], FloatArray | float]

Outcome = tuple[FloatArray | float | None, str | None]
"""A row's result, or why there is none."""


@dataclass(frozen=True)
class Limits:
    """What a row may take: seconds, and MiB beyond what the process has when it begins."""

    seconds: float = 60.0
    memory_mb: int = 2048


def words(error: BaseException) -> str:
    """An exception as one short line of a table."""
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:MAX_WORDS]


def outcomes(work: RowWork, rows: Sequence[int], limits: Limits) -> Iterator[tuple[int, Outcome]]:
    """Each row with what came of it."""
    left = list(rows)
    timeouts = 0
    while left:
        if timeouts == MAX_TIMEOUTS:
            for row in left:
                yield (
                    row,
                    (
                        None,
                        f"time_budget: {MAX_TIMEOUTS} series before it took over {limits.seconds:g} s each",
                    ),
                )
            return
        with _Process(work, left, limits) as process:
            while left:
                outcome, alive = process.next(limits.seconds)
                timeouts = timeouts + 1 if outcome[1] and outcome[1].startswith("time_budget") else 0
                yield left.pop(0), outcome
                if not alive:
                    break


class _Process:
    """A forked process that sends what comes of each row, in order."""

    def __init__(self, work: RowWork, rows: Sequence[int], limits: Limits) -> None:
        context = multiprocessing.get_context("fork")
        self._answers, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(theirs, work, list(rows), limits), daemon=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of threads beside a fork
            self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        self._answers.close()

    def next(self, seconds: float) -> tuple[Outcome, bool]:
        """What came of the next row, and whether the process can go on."""
        if not self._answers.poll(seconds):
            return (None, f"time_budget: no forecast within {seconds:g} s"), False
        try:
            return self._answers.recv(), True
        except EOFError:
            self._process.join()
            return (None, f"process_died: exit code {self._process.exitcode}"), False


def _work(answers: Connection, work: RowWork, rows: Sequence[int], limits: Limits) -> None:
    _limit_memory(limits.memory_mb)
    for row in rows:
        answer: tuple[Any, str | None]
        try:
            answer = (work(row), None)
        except MemoryError:
            answer = (None, f"memory_limit: more than {limits.memory_mb} MiB")
        except Exception as error:  # noqa: BLE001  any regressor, any fault: it becomes data
            answer = (None, words(error))
        answers.send(answer)


def _limit_memory(megabytes: int) -> None:
    """Where the system can: the address space may grow by so much."""
    try:
        import resource  # noqa: PLC0415  not on every system

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):
        return
    limit = pages * resource.getpagesize() + megabytes * (1 << 20)
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(
        resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard)
    )
