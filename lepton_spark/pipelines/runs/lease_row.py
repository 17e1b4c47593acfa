"""The lease's row of `runs`: who may write to the warehouse now."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from delta import exceptions as conflicts
from pyspark.sql import Column
from pyspark.sql import functions as F

from lepton_spark.tables import Warehouse

log = logging.getLogger(__name__)

LEASE = "lease"
"""The run id, and the job, of the row that holds the lease."""

CONFLICTS = (
    conflicts.ConcurrentAppendException,
    conflicts.ConcurrentDeleteDeleteException,
    conflicts.ConcurrentDeleteReadException,
    conflicts.ConcurrentTransactionException,
    conflicts.ConcurrentWriteException,
    conflicts.MetadataChangedException,
    conflicts.ProtocolChangedException,
)
"""Exceptions that Delta raises when another job has committed first."""


@dataclass(frozen=True)
class Held:
    """The content of the row; holder: None when the lease is free. since: when it was last taken."""

    holder: str | None
    since: datetime


class LeaseRow:
    """Reads and writes the row; each write is one commit, and each read sees the latest one."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def read(self) -> Held | None:
        """The present content; None when no job has ever held the lease."""
        rows = self._warehouse.read("runs").where(_is_lease())
        row = rows.select("holder", "started_at").first()
        return None if row is None else Held(row["holder"], row["started_at"].astimezone(UTC))

    def take(self, holder: str, since: datetime, before: Held | None) -> None:
        """Writes a new holder if the row is free or still has the holder that was read before.

        Read the row afterwards to see whether this job or another one got the lease.
        """
        try:
            if before is None:
                self._insert(holder, since)
                return
            free = F.col("holder").isNull() | (F.col("holder") == F.lit(before.holder))
            taken = {"holder": F.lit(holder), "state": F.lit("running"), "started_at": F.lit(since)}
            nothing = F.lit(None)
            self._warehouse.update(
                "runs", _is_lease() & free, taken | {"finished_at": nothing, "seconds": nothing}
            )
        except CONFLICTS:
            log.info("another job wrote to the lease at the same moment")

    def release(self, holder: str, now: datetime) -> None:
        """Removes a holder from the row, unless another job has replaced it."""
        released = {"holder": F.lit(None), "state": F.lit("complete"), "finished_at": F.lit(now)}
        self._warehouse.update("runs", _is_lease() & (F.col("holder") == F.lit(holder)), released)

    def _insert(self, holder: str, since: datetime) -> None:
        """A merge, so that of two jobs that insert the row at once one fails."""
        row = {"run_id": LEASE, "job": LEASE, "state": "running", "holder": holder, "started_at": since}
        never = F.lit(False)
        self._warehouse.merge("runs", self._warehouse.rows("runs", [row]), update_where=never)


def _is_lease() -> Column:
    return F.col("run_id") == F.lit(LEASE)
