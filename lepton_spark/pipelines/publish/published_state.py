"""What readers see at present: the published run, until when it may be used, and what was rolled back."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from lepton_spark.gates import Gate
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse

ROLLED_BACK = "rolled_back"
"""The gate that a run fails once a rollback has withdrawn it."""


@dataclass(frozen=True)
class PublishedState:
    """The published run; withdrawn: the run that was published before a rollback to this one, if any.

    valid_until: the last day on which to rely on the forecasts. published_at: in UTC.
    """

    run_id: str
    cutoff: date
    valid_until: date
    published_at: datetime
    withdrawn: Run | None = None

    def days_expired(self, today: date) -> int:
        """Days since `valid_until`; 0 while the forecasts may be used."""
        return max(0, (today - self.valid_until).days)


def published_state(warehouse: Warehouse, runs: RunLog) -> PublishedState | None:
    """The state of `latest_forecasts`; None when nothing is published."""
    columns = ("run_id", "cutoff", "valid_until", "published_at")
    row = warehouse.read("latest_forecasts").select(*columns).first()
    if row is None:
        return None
    withdrawn = next((run for run in runs.publications() if rolled_back_to(row["run_id"]) in run.gates), None)
    published_at = row["published_at"].astimezone(UTC)  # PySpark returns the local time, without a zone
    return PublishedState(row["run_id"], row["cutoff"], row["valid_until"], published_at, withdrawn)


def rolled_back_to(instead: str) -> Gate:
    """The gate of a publication that was withdrawn for an earlier run."""
    return Gate(ROLLED_BACK, False, f"run {instead} was published instead", "publish it with --publish")


def was_rolled_back(runs: RunLog, run_id: str) -> bool:
    """Whether a rollback has withdrawn the run."""
    return any(gate.name == ROLLED_BACK for old in runs.publications(run_id) for gate in old.gates)
