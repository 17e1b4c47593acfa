"""The lease: only one job at a time writes to a warehouse; the lease of a dead job can be taken over."""

import json
import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from lepton_spark.errors import LeaseError, explain
from lepton_spark.language import Message
from lepton_spark.pipelines.runs.holder import Holder
from lepton_spark.pipelines.runs.run_log import Clock
from lepton_spark.tables.delta.lease_folder import LeaseFile, LeaseFolder

log = logging.getLogger(__name__)

HEARTBEATS_BEFORE_DEATH = 10
"""Heartbeats within the time after which a job without any counts as dead."""

WRITING_SECONDS = 1.0
"""Time for another job to write the lease file that it has created."""


@dataclass(frozen=True)
class _Held:
    """The content of a lease file; since: when the lease was taken."""

    holder: Holder
    since: datetime

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for a file that was created and not yet, or never, written completely."""
        try:
            fields = json.loads(text)
        except json.JSONDecodeError:
            return None
        return cls(Holder.parse(fields["holder"]), datetime.fromisoformat(fields["since"]).astimezone(UTC))

    def __str__(self) -> str:
        return json.dumps({"holder": str(self.holder), "since": self.since.isoformat()})


class Lease:
    """The right to write to a warehouse, held while its block runs.

    It belongs to the holder of the last lease file, as long as that holder has a heartbeat. The next job
    creates the file with the next number, which only one job can; the last file is never deleted.
    """

    def __init__(
        self, folder: LeaseFolder, clock: Clock, dead_after: float, *, take_over: bool = False
    ) -> None:
        """dead_after: seconds without a heartbeat after which a holder counts as dead.

        take_over: whether to take the lease even from a living holder.
        """
        self._folder, self._clock = folder, clock
        self._dead_after, self._take_over = dead_after, take_over
        self._me = Holder.this_process()
        self._heartbeat = folder.heartbeat(self._me.token)
        self._number = 0
        self._stopped = threading.Event()
        self._renewing = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> Self:
        """Takes the lease.

        Raises: LeaseError when a living job holds it.
        """
        self._heartbeat.renew()
        try:
            self._number = self._claim()
        except BaseException:
            self._heartbeat.remove()
            raise
        self._renewing.start()
        return self

    def __exit__(self, kind: object, fault: object, trace: object) -> None:
        """Releases the lease: without a heartbeat it is free."""
        self._stopped.set()
        self._renewing.join()
        try:
            self._heartbeat.remove()
        except Exception:  # when the job itself has failed, the user must see its error and not this one
            if fault is None:
                raise
            log.warning(
                "the lease could not be released; the next job takes it over",
                exc_info=log.isEnabledFor(logging.INFO),
            )

    def require_held(self) -> None:
        """Raises LeaseError when the lease was taken over: this job must not write any more."""
        if self._folder.last_number() != self._number:
            found = Message("taken over by another job")
            remedy = Message("The job that took over, or the next one, completes the work.")
            raise LeaseError(
                explain(Message("lease of the warehouse"), found, Message("held by this job"), remedy)
            )

    def _claim(self) -> int:
        """Creates the next lease file, and returns its number if no other job has created a later one."""
        last = self._last()
        if last is not None:
            self._require_free(last)
        number = 1 if last is None else last.number + 1
        is_mine = self._folder.create(number, str(_Held(self._me, self._clock())))
        if not is_mine or self._folder.last_number() != number:
            remedy = Message("Wait until the other job has ended.")
            found = Message("taken by another job at the same moment")
            raise LeaseError(
                explain(Message("lease of the warehouse"), found, Message("no other job"), remedy)
            )
        self._folder.delete_before(number)
        return number

    def _last(self) -> LeaseFile | None:
        """The last lease file, written if that takes no longer than usual."""
        waited = 0.0
        while (last := self._folder.last()) is not None and waited < WRITING_SECONDS:
            if _Held.parse(last.text) is not None:
                break
            time.sleep(WRITING_SECONDS / 10)
            waited += WRITING_SECONDS / 10
        return last

    def _require_free(self, last: LeaseFile) -> None:
        """Raises LeaseError unless the lease was released or may be taken over; removes the old heartbeat."""
        held = _Held.parse(last.text)
        heartbeat = None if held is None else self._folder.heartbeat(held.holder.token)
        seen = last.modified if heartbeat is None else heartbeat.seen()
        if seen is None:
            return
        age = max((self._heartbeat.seen() or 0.0) - seen, 0.0)
        has_exited = held is not None and held.holder.has_exited
        if not (self._take_over or has_exited or age > self._dead_after):
            raise LeaseError(self._held_message(held, age))
        log.warning("taking over the lease of %s: it is dead, or --take-over was given", _holder_text(held))
        if heartbeat is not None:
            heartbeat.remove()

    def _held_message(self, held: _Held | None, age: float) -> str:
        since = ""
        if held is not None:
            started = f"{held.since:%Y-%m-%d %H:%M:%S}"
            since = Message(" since {instant} UTC", instant=started)
        seconds, dead_after = f"{age:.0f}", f"{self._dead_after:.0f}"
        remedy = Message(
            "Wait until it has ended; after {dead_after} s without a heartbeat it counts as dead. "
            "If you are sure that it is dead, add --take-over.",
            dead_after=dead_after,
        )
        found = Message(
            "held by {holder}{since}, last heartbeat {age} s ago",
            holder=_holder_text(held),
            since=since,
            age=seconds,
        )
        return explain(Message("lease of the warehouse"), found, Message("no other job"), remedy)

    def _renew(self) -> None:
        while not self._stopped.wait(self._dead_after / HEARTBEATS_BEFORE_DEATH):
            try:
                if self._heartbeat.seen() is None:
                    return  # taken over: a renewed file would be left behind
                self._heartbeat.renew()
            except Exception:  # one failed access to the store must not end the heartbeats
                log.warning("the lease's heartbeat could not be renewed; trying again", exc_info=True)


def _holder_text(held: _Held | None) -> str:
    if held is None:
        return Message("an unknown process")
    holder = held.holder
    return Message("process {process} on {host}", process=holder.process, host=holder.host)
