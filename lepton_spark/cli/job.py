"""Opens a job: its configuration, checked before anything starts, its Spark session and its lease."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lepton_spark.cli.app import command_name
from lepton_spark.cli.failures.interrupts import AFTER_INTERRUPT
from lepton_spark.cli.messages import console
from lepton_spark.cli.operators import alert_if_failed, traced_job
from lepton_spark.config import LoadedConfig, load_config
from lepton_spark.errors import ConfigError, Fault
from lepton_spark.models.registry import known_models
from lepton_spark.operations.opening import NOTHING_ACCEPTED, open_context
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.runs.lease import Lease
from lepton_spark.report.progress import ConsoleProgress


def open_job(
    conf: list[Path] | None,
    settings: list[str] | None,
    cutoff: str | None = None,
    *,
    reads_input: bool = False,
    migrates: bool = False,
    accepted: Mapping[str, str] = NOTHING_ACCEPTED,
) -> JobContext:
    """The context of a job that does not hold the lease yet; checks everything that can fail early.

    reads_input: whether the job reads `input.path`. migrates: whether tables of earlier versions are allowed.
    accepted: names of files that are loaded whatever they lose, with the reason.

    Raises: ConfigError, SetupError, InputError.
    """
    require_settings(conf, settings)
    loaded = load(conf, settings, cutoff)
    with alert_if_failed(loaded.config):
        return open_context(
            loaded,
            ConsoleProgress(console(), time.monotonic),
            reads_input=reads_input,
            migrates=migrates,
            accepted=accepted,
            started=AFTER_INTERRUPT.watch,
        )


@contextmanager
def leased(context: JobContext, *, take_over: bool) -> Iterator[JobContext]:
    """The context of a job that may write: no other job writes to the warehouse while the block runs.

    If the block fails, an alert is sent; the lineage of the job is written in any case.

    take_over: whether to take the lease even from a job that seems to run.

    Raises: LeaseError when another job holds the lease.
    """
    folder, dead_after = context.warehouse.lease_folder(), context.config.warehouse.dead_after_seconds
    with (
        alert_if_failed(context.config, context.warehouse),
        Lease(folder, context.clock, dead_after, take_over=take_over) as lease,
        traced_job(replace(context, lease=lease)) as job,
    ):
        yield job


def require_settings(conf: list[Path] | None, settings: list[str] | None) -> None:
    """Raises ConfigError if a job is given neither files nor settings, which is an oversight."""
    if not conf and not settings:
        command = f"lepton {command_name() or 'run'} --conf conf/base.yaml mine.yaml"
        allowed = f"your configuration files, as in {command}; conf/example.yaml is one to copy and edit"
        raise ConfigError([Fault("command line", "--conf", "nothing", allowed)])


def load(conf: list[Path] | None, settings: list[str] | None, cutoff: str | None = None) -> LoadedConfig:
    """The resolved configuration; raises ConfigError with every fault."""
    return load_config(conf or [], settings or [], known_models(), cutoff)
