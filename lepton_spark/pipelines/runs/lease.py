"""The lease: only one job at a time writes to a warehouse; the lease of a dead job can be taken over."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, Self

from lepton_spark.errors import LeaseError, explain
from lepton_spark.pipelines.context import Clock
from lepton_spark.pipelines.runs.holder import Holder
from lepton_spark.pipelines.runs.lease_row import Held, LeaseRow

log = logging.getLogger(__name__)

HEARTBEATS_BEFORE_DEATH = 10
"""Heartbeats within the time after which a job without any counts as dead."""

SETTLING_SECONDS = 0.2
"""Wait between taking the lease and reading it back, so that a simultaneous commit of another job is seen."""


class Heartbeat(Protocol):
    """A file that a lease holder renews while it runs."""

    def renew(self) -> None:
        """Creates the file, or sets its modification time to now."""

    def seen(self) -> float | None:
        """When it was last renewed, in seconds; None when there is no file."""

    def remove(self) -> None:
        """Removes the file."""


class Lease:
    """The right to write to a warehouse, held while its block runs."""

    def __init__(
        self,
        row: LeaseRow,
        heartbeats: Callable[[str], Heartbeat],
        clock: Clock,
        dead_after: float,
        *,
        take_over: bool = False,
    ) -> None:
        """heartbeats: from a holder's token to its heartbeat file.

        dead_after: seconds without a heartbeat after which a holder counts as dead.
        take_over: whether to take the lease even from a living holder.
        """
        self._row, self._heartbeats, self._clock = row, heartbeats, clock
        self._dead_after, self._take_over = dead_after, take_over
        self._me = Holder.this_process()
        self._stopped = threading.Event()
        self._previous: Holder | None = None
        self._renewing = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> Self:
        """Takes the lease.

        Raises: LeaseError when a living job holds it.
        """
        self._heartbeats(self._me.token).renew()
        try:
            self._claim()
        except BaseException:
            self._heartbeats(self._me.token).remove()
            raise
        self._renewing.start()
        return self

    def __exit__(self, kind: object, fault: object, trace: object) -> None:
        """Releases the lease, unless another job has taken it over."""
        self._stopped.set()
        self._renewing.join()
        try:
            self._row.release(str(self._me), self._clock())
            self._heartbeats(self._me.token).remove()
        except Exception:  # when the job itself has failed, the user must see its error and not this one
            if fault is None:
                raise
            log.warning(
                "the lease could not be released; the next job takes it over",
                exc_info=log.isEnabledFor(logging.INFO),
            )

    def require_held(self) -> None:
        """Raises LeaseError when the lease was taken over: this job must not write any more."""
        if self._heartbeats(self._me.token).seen() is None:
            found = "taken over by another job"
            remedy = "The job that took over, or the next one, completes the work."
            raise LeaseError(explain("lease of the warehouse", found, "held by this job", remedy))

    def _claim(self) -> None:
        held = self._row.read()
        previous = Holder.parse(held.holder) if held is not None and held.holder else None
        if previous is not None and held is not None:
            self._require_dead(previous, held.since)
        self._row.take(str(self._me), self._clock(), held)
        time.sleep(SETTLING_SECONDS)
        now = self._row.read()
        if now is None or now.holder != str(self._me):
            found = "none" if now is None else _holder_text(now)
            remedy = "Wait until the other job has ended."
            raise LeaseError(explain("lease of the warehouse", found, "no other job", remedy))
        self._previous = previous
        self._remove_previous_heartbeat()

    def _remove_previous_heartbeat(self) -> None:
        """Without it the previous holder stops. Repeated, because it may have been about to renew it."""
        if self._previous is not None:
            self._heartbeats(self._previous.token).remove()

    def _require_dead(self, holder: Holder, since: datetime) -> None:
        """Raises LeaseError unless the lease of this holder may be taken over."""
        last, now = self._heartbeats(holder.token).seen(), self._heartbeats(self._me.token).seen() or 0.0
        age = None if last is None else max(now - last, 0.0)
        if self._take_over or holder.has_exited or age is None or age > self._dead_after:
            log.warning(
                "taking over the lease of process %s on %s: it is dead, or --take-over was given",
                holder.process,
                holder.host,
            )
            return
        found = (
            f"held by process {holder.process} on {holder.host} since {since:%Y-%m-%d %H:%M:%S} UTC, "
            f"last heartbeat {age:.0f} s ago"
        )
        remedy = (
            f"Wait until it has ended; after {self._dead_after:.0f} s without a heartbeat it counts as dead. "
            "If you are sure that it is dead, add --take-over."
        )
        raise LeaseError(explain("lease of the warehouse", found, "no other job", remedy))

    def _renew(self) -> None:
        heartbeat = self._heartbeats(self._me.token)
        while not self._stopped.wait(self._dead_after / HEARTBEATS_BEFORE_DEATH):
            try:
                if heartbeat.seen() is None:
                    return  # taken over: a renewed file would claim the lease again
                heartbeat.renew()
                self._remove_previous_heartbeat()
            except Exception:  # one failed access to the store must not end the heartbeats
                log.warning("the lease's heartbeat could not be renewed; trying again", exc_info=True)


def _holder_text(held: Held) -> str:
    holder = Holder.parse(held.holder) if held.holder else None
    return "released" if holder is None else f"taken by process {holder.process} on {holder.host}"
