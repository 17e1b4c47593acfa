"""The lease: one job at a time writes a warehouse; the dead are found and followed, the living named."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, Self
from uuid import uuid4

from lepton_spark.errors import LeaseError, explain
from lepton_spark.pipelines.context import Progress, Stage
from lepton_spark.pipelines.runs.run_log import Clock, Run, RunLog

log = logging.getLogger(__name__)

LEASE = "lease"
"""The run id, and the job, of the row of `runs` that is the lease."""

SIGNS_BEFORE_DEATH = 10
SETTLED_SECONDS = 0.2
"""After so long a commit that another one overran is seen to be so."""


class SignOfLife(Protocol):
    """A file that a holder renews."""

    def renew(self) -> None:
        """Makes or renews it."""

    def seen(self) -> float | None:
        """When it was last renewed, in seconds."""

    def remove(self) -> None:
        """Removes it."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lease: a process, and a token of this one time."""

    host: str
    process: int
    born: int
    token: str

    @classmethod
    def me(cls) -> Self:
        """This process."""
        return cls(socket.gethostname(), os.getpid(), _born(os.getpid()), uuid4().hex[:12])

    @classmethod
    def read(cls, text: str) -> Self:
        """Out of the text in `runs`."""
        host, process, born, token = text.rsplit("/", 3)
        return cls(host, int(process), int(born), token)

    def __str__(self) -> str:
        return f"{self.host}/{self.process}/{self.born}/{self.token}"

    @property
    def is_gone(self) -> bool:
        """Whether it was a process of this host that is no more; of other hosts nothing is known."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return _born(self.process) != self.born


def _born(process: int) -> int:
    """When a process began, in ticks since the machine did; 0 where that cannot be told."""
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


class Lease:
    """Held for as long as its block lasts."""

    def __init__(
        self,
        runs: RunLog,
        signs: Callable[[str], SignOfLife],
        clock: Clock,
        dead_after: float,
        *,
        take_over: bool = False,
    ) -> None:
        """signs: the sign of a token. dead_after: seconds without a sign. take_over: even from the living."""
        self._runs, self._signs, self._clock = runs, signs, clock
        self._dead_after, self._take_over = dead_after, take_over
        self._me = Holder.me()
        self._ended = threading.Event()
        self._before: Holder | None = None
        self._beat = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> Self:
        """Takes the lease.

        Raises: LeaseError when a living job holds it.
        """
        self._signs(self._me.token).renew()
        try:
            self._claim()
        except BaseException:
            self._signs(self._me.token).remove()
            raise
        self._beat.start()
        return self

    def __exit__(self, kind: object, fault: object, trace: object) -> None:
        """Gives it back, unless another has taken it over."""
        self._ended.set()
        self._beat.join()
        try:
            self._runs.free(self._row())
            self._signs(self._me.token).remove()
        except Exception:  # raised again unless the job failed: then its own fault must be told, not this one
            if fault is None:
                raise
            log.warning(
                "the lease could not be given back; the next job follows",
                exc_info=log.isEnabledFor(logging.INFO),
            )

    def require(self) -> None:
        """Raises LeaseError when the lease was taken over: nothing may be written any more."""
        if self._signs(self._me.token).seen() is None:
            found, remedy = "taken over by another job", "What was begun is completed by it, or the next."
            raise LeaseError(explain("lease of the warehouse", found, "held by this one", remedy))

    def guarding(self, progress: Progress) -> Progress:
        """The same progress, but no stage begins once the lease is lost."""
        return _Guarded(progress, self)

    def _claim(self) -> None:
        held = self._runs.find(LEASE)
        before = Holder.read(held.holder) if held is not None and held.holder else None
        if before is not None and held is not None:
            self._judge(before, held.started_at)
        self._runs.hold(self._row(), None if before is None else str(before))
        time.sleep(SETTLED_SECONDS)
        now = self._runs.find(LEASE)
        if now is None or now.holder != str(self._me):
            found = "none" if now is None else _named(now)
            raise LeaseError(explain("lease of the warehouse", found, "no other job", "Wait for it to end."))
        self._before = before
        self._silence_before()

    def _silence_before(self) -> None:
        """Whoever held it finds no sign and stops; again with each beat, should they just have renewed it."""
        if self._before is not None:
            self._signs(self._before.token).remove()

    def _judge(self, holder: Holder, since: datetime | None) -> None:
        """Whether a holder may be followed; says so, or raises."""
        last, now = self._signs(holder.token).seen(), self._signs(self._me.token).seen() or 0.0
        silent = None if last is None else max(now - last, 0.0)
        if self._take_over or holder.is_gone or silent is None or silent > self._dead_after:
            log.warning(
                "the job of process %s on %s is dead or given up: taking over", holder.process, holder.host
            )
            return
        found = (
            f"held by process {holder.process} on {holder.host} since {since:%Y-%m-%d %H:%M:%S} UTC, "
            f"last sign of life {silent:.0f} s ago"
        )
        remedy = (
            f"Wait for it to end; after {self._dead_after:.0f} s without a sign it counts as dead. "
            "If you know that it is, add --take-over."
        )
        raise LeaseError(explain("lease of the warehouse", found, "no other job", remedy))

    def _row(self) -> Run:
        return Run(LEASE, "lease", holder=str(self._me), started_at=self._clock())

    def _renew(self) -> None:
        sign = self._signs(self._me.token)
        while not self._ended.wait(self._dead_after / SIGNS_BEFORE_DEATH):
            try:
                if sign.seen() is None:
                    return  # taken over: to renew it would be a lie
                sign.renew()
                self._silence_before()
            except Exception:  # a store that stumbles once must not end the signs
                log.warning("the lease's sign of life could not be renewed; trying again", exc_info=True)


def _named(run: Run) -> str:
    holder = Holder.read(run.holder) if run.holder else None
    return "given back" if holder is None else f"taken by process {holder.process} on {holder.host}"


@dataclass(frozen=True)
class _Guarded:
    progress: Progress
    lease: Lease

    @contextmanager
    def stage(self, words: str) -> Iterator[Stage]:
        """A stage that begins only while the lease is held."""
        self.lease.require()
        with self.progress.stage(words) as stage:
            yield stage
