"""The runs of jobs within a command, from the run log and the times of stages."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

from lepton_spark.operations.stage_times import StageTime
from lepton_spark.pipelines.runs.run import Run

_NAMESPACE = UUID("6a1c52f4-0d3e-5b0b-9d58-1f6f3a1c7e11")
"""Any fixed UUID: ids are derived from it and from our own ids."""

_WITHOUT_RUN = ("inventory", "monitor")
"""Jobs that are not in the run log; each is a stage of the same title."""


@dataclass(frozen=True)
class JobRun:
    """A job that ran; run_id: a UUID. fault: why it failed, in words. tags: what names it in our tables."""

    job: str
    run_id: str
    started_at: datetime
    ended_at: datetime
    fault: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


def event_id(run_id: str, started_at: datetime) -> str:
    """A UUID for one attempt of a run, derived from its id and its start."""
    return str(uuid5(_NAMESPACE, f"{run_id} {started_at.isoformat()}"))


def job_runs(runs: Iterable[Run], stages: Iterable[StageTime], command: JobRun) -> list[JobRun]:
    """The job runs of a command in the order of their starts.

    runs: those that started during the command.
    """
    logged = [_of_log(run, run.started_at, command) for run in runs if run.started_at is not None]
    staged = _of_stages(stages, command)
    return sorted([*logged, *staged], key=lambda run: (run.started_at, run.ended_at))


def _of_log(run: Run, started_at: datetime, command: JobRun) -> JobRun:
    """The job run of a row of `runs`; one that is still running failed with its command."""
    fault = None
    if run.state == "refused":
        fault = (
            "; ".join(f"{gate.name}: found {gate.found}" for gate in run.gates if gate.failed) or "refused"
        )
    elif run.state != "complete":
        fault = command.fault or run.state
    tags = {"run_id": run.run_id, "code_version": f"{run.code_version}"}
    if run.cutoff is not None:
        tags["cutoff"] = f"{run.cutoff}"
    event = event_id(run.run_id, started_at)
    return JobRun(run.job, event, started_at, run.finished_at or command.ended_at, fault, tags)


def _of_stages(stages: Iterable[StageTime], command: JobRun) -> Iterator[JobRun]:
    """Inventory and monitoring, each from its first stage to its last."""
    of_job: dict[str, list[StageTime]] = {}
    for stage in stages:
        if stage.title in _WITHOUT_RUN:
            of_job.setdefault(stage.title, []).append(stage)
    for job, times in of_job.items():
        fault = command.fault if times[-1].failed else None
        event = event_id(f"{command.run_id} {job}", times[0].started_at)
        yield JobRun(job, event, times[0].started_at, times[-1].ended_at, fault)
