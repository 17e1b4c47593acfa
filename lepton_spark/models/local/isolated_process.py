"""Run work on one row at a time in a separate process, with a time and a memory limit per row.

A row that raises, exceeds a limit or kills its process fails alone; the next rows continue in a new process.
Processes are forked, so their input needs no copy.
"""

import multiprocessing
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

from lepton_spark.errors import exception_text
from lepton_spark.models.data.arrays import FloatArray

MAX_TIMEOUTS = 3
"""Consecutive timeouts after which the remaining rows are skipped, so that a batch ends."""

RowWork = Callable[[int], FloatArray | float]

Outcome = tuple[FloatArray | float | None, str | None]
"""A row's result, or the reason why there is none."""


@dataclass(frozen=True)
class Limits:
    """Limits per row: seconds, and MiB beyond what the process uses at its start."""

    seconds: float = 60.0
    memory_mb: int = 2048


def outcomes(work: RowWork, rows: Sequence[int], limits: Limits) -> Iterator[tuple[int, Outcome]]:
    """Each row with its outcome, in order."""
    left = list(rows)
    timeouts = 0
    while left:
        if timeouts == MAX_TIMEOUTS:
            reason = f"time_budget: skipped after {MAX_TIMEOUTS} series took over {limits.seconds:g} s each"
            yield from ((row, (None, reason)) for row in left)
            return
        with _Process(work, left, limits) as process:
            while left:
                outcome, alive = process.next(limits.seconds)
                timeouts = timeouts + 1 if outcome[1] and outcome[1].startswith("time_budget") else 0
                yield left.pop(0), outcome
                if not alive:
                    break


class _Process:
    """A forked process that sends the outcome of each row, in order."""

    def __init__(self, work: RowWork, rows: Sequence[int], limits: Limits) -> None:
        context = multiprocessing.get_context("fork")
        self._answers, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(theirs, work, list(rows), limits), daemon=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of a fork beside threads
            self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        self._answers.close()

    def next(self, seconds: float) -> tuple[Outcome, bool]:
        """The outcome of the next row, and whether the process can continue."""
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
        except Exception as error:  # noqa: BLE001  a custom regressor may raise anything; it becomes data
            answer = (None, exception_text(error))
        answers.send(answer)


def _limit_memory(megabytes: int) -> None:
    """Limit the growth of the address space, on systems that support it."""
    try:
        import resource  # noqa: PLC0415  missing on some systems

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):
        return
    limit = pages * resource.getpagesize() + megabytes * (1 << 20)
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(
        resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard)
    )
