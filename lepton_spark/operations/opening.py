"""Opens a job from its configuration: what can fail early is checked before anything is written."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from pyspark.sql import SparkSession

from lepton_spark.config import LoadedConfig
from lepton_spark.errors import ConfigError, Fault
from lepton_spark.ingest.files.delivery import require_input
from lepton_spark.operations.extras import missing_for_operators
from lepton_spark.pipelines.context import JobContext, Progress
from lepton_spark.pipelines.maintenance.migrate import require_migratable, require_present_version
from lepton_spark.session import contradictions, open_session
from lepton_spark.tables import Warehouse

PRIVACY_KEY = "LEPTON_PRIVACY_KEY"
_INPUTS = "a file, a folder, a glob or a Delta table"
NOTHING_ACCEPTED: Mapping[str, str] = MappingProxyType({})


def open_context(
    loaded: LoadedConfig,
    progress: Progress,
    *,
    reads_input: bool,
    migrates: bool = False,
    accepted: Mapping[str, str] = NOTHING_ACCEPTED,
    started: Callable[[], None] = lambda: None,
    running: SparkSession | None = None,
) -> JobContext:
    """The context of a job that does not hold the lease yet.

    reads_input: whether the job reads `input.path`. migrates: whether tables of earlier versions are allowed.
    accepted: names of files that are loaded whatever they lose, with the reason. started: called once Spark
    runs. running: the session to use of several.

    Raises: ConfigError, SetupError, InputError.
    """
    _require_usable(loaded, reads_input=reads_input)
    config = loaded.config
    with progress.stage("start Spark"):
        spark = open_session(config.spark, "lepton_spark", running)
        started()
    warehouse = Warehouse(spark, config.warehouse.root)
    with progress.stage("check the tables and the input" if reads_input else "check the tables"):
        (require_migratable if migrates else require_present_version)(warehouse)
        if reads_input:
            require_input(spark, config.input)
    return JobContext(spark, warehouse, config, clock, progress, privacy_key=privacy_key(), accepted=accepted)


def clock() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


def privacy_key() -> bytes | None:
    """The key of customer tokens; it is read from the environment only."""
    key = os.environ.get(PRIVACY_KEY)
    return key.encode() if key else None


def _require_usable(loaded: LoadedConfig, *, reads_input: bool) -> None:
    """Raises ConfigError for settings with which the job cannot succeed."""
    faults = []
    if reads_input and loaded.config.input.path is None:
        remedy = "set it in a file of --conf, or by --set input.path=FILE"
        source, allowed = loaded.source("input.path"), f"{_INPUTS}; {remedy}"
        faults.append(Fault(source, "input.path", "nothing", allowed))
    elif reads_input and not _may_exist(loaded.config.input.path):
        found = f"nothing at {loaded.config.input.path}"
        faults.append(Fault(loaded.source("input.path"), "input.path", found, _INPUTS))
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
