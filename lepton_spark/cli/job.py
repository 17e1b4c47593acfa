"""What a job needs: its configuration, checked as far as it can be before anything starts, and Spark."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from pyspark.sql import SparkSession

from lepton_spark.cli.messages import console
from lepton_spark.config import Config, LoadedConfig, load_config
from lepton_spark.errors import ConfigError, Fault
from lepton_spark.ingest.files.delivery import require_input
from lepton_spark.models.registry import HOLIDAY_MODELS, known_models
from lepton_spark.pipelines.context import Progress
from lepton_spark.pipelines.maintenance.migrate import open_manifest, require_present_version
from lepton_spark.pipelines.runs.lease import Lease
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.report.progress import ConsoleProgress
from lepton_spark.session import contradictions, open_session
from lepton_spark.tables import Warehouse

PRIVACY_KEY = "LEPTON_PRIVACY_KEY"


class Job:
    """What every job needs, made in the order in which a fault shows soonest."""

    def __init__(
        self,
        conf: list[Path] | None,
        settings: list[str] | None,
        cutoff: str | None,
        *,
        reads_input: bool = False,
        take_over: bool = False,
        migrates: bool = False,
    ) -> None:
        loaded = load(conf, settings, cutoff)
        _require_usable(loaded, reads_input=reads_input)
        self.config: Config = loaded.config
        self.console = console()
        self.progress: Progress = ConsoleProgress(self.console, time.monotonic)
        with self.progress.stage("start Spark"):
            self.spark: SparkSession = open_session(self.config.spark, "lepton_spark")
        self.warehouse = Warehouse(self.spark, self.config.warehouse.root)
        if migrates:
            open_manifest(self.warehouse)
        else:
            require_present_version(self.warehouse)
        if reads_input:
            require_input(self.spark, self.config.input)
        self._lease = Lease(
            RunLog(self.warehouse, clock),
            self.warehouse.heartbeat,
            clock,
            self.config.warehouse.dead_after_seconds,
            take_over=take_over,
        )

    def __enter__(self) -> Self:
        """Nobody else writes while the block lasts."""
        self._lease.__enter__()
        self.progress = self._lease.guarding(self.progress)
        return self

    def __exit__(self, kind: object, fault: object, trace: object) -> None:
        """Lets others write."""
        self._lease.__exit__(kind, fault, trace)


def load(conf: list[Path] | None, settings: list[str] | None, cutoff: str | None) -> LoadedConfig:
    """The whole configuration; raises ConfigError with every fault."""
    return load_config(conf or [], settings or [], known_models(), cutoff, HOLIDAY_MODELS)


def _require_usable(loaded: LoadedConfig, *, reads_input: bool) -> None:
    """Refuses what cannot come to an end, before anything is written."""
    faults = []
    if reads_input and loaded.config.input.path is None:
        source, allowed = loaded.source("input.path"), "a file, a folder, a glob or a Delta table"
        faults.append(Fault(source, "input.path", "nothing", allowed))
    faults += [
        Fault(loaded.source(f"spark.options.{key}"), f"spark.options.{key}", repr(found), allowed)
        for key, found, allowed in contradictions(loaded.config.spark)
    ]
    root = loaded.config.warehouse.root
    if not _can_hold_tables(root):
        faults.append(
            Fault(loaded.source("warehouse.root"), "warehouse.root", repr(root), "a folder to write to")
        )
    if faults:
        raise ConfigError(faults)


def _can_hold_tables(root: str) -> bool:
    """Whether a local root can be written to; of an object store only the store can tell."""
    if "://" in root:
        return True
    path = Path(root.removeprefix("file:")).absolute()
    nearest = next(folder for folder in (path, *path.parents) if folder.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK)


def clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def privacy_key() -> bytes | None:
    """The key of keyed hashes, from the environment and nowhere else."""
    key = os.environ.get(PRIVACY_KEY)
    return key.encode() if key else None
