"""Writes lineage events of a command and of the jobs within it."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from lepton_spark.config import Config
from lepton_spark.errors import exception_text
from lepton_spark.operations.lineage.datasets import Datasets
from lepton_spark.operations.lineage.job_runs import JobRun, event_id, job_runs
from lepton_spark.operations.lineage.job_tables import READS, SOURCES, WRITES
from lepton_spark.operations.stage_times import StageTimes
from lepton_spark.pipelines.context import JobContext
from lepton_spark.tables import TABLES

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent

log = logging.getLogger(__name__)

RUN_LOG = "runs"


@contextmanager
def traced(context: JobContext, command: str, times: StageTimes) -> Iterator[None]:
    """Appends the events of a command to `lineage.file`, if it is set; a failure to write is only logged.

    The start of the command is written at once, all else at its end, from the run log and the versions of the
    tables.
    """
    path = context.config.lineage.file
    if path is None:
        yield
        return
    now = context.clock()
    run = JobRun(f"lepton {command}", event_id(context.warehouse.path(RUN_LOG), now), now, now)
    trace = _Trace(context, path)
    trace.start(run)
    fault = None
    try:
        yield
    except BaseException as raised:
        fault = exception_text(raised)
        raise
    finally:
        trace.end(replace(run, ended_at=context.clock(), fault=fault), times)


class _Trace:
    """The events of one command; keeps the versions of the tables at its start."""

    def __init__(self, context: JobContext, path: str) -> None:
        from lepton_spark.operations.lineage import events  # noqa: PLC0415  needs an optional package

        paths = {name: context.warehouse.path(name) for name in TABLES}
        self._factory = events.EventFactory(context.config.lineage.namespace, paths)
        self._append = partial(events.append_events, path)
        self._context = context
        self._before: Mapping[str, int] = {}

    def start(self, command: JobRun) -> None:
        """Writes the start of the command."""
        try:
            self._before = _versions(self._context)
            self._append([self._factory.start(command)])
        except Exception as fault:  # noqa: BLE001 - lineage that fails must not fail the job
            log.warning("no lineage of the start of %s: %s", command.job, exception_text(fault))

    def end(self, command: JobRun, times: StageTimes) -> None:
        """Writes the events of the jobs within the command, then its end."""
        try:
            events = self._until_end(command, times)
        except Exception as fault:  # noqa: BLE001 - Spark may have failed, and with it the job
            log.warning("no lineage of the jobs of %s: %s", command.job, exception_text(fault))
            events = [self._factory.end(command)]
        try:
            self._append(events)
        except Exception as fault:  # noqa: BLE001 - lineage that fails must not fail the job
            log.warning("no lineage of %s: %s", command.job, exception_text(fault))

    def _until_end(self, command: JobRun, times: StageTimes) -> list["RunEvent"]:
        """The events of the jobs, and the end of the command with the tables that none of them wrote."""
        factory, after = self._factory, _versions(self._context)
        changed = {name for name, version in after.items() if self._before.get(name) != version}
        events, remaining = [], changed - {RUN_LOG}
        runs = self._context.runs.started_since(command.started_at)
        for run in job_runs(runs, times.ended, command):
            datasets = _datasets(self._context.config, run.job, changed, after)
            remaining -= set(datasets.written)
            events += [factory.start(run, command, datasets), factory.end(run, command, datasets)]
        others = Datasets(written=tuple(sorted(remaining)), versions=after)
        return [*events, factory.end(command, datasets=others)]


def _versions(context: JobContext) -> dict[str, int]:
    """The Delta versions of the tables that exist."""
    found = {name: context.warehouse.version(name) for name in TABLES}
    return {name: version for name, version in found.items() if version is not None}


def _datasets(config: Config, job: str, changed: set[str], versions: Mapping[str, int]) -> Datasets:
    """What a job of the run log read and wrote, by its name and the tables that changed."""
    sections = [*config.inputs, *(getattr(config, name) for name in SOURCES if name != "input")]
    sources = [section.path for section in sections] if job == "ingest" else []
    return Datasets(
        sources=tuple(path for path in sources if path is not None),
        read=tuple(name for name in READS[job] if name in versions),
        written=tuple(name for name in WRITES[job] if name in changed),
        versions=versions,
    )
