"""A row of `runs`, as a value."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from lepton_spark.gates import Gate
from lepton_spark.tables.schemas.run_tables import Job, State


@dataclass(frozen=True)
class Run:
    """A row of `runs`; its times have a time zone."""

    run_id: str
    job: Job
    cutoff: date | None = None
    input_fingerprint: str | None = None
    ingest_batch: str | None = None
    load_number: int | None = None
    min_date: date | None = None
    max_date: date | None = None
    horizon: int | None = None
    n_batches: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    settings_id: str | None = None
    class_models: Mapping[str, str] = field(default_factory=dict)
    refit_run_id: str | None = None
    chosen_because: str | None = None
    code_version: str | None = None
    gates: tuple[Gate, ...] = ()
    state: State = "running"
    started_at: datetime | None = None
    finished_at: datetime | None = None
    seconds: float | None = None


def row_of(run: Run) -> dict[str, Any]:
    """The values of the table's columns."""
    maps = {"counts": dict(run.counts), "class_models": dict(run.class_models)}
    return asdict(run) | maps | {"gates": [asdict(gate) for gate in run.gates]}


def run_of(row: Mapping[str, Any]) -> Run:
    """The run of a row; times get the zone UTC."""
    known = {name: row[name] for name in Run.__dataclass_fields__}
    gates = tuple(Gate(**gate) for gate in row["gates"] or ())
    times = {name: _with_zone(row[name]) for name in ("started_at", "finished_at")}
    maps = {name: row[name] or {} for name in ("counts", "class_models")}
    return Run(**(known | times | maps | {"gates": gates}))


def _with_zone(time: datetime | None) -> datetime | None:
    """The time in UTC; PySpark returns times without a zone, in the local zone of the process."""
    return None if time is None else time.astimezone(UTC)
