"""The manifest: what a run is called, and the row of `runs` that says how it went."""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from delta import exceptions as conflicts
from pyspark.sql import functions as F

from lepton_spark import __version__
from lepton_spark.config import Config, ForecastSettings
from lepton_spark.config.secrets import masked
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
"""What Delta raises when another commit came first."""

Clock = Callable[[], datetime]
"""Gives the present instant, with its zone; passed in by the command."""

_RESULT_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "ingest": ("input",),
    "forecast": ("plans", "products", "stock", "priors", "panel", "forecast", "backtest"),
    "publish": ("gates", "publish"),
}
_NOT_RESULTS = {
    **{name: {"path"} for name in ("input", "plans", "products", "stock", "priors")},
    "forecast": {"cutoff"},
}
"""Where files lie changes no result, and a run's cutoff enters its id by itself."""

_LIBRARIES = ("pyspark", "delta-spark", "numpy", "pandas", "pyarrow", "scikit-learn")


@dataclass(frozen=True)
class Gate:
    """One condition of publishing: what was found and what is allowed, in words."""

    name: str
    passed: bool
    found: str
    allowed: str


@dataclass(frozen=True)
class Run:
    """A row of `runs`; instants with their zone."""

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
    """Writes and finds the rows of `runs`, one commit each."""

    def __init__(self, warehouse: Warehouse, clock: Clock) -> None:
        self._warehouse = warehouse
        self._clock = clock

    def start(self, run: Run, config: Config) -> Run:
        """Records the run as running, with its configuration and versions, in place of an earlier try."""
        started = replace(run, state="running", started_at=self._clock(), finished_at=None, seconds=None)
        self._write(started, config)
        return started

    def record(self, run: Run, state: State, config: Config) -> None:
        """Records a run that begins and ends at once, in one commit."""
        now = self._clock()
        self._write(replace(run, state=state, started_at=now, finished_at=now, seconds=0.0), config)

    def complete(self, run: Run) -> Run:
        """Records that all of the run's rows are written: to be called after them."""
        return self._finish(run, "complete")

    def fail(self, run: Run) -> Run:
        """Records that the run came to nothing."""
        return self._finish(run, "failed")

    def refuse(self, run: Run) -> Run:
        """Records that a gate refused the run, before or after it had an effect."""
        return self._finish(run, "refused")

    def hold(self, run: Run, seen: str | None) -> None:
        """Puts a holder into the lease's row unless another has since `seen`; who has it is to be read."""
        free = F.col("target.holder").isNull() | (F.col("target.holder") == F.lit(seen))
        row = self._warehouse.rows("runs", [_row(replace(run, state="running"))])
        try:
            self._warehouse.merge("runs", row, update_where=free)
        except CONFLICTS:
            log.info("another job wrote to the lease at the same moment")

    def free(self, run: Run) -> None:
        """Takes a holder out of the lease's row, if it still stands there."""
        now = self._clock()
        mine = F.col("target.holder") == F.lit(run.holder)
        ended = replace(run, state="complete", holder=None, finished_at=now)
        self._warehouse.merge("runs", self._warehouse.rows("runs", [_row(ended)]), update_where=mine)

    def find(self, run_id: str) -> Run | None:
        """The run of that id; None when it was never started."""
        row = self._warehouse.read("runs").where(F.col("run_id") == F.lit(run_id)).first()
        return None if row is None else _run(row.asDict(recursive=True))

    def period(self, run: Run) -> int:
        """Days that one forecast of a run is for, by the configuration it ran with, not the present one."""
        row = (
            self._warehouse.read("runs").where(F.col("run_id") == F.lit(run.run_id)).select("config").first()
        )
        told = {} if row is None or row["config"] is None else json.loads(row["config"])
        frequency = told.get("forecast", {}).get("frequency", "daily")
        return ForecastSettings.model_validate({"frequency": frequency}).period

    def publications(self, run_id: str | None = None) -> list[Run]:
        """Records of publishing, of one forecast run where it is named; the last first."""
        published = F.col("job") == F.lit("publish")
        if run_id is not None:
            published &= F.col("input_fingerprint") == F.lit(run_id)
        rows = self._warehouse.read("runs").where(published).orderBy(F.col("finished_at").desc(), "run_id")
        return [_run(row.asDict(recursive=True)) for row in rows.collect()]

    def latest(self, job: Job, cutoff: date | None = None) -> Run | None:
        """The complete run of the latest cutoff, or of the one given; of several the last; None without."""
        complete = (F.col("job") == F.lit(job)) & (F.col("state") == F.lit("complete"))
        newest = *(F.col(name).desc() for name in ("cutoff", "finished_at", "load_number")), F.col("run_id")
        asked = F.lit(cutoff is None) | (F.col("cutoff") == F.lit(cutoff))
        row = self._warehouse.read("runs").where(complete & asked).orderBy(*newest).first()
        return None if row is None else _run(row.asDict(recursive=True))

    def _write(self, run: Run, config: Config) -> None:
        manifest = {
            "config": masked_json(config),
            "code_version": code_version(),
            "library_versions": {name: version(name) for name in _LIBRARIES},
        }
        row = self._warehouse.rows("runs", [_row(run) | manifest])
        if self.find(run.run_id) is None:
            self._warehouse.append("runs", row)  # a quarter of a merge's time
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


