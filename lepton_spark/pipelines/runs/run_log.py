"""The run log: the rows of `runs`, one for each run of a job."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, fields, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from pyspark.sql import Column, Row
from pyspark.sql import functions as F

from lepton_spark.config import Config, ForecastSettings
from lepton_spark.gates import Gate
from lepton_spark.pipelines.runs.recorded_config import USED, VERSIONS, Used, used_settings, versions_of
from lepton_spark.pipelines.runs.run import Run, row_of, run_of
from lepton_spark.pipelines.runs.run_id import code_version
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.run_tables import Job, State

Clock = Callable[[], datetime]
"""Returns the current time with its time zone."""

FORECASTS: tuple[Job, ...] = ("forecast", "challenger")
"""The jobs that forecast; what a challenger has learned counts for other runs of the same settings."""

_NEVER = datetime.min.replace(tzinfo=UTC)


class RunLog:
    """Reads and writes the rows of `runs`: one commit for each run, when it has finished.

    Until then the run is a file of `warehouse.started_runs()`. Rows are read once: only this job writes to
    the table as long as it holds the lease.
    """

    def __init__(self, warehouse: Warehouse, clock: Clock) -> None:
        self._warehouse = warehouse
        self._started = warehouse.started_runs()
        self._clock = clock

    def start(self, run: Run, config: Config) -> Run:
        """Records the run as running, with its configuration and versions; replaces an earlier attempt."""
        by_this = replace(run, state="running", code_version=code_version())
        started = replace(by_this, started_at=self._clock(), finished_at=None, seconds=None)
        for run_id in self._running:
            if self._runs[run_id].state != "running":  # its job died before it could remove the file
                self._started.remove(run_id)
        row = row_of(started) | versions_of(config)
        self._started.write(row)
        self._runs[run.run_id], self._used[run.run_id] = started, used_settings(row["config"])
        self._running[run.run_id] = row
        return started

    def record(self, run: Run, state: State, config: Config) -> None:
        """Records a run in one commit, when it finishes: its `started_at` is when it began, default now."""
        now = self._clock()
        started_at = run.started_at or now
        by_this = replace(run, state=state, code_version=code_version())
        seconds = (now - started_at).total_seconds()
        finished = replace(by_this, started_at=started_at, finished_at=now, seconds=seconds)
        self._write(finished, versions_of(config))

    def complete(self, run: Run) -> Run:
        """Records a started run as complete; call it after all of its rows are written."""
        return self._finish(run, "complete")

    def fail(self, run: Run) -> Run:
        """Records a started run as failed."""
        return self._finish(run, "failed")

    def refuse(self, run: Run) -> Run:
        """Records a started run as refused by a gate."""
        return self._finish(run, "refused")

    def withdraw(self, run: Run, gate: Gate) -> None:
        """Records a publish run as refused by one more gate; its times do not change."""
        withdrawn = replace(run, state="refused", gates=(*run.gates, gate))
        gates = (
            F.struct(*(F.lit(value).alias(name) for name, value in asdict(one).items()))
            for one in withdrawn.gates
        )
        self._update(withdrawn, {"gates": F.array(*gates)})

    def find(self, run_id: str) -> Run | None:
        """The run with this id; None when it was never started."""
        return self._runs.get(run_id)

    def is_complete(self, run_id: str) -> bool:
        """Whether the run with this id has completed."""
        run = self.find(run_id)
        return run is not None and run.state == "complete"

    def latest(self, job: Job, cutoff: date | None = None) -> Run | None:
        """The complete run with the latest cutoff, or with the given one; None when there is none.

        Of several runs with the same cutoff, the one that finished last.
        """
        runs = _latest_first(self._complete(job))
        return max(
            (run for run in runs if cutoff in (None, run.cutoff)),
            key=lambda run: (run.cutoff or date.min, run.finished_at or _NEVER, run.load_number or 0),
            default=None,
        )

    def before(self, cutoff: date, settings_id: str) -> Run | None:
        """The complete forecast run of these settings with the latest cutoff before the given one, if any.

        Of several runs with that cutoff, the one that finished last.
        """
        complete = _latest_first(self._complete(*FORECASTS))
        earlier = (run for run in complete if run.settings_id == settings_id)
        return max(
            (run for run in earlier if run.cutoff is not None and run.cutoff < cutoff),
            key=lambda run: run.cutoff or date.min,
            default=None,
        )

    def full_run(self, cutoff: date, settings_id: str) -> Run | None:
        """The full forecast run whose models a run may keep: of these settings and the present code.

        The one with the latest cutoff up to the given one; of several, the one that finished last.
        """
        full = (
            run
            for run in _latest_first(self._complete(*FORECASTS))
            if run.refit_run_id is None
            and (run.settings_id, run.code_version) == (settings_id, code_version())
            and run.cutoff is not None
            and run.cutoff <= cutoff
        )
        return max(full, key=lambda run: run.cutoff or date.min, default=None)

    def with_models_of(self, full_run_id: str) -> set[str]:
        """Ids of the complete runs with the models of a full run, itself included."""
        runs = self._complete(*FORECASTS)
        return {run.run_id for run in runs if full_run_id in (run.run_id, run.refit_run_id)}

    def refits_of(self, run_ids: Iterable[str]) -> set[str]:
        """Ids of the full runs whose models these runs use."""
        runs = (self._runs[run_id] for run_id in run_ids if run_id in self._runs)
        return {run.refit_run_id for run in runs if run.refit_run_id is not None}

    def forecast_period(self, run: Run) -> int:
        """Days that one forecast of the run covers, 1 or 7, from the configuration that the run used."""
        frequency = self._used[run.run_id]["frequency"] or "daily"
        return ForecastSettings.model_validate({"frequency": frequency}).period

    def mappings(self, batches: Collection[str]) -> list[Used]:
        """What the configurations of these loads set, each once."""
        loads = [run for run in self._runs.values() if run.job == "ingest" and run.ingest_batch in batches]
        return [dict(items) for items in {tuple(self._used[run.run_id].items()) for run in loads}]

    def publications(self, run_id: str | None = None) -> list[Run]:
        """The publish runs, latest first; with `run_id`, only those that published this forecast run."""
        published = [run for run in self._runs.values() if run.job == "publish"]
        return _latest_first(run for run in published if run_id in (None, run.input_fingerprint))

    def started_since(self, time: datetime) -> list[Run]:
        """The runs that started at this time or later, in no order."""
        return [run for run in self._runs.values() if run.started_at is not None and run.started_at >= time]

    def by_cutoff(self, job: Job, settings_id: str) -> dict[date, Run]:
        """The complete runs of these settings by their cutoff; of several, the one that finished last."""
        runs = [run for run in _latest_first(self._complete(job)) if run.settings_id == settings_id]
        return {run.cutoff: run for run in reversed(runs) if run.cutoff is not None}

    def complete_forecasts(self, job: Job = "forecast") -> list[str]:
        """Ids of the complete runs of a forecasting job, the latest first."""
        return [run.run_id for run in _latest_first(self._complete(job))]

    def complete_loads(self, up_to: date) -> list[str]:
        """Complete loads with an accepted line up to a day, in order."""
        loads = [run for run in self._loads() if run.min_date is not None and run.min_date <= up_to]
        return [str(run.ingest_batch) for run in loads]

    def incomplete_loads(self) -> list[Run]:
        """Loads that are still recorded as running."""
        loads = [run for run in self._runs.values() if run.job == "ingest" and run.ingest_batch is not None]
        return [run for run in loads if run.state == "running"]

    def last_load_counts(self, n_loads: int) -> list[Mapping[str, int]]:
        """Counts of the last complete loads, the latest first."""
        return [run.counts for run in reversed(self._loads()[-n_loads:])]

    def next_load_number(self) -> int:
        """One more than the number of the last complete load; the first is 1."""
        return 1 + max((run.load_number or 0 for run in self._loads()), default=0)

    @cached_property
    def _rows(self) -> list[Row]:
        """Every row; without configurations, which would take most of the memory."""
        columns = [column.name for column in fields(Run)]
        used = (F.get_json_object("config", path).alias(name) for name, path in USED.items())
        return self._warehouse.read("runs").select(*columns, F.struct(*used).alias("used")).collect()

    @cached_property
    def _running(self) -> dict[str, dict[str, Any]]:
        """The rows of started runs by their ids."""
        return self._started.read()

    @cached_property
    def _runs(self) -> dict[str, Run]:
        """Every run by its id; a file of a started run counts unless the table has that run."""
        runs = {row["run_id"]: run_of(row.asDict(recursive=True)) for row in self._rows}
        for run in map(run_of, self._running.values()):
            if run.run_id not in runs or runs[run.run_id].started_at != run.started_at:
                runs[run.run_id] = run
        return runs

    @cached_property
    def _stored(self) -> set[str]:
        """The ids of runs in the table."""
        return {row["run_id"] for row in self._rows}

    @cached_property
    def _used(self) -> dict[str, Used]:
        """What later jobs need of each run's configuration."""
        stored = {row["run_id"]: row["used"].asDict() for row in self._rows}
        return stored | {run_id: used_settings(row["config"]) for run_id, row in self._running.items()}

    def _complete(self, *jobs: Job) -> list[Run]:
        return [run for run in self._runs.values() if run.job in jobs and run.state == "complete"]

    def _loads(self) -> list[Run]:
        """Complete loads in order."""
        return sorted(self._complete("ingest"), key=lambda run: (run.load_number or 0, run.ingest_batch))

    def _write(self, run: Run, versions: Mapping[str, Any]) -> None:
        row = self._warehouse.rows("runs", [row_of(run) | dict(versions)])
        write = self._warehouse.merge if run.run_id in self._stored else self._warehouse.append
        write("runs", row)
        self._stored.add(run.run_id)
        self._runs[run.run_id] = run
        self._used[run.run_id] = used_settings(versions["config"])

    def _finish(self, run: Run, state: State) -> Run:
        finished_at = self._clock()
        seconds = None if run.started_at is None else (finished_at - run.started_at).total_seconds()
        finished = replace(run, state=state, finished_at=finished_at, seconds=seconds)
        started = self._running.pop(run.run_id, None)
        if started is None:  # schema version 9 wrote the row when the run started
            maps = {"counts": _map(run.counts).cast("map<string, bigint>")}
            self._update(finished, maps)
        else:
            self._write(finished, {name: started[name] for name in VERSIONS})
            self._started.remove(run.run_id)
        return finished

    def _update(self, run: Run, values: Mapping[str, Column]) -> None:
        """Writes what may change in a recorded run."""
        plain = ("state", "finished_at", "seconds", "min_date", "max_date")
        known = {name: F.lit(getattr(run, name)) for name in plain}
        self._warehouse.update("runs", F.col("run_id") == F.lit(run.run_id), known | dict(values))
        self._runs[run.run_id] = run


def _map(values: Mapping[str, object]) -> Column:
    return F.create_map(*(F.lit(part) for pair in values.items() for part in pair))


def _latest_first(runs: Iterable[Run]) -> list[Run]:
    by_id = sorted(runs, key=lambda run: run.run_id)
    return sorted(by_id, key=lambda run: run.finished_at or _NEVER, reverse=True)
