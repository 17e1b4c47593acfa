"""The run log: the rows of `runs`, one for each run of a job."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from typing import Any

from delta import exceptions as conflicts
from pyspark.sql import Column
from pyspark.sql import functions as F

from lepton_spark.config import Config, ForecastSettings
from lepton_spark.config.secrets import masked
from lepton_spark.gates import Gate
from lepton_spark.pipelines.context import Clock
from lepton_spark.pipelines.runs.run_id import code_version
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.run_tables import Job, State

log = logging.getLogger(__name__)

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

_LIBRARIES = ("pyspark", "delta-spark", "numpy", "pandas", "pyarrow", "scikit-learn")


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
    gates: tuple[Gate, ...] = ()
    state: State = "running"
    started_at: datetime | None = None
    finished_at: datetime | None = None
    seconds: float | None = None
    holder: str | None = None


class RunLog:
    """Writes and reads the rows of `runs`; each write is one commit."""

    def __init__(self, warehouse: Warehouse, clock: Clock) -> None:
        self._warehouse = warehouse
        self._clock = clock

    def start(self, run: Run, config: Config) -> Run:
        """Records the run as running, with its configuration and versions; replaces an earlier attempt."""
        started = replace(run, state="running", started_at=self._clock(), finished_at=None, seconds=None)
        self._write(started, config)
        return started

    def record(self, run: Run, state: State, config: Config) -> None:
        """Records a run that starts and finishes in one commit."""
        now = self._clock()
        self._write(replace(run, state=state, started_at=now, finished_at=now, seconds=0.0), config)

    def complete(self, run: Run) -> Run:
        """Records the run as complete; call it after all of its rows are written."""
        return self._finish(run, "complete")

    def fail(self, run: Run) -> Run:
        """Records the run as failed."""
        return self._finish(run, "failed")

    def refuse(self, run: Run) -> Run:
        """Records the run as refused by a gate; also used to withdraw a published run."""
        return self._finish(run, "refused")

    def take_lease(self, run: Run, expected: str | None) -> None:
        """Writes a new holder into the lease's row if the row is free or its holder is still `expected`.

        Read the row afterwards to see whether this job or another one got the lease.
        """
        free = F.col("target.holder").isNull() | (F.col("target.holder") == F.lit(expected))
        row = self._warehouse.rows("runs", [_row(replace(run, state="running"))])
        try:
            self._warehouse.merge("runs", row, update_where=free)
        except CONFLICTS:
            log.info("another job wrote to the lease at the same moment")

    def release_lease(self, run: Run) -> None:
        """Removes a holder from the lease's row, unless another job has replaced it."""
        now = self._clock()
        mine = F.col("target.holder") == F.lit(run.holder)
        released = replace(run, state="complete", holder=None, finished_at=now)
        self._warehouse.merge("runs", self._warehouse.rows("runs", [_row(released)]), update_where=mine)

    def find(self, run_id: str) -> Run | None:
        """The run with this id; None when it was never started."""
        row = self._warehouse.read("runs").where(F.col("run_id") == F.lit(run_id)).first()
        return None if row is None else _run(row.asDict(recursive=True))

    def latest(self, job: Job, cutoff: date | None = None) -> Run | None:
        """The complete run with the latest cutoff, or with the given one; None when there is none.

        Of several runs with the same cutoff, the one that finished last.
        """
        newest = *(F.col(name).desc() for name in ("cutoff", "finished_at", "load_number")), F.col("run_id")
        wanted = F.lit(cutoff is None) | (F.col("cutoff") == F.lit(cutoff))
        row = self._warehouse.read("runs").where(_complete(job) & wanted).orderBy(*newest).first()
        return None if row is None else _run(row.asDict(recursive=True))

    def forecast_period(self, run: Run) -> int:
        """Days that one forecast of the run covers, 1 or 7, from the configuration that the run used."""
        row = (
            self._warehouse.read("runs").where(F.col("run_id") == F.lit(run.run_id)).select("config").first()
        )
        used = {} if row is None or row["config"] is None else json.loads(row["config"])
        frequency = used.get("forecast", {}).get("frequency", "daily")
        return ForecastSettings.model_validate({"frequency": frequency}).period

    def publications(self, run_id: str | None = None) -> list[Run]:
        """The publish runs, latest first; with `run_id`, only those that published this forecast run."""
        published = F.col("job") == F.lit("publish")
        if run_id is not None:
            published &= F.col("input_fingerprint") == F.lit(run_id)
        rows = self._warehouse.read("runs").where(published).orderBy(F.col("finished_at").desc(), "run_id")
        return [_run(row.asDict(recursive=True)) for row in rows.collect()]

    def complete_forecasts(self) -> list[str]:
        """Ids of the complete forecast runs, the latest first."""
        rows = self._warehouse.read("runs").where(_complete("forecast"))
        return [str(row["run_id"]) for row in rows.orderBy(F.col("finished_at").desc(), "run_id").collect()]

    def complete_loads(self, up_to: date) -> list[str]:
        """Complete loads with an accepted line up to a day, in order."""
        in_time = F.col("min_date") <= F.lit(up_to)
        loads = self._warehouse.read("runs").where(_complete("ingest") & in_time)
        rows = loads.orderBy("load_number", "ingest_batch").select("ingest_batch").collect()
        return [str(row["ingest_batch"]) for row in rows]

    def incomplete_loads(self) -> list[Run]:
        """Loads that are still recorded as running."""
        running = (F.col("job") == "ingest") & (F.col("state") == "running")
        rows = self._warehouse.read("runs").where(running & F.col("ingest_batch").isNotNull()).collect()
        return [_run(row.asDict(recursive=True)) for row in rows]

    def last_load_counts(self, n_loads: int) -> list[Mapping[str, int]]:
        """Counts of the last complete loads, the latest first."""
        newest = F.col("load_number").desc()
        loads = self._warehouse.read("runs").where(_complete("ingest")).orderBy(newest).limit(n_loads)
        return [row["counts"] or {} for row in loads.select("counts").collect()]

    def next_load_number(self) -> int:
        """One more than the number of the last complete load; the first is 1."""
        loads = self._warehouse.read("runs").where(_complete("ingest"))
        last = loads.agg(F.max("load_number").alias("last")).first()
        return 1 + (last["last"] or 0 if last else 0)

    def _write(self, run: Run, config: Config) -> None:
        versions = {
            "config": masked_json(config),
            "code_version": code_version(),
            "library_versions": {name: version(name) for name in _LIBRARIES},
        }
        row = self._warehouse.rows("runs", [_row(run) | versions])
        if self.find(run.run_id) is None:
            self._warehouse.append("runs", row)  # takes a quarter of the time of a merge
        else:
            self._warehouse.merge("runs", row)

    def _finish(self, run: Run, state: State) -> Run:
        finished_at = self._clock()
        seconds = None if run.started_at is None else (finished_at - run.started_at).total_seconds()
        finished = replace(run, state=state, finished_at=finished_at, seconds=seconds)
        kept = ("config", "code_version", "library_versions")
        before = self._warehouse.read("runs").where(F.col("run_id") == F.lit(run.run_id)).select(*kept)
        start = before.first()
        row = _row(finished) | (start.asDict() if start else {})
        self._warehouse.merge("runs", self._warehouse.rows("runs", [row]))
        return finished


def _complete(job: Job) -> Column:
    return (F.col("job") == F.lit(job)) & (F.col("state") == F.lit("complete"))


def masked_json(config: Config) -> str:
    """The configuration as JSON, secrets masked."""
    return json.dumps(_masked(config.model_dump(mode="json"), ""), sort_keys=True, ensure_ascii=False)


def _masked(value: object, key: str) -> object:
    if isinstance(value, dict):
        return {name: _masked(below, f"{key}.{name}") for name, below in value.items()}
    return masked(key, value)


def _row(run: Run) -> dict[str, object]:
    return asdict(run) | {"gates": [asdict(gate) for gate in run.gates], "counts": dict(run.counts)}


def _run(row: Mapping[str, Any]) -> Run:
    known = {name: row[name] for name in Run.__dataclass_fields__}
    gates = tuple(Gate(**gate) for gate in row["gates"] or ())
    times = {name: _with_zone(row[name]) for name in ("started_at", "finished_at")}
    return Run(**(known | times | {"gates": gates, "counts": row["counts"] or {}}))


def _with_zone(time: datetime | None) -> datetime | None:
    """The time in UTC; PySpark returns times without a zone, in the local zone of the process."""
    return None if time is None else time.astimezone(UTC)