def run_id_for(job: Job, cutoff: date | None, config: Config, fingerprint: str) -> str:
    """A hash of all that a run's results depend on."""
    sections = {name: _result_settings(config, name) for name in _RESULT_SECTIONS[job]}
    return _digest([job, str(cutoff), json.dumps(sections, sort_keys=True), code_version(), fingerprint])


def complete_batches(warehouse: Warehouse, up_to: date | None) -> list[str]:
    """The complete loads with lines dated up to a day, in their order; all with lines when it is None."""
    complete = (F.col("job") == F.lit("ingest")) & (F.col("state") == F.lit("complete"))
    in_time = F.col("min_date").isNotNull() if up_to is None else F.col("min_date") <= F.lit(up_to)
    loads = warehouse.read("runs").where(complete & in_time).orderBy("load_number", "ingest_batch")
    return [str(row["ingest_batch"]) for row in loads.select("ingest_batch").collect()]


def fingerprint_of(batches: Sequence[str]) -> str:
    """A hash of loads in their order."""
    return _digest(batches)


@cache
def code_version() -> str:
    """The package's version and a digest of its sources, so that an edited checkout is another version."""
    root = files("lepton_spark")
    digest = hashlib.sha256()
    for name, source in sorted(_sources(root, "")):
        digest.update(name.encode() + b"\0" + source.read_bytes() + b"\0")
    return f"{__version__}+{digest.hexdigest()[:12]}"


def masked_json(config: Config) -> str:
    """The configuration as JSON, secrets masked."""
    return json.dumps(_masked(config.model_dump(mode="json"), ""), sort_keys=True, ensure_ascii=False)


def _masked(value: object, key: str) -> object:
    if isinstance(value, dict):
        return {name: _masked(below, f"{key}.{name}") for name, below in value.items()}
    return masked(key, value)


def _sources(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found.extend(_sources(entry, f"{prefix}{entry.name}/"))
        elif entry.name.endswith(".py"):
            found.append((f"{prefix}{entry.name}", entry))
    return found


def _result_settings(config: Config, section: str) -> dict[str, Any]:
    settings: dict[str, Any] = getattr(config, section).model_dump(mode="json")
    return {key: value for key, value in settings.items() if key not in _NOT_RESULTS.get(section, ())}


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(list(parts)).encode()).hexdigest()[:32]


def _row(run: Run) -> dict[str, object]:
    return asdict(run) | {"gates": [asdict(gate) for gate in run.gates], "counts": dict(run.counts)}


def _run(row: Mapping[str, Any]) -> Run:
    known = {name: row[name] for name in Run.__dataclass_fields__}
    gates = tuple(Gate(**gate) for gate in row["gates"] or ())
    instants = {name: _with_zone(row[name]) for name in ("started_at", "finished_at")}
    return Run(**(known | instants | {"gates": gates, "counts": row["counts"] or {}}))


def _with_zone(instant: datetime | None) -> datetime | None:
    """PySpark hands instants over in the process's own zone, without saying so."""
    return None if instant is None else instant.astimezone(UTC)
