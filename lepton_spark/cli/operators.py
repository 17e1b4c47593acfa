"""Reports how a job ended: by an alert, by Prometheus figures, by lineage events."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import typer

from lepton_spark.cli.app import command_name
from lepton_spark.cli.failures.failure_words import failure_words
from lepton_spark.config import Config
from lepton_spark.errors import LeptonError
from lepton_spark.operations.alerts.alerting import alert
from lepton_spark.operations.job_end import JobEnd, State
from lepton_spark.operations.lineage.tracing import traced
from lepton_spark.operations.opening import clock
from lepton_spark.operations.prometheus import write_prometheus
from lepton_spark.operations.stage_times import StageTimes
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.ingest import IngestResult
from lepton_spark.pipelines.monitor.monitor import MonitorResult
from lepton_spark.pipelines.publish.publish import PublishResult
from lepton_spark.pipelines.report import run_report
from lepton_spark.tables import Warehouse

SCHEDULED = ("run", "ingest", "panel", "forecast", "publish", "inventory", "monitor", "maintain")
"""Commands that schedulers run: their failures are alerts. Other commands are run by people, who see them."""

MAX_WORDS = 500
"""Longest message of a failure in an alert."""


@contextmanager
def alert_if_failed(config: Config, warehouse: Warehouse | None = None) -> Iterator[None]:
    """Sends an alert if the block of a scheduled command fails."""
    try:
        yield
    except Exception as fault:
        if command_name() in SCHEDULED:
            code = fault.exit_code if isinstance(fault, LeptonError) else 1
            words = " ".join(failure_words(fault).split())[:MAX_WORDS]
            _print_faults(alert(JobEnd(command_name(), clock(), code, fault=words), config.alerts, warehouse))
        raise


@contextmanager
def traced_job(context: JobContext) -> Iterator[JobContext]:
    """The context of a job whose stages are timed and whose lineage is written."""
    times = StageTimes(context.progress, context.clock)
    timed = replace(context, progress=times)
    with traced(timed, command_name(), times):
        yield timed


def report_end(
    context: JobContext,
    exit_code: int,
    state: State | None = None,
    *,
    ingest: IngestResult | None = None,
    publish: PublishResult | None = None,
    monitoring: MonitorResult | None = None,
) -> None:
    """Sends the alert about a job that ended, and with `state` replaces the Prometheus file.

    context: that of the block in which the job ran.
    """
    end = JobEnd(
        command_name(),
        context.clock(),
        exit_code,
        state,
        refused=() if ingest is None else ingest.refused,
        why_refused=publish.why if publish is not None and publish.refused else None,
        scored=monitoring.scored[-1] if monitoring is not None and monitoring.scored else None,
        counts={} if monitoring is None else monitoring.counts,
    )
    stages = context.progress.ended if isinstance(context.progress, StageTimes) else []
    _print_faults(write_prometheus(context, end, stages))
    _print_faults(alert(end, context.config.alerts, context.warehouse))


def write_report(context: JobContext) -> None:
    """Writes `report.file` after a run, if it is set; a report that fails is named, and the run counts."""
    file = context.config.report.file
    if file is None:
        return
    try:
        typer.echo(f"report: {run_report(context, Path(file)).path}")
    except Exception as fault:  # noqa: BLE001 - the run is done, whatever happens to its report
        typer.echo(f"report {file}: not written: {failure_words(fault)}", err=True)


def _print_faults(faults: Iterable[str]) -> None:
    for fault in faults:
        typer.echo(fault, err=True)
