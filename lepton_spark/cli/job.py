"""Opens a job: its configuration, checked before anything starts, its Spark session and its lease."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from lepton_spark.cli.app import command_name
from lepton_spark.cli.failures.interrupts import AFTER_INTERRUPT
from lepton_spark.cli.messages import console
from lepton_spark.cli.operators import alert_if_failed, clock, traced_job
from lepton_spark.config import LoadedConfig, load_config
from lepton_spark.errors import ConfigError, Fault
from lepton_spark.ingest.files.delivery import require_input
from lepton_spark.models.registry import known_models
from lepton_spark.operations.extras import missing_for_operators
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.maintenance.migrate import require_migratable, require_present_version
from lepton_spark.pipelines.runs.lease import Lease
from lepton_spark.report.progress import ConsoleProgress
from lepton_spark.session import contradictions, open_session
from lepton_spark.tables import Warehouse

PRIVACY_KEY = "LEPTON_PRIVACY_KEY"
_INPUTS = "a file, a folder, a glob or a Delta table"
NOTHING_ACCEPTED: Mapping[str, str] = MappingProxyType({})


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
        return _open(loaded, reads_input=reads_input, migrates=migrates, accepted=accepted)


def _open(
    loaded: LoadedConfig, *, reads_input: bool, migrates: bool, accepted: Mapping[str, str]
) -> JobContext:
    _require_usable(loaded, reads_input=reads_input)
    config = loaded.config
    progress = ConsoleProgress(console(), time.monotonic)
    with progress.stage("start Spark"):
        spark = open_session(config.spark, "lepton_spark")
        AFTER_INTERRUPT.watch()
    warehouse = Warehouse(spark, config.warehouse.root)
    with progress.stage("check the tables and the input" if reads_input else "check the tables"):
        (require_migratable if migrates else require_present_version)(warehouse)
        if reads_input:
            for source in config.inputs:
                require_input(spark, source)
    return JobContext(spark, warehouse, config, clock, progress, privacy_key=privacy_key(), accepted=accepted)


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


def _require_usable(loaded: LoadedConfig, *, reads_input: bool) -> None:
    """Raises ConfigError for settings with which the job cannot succeed."""
    faults: list[Fault] = []
    if reads_input:
        faults += _missing_input(loaded)
    faults += [
        Fault(loaded.source(f"spark.options.{key}"), f"spark.options.{key}", repr(found), allowed)
        for key, found, allowed in contradictions(loaded.config.spark)
    ]
    faults += missing_for_operators(loaded)
    root = loaded.config.warehouse.root
    if not _can_hold_tables(root):
        faults.append(
            Fault(loaded.source("warehouse.root"), "warehouse.root", repr(root), "a folder to write to")
        )
    if faults:
        raise ConfigError(faults)


def _missing_input(loaded: LoadedConfig) -> Iterator[Fault]:
    """The sources without a path, or with nothing at it."""
    for number, settings in enumerate(loaded.config.inputs):
        key = loaded.config.input_key(number, "path")
        if settings.path is None:
            allowed = f"{_INPUTS}; set it in a file of --conf, or by --set {key}=FILE"
            yield Fault(loaded.source(key), key, "nothing", allowed)
        elif not _may_exist(settings.path):
            yield Fault(loaded.source(key), key, f"nothing at {settings.path}", _INPUTS)


def _may_exist(path: str | None) -> bool:
    """Whether there is something at a local path; True for globs, other stores and packages."""
    local = (path or "").removeprefix("file:")
    return ":" in local or any(sign in local for sign in "*?[{") or Path(local).exists()


def _can_hold_tables(root: str) -> bool:
    """Whether a local root is writable; True for an object store, which cannot be checked here."""
    if "://" in root:
        return True
    path = Path(root.removeprefix("file:")).absolute()
    nearest = next(folder for folder in (path, *path.parents) if folder.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK)


def privacy_key() -> bytes | None:
    """The key of customer tokens; it is read from the environment only."""
    key = os.environ.get(PRIVACY_KEY)
    return key.encode() if key else None
