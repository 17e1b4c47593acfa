"""The context of a job: Spark, warehouse, configuration, clock, progress and lease."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

from pyspark.sql import SparkSession

from lepton_spark.config import Config
from lepton_spark.pipelines.runs.run_log import Clock, RunLog
from lepton_spark.tables import Warehouse


class Stage(Protocol):
    """A stage that is running."""

    def note(self, text: str) -> None:
        """Adds a result to the stage's progress line."""


class Progress(Protocol):
    """Shows the stages of a job."""

    def stage(self, title: str) -> AbstractContextManager[Stage]:
        """Shows a stage while the block runs."""


class HeldLease(Protocol):
    """The right to write to the warehouse."""

    def require_held(self) -> None:
        """Raises LeaseError when another job has taken the lease over."""


class _NullStage:
    def note(self, text: str) -> None:
        """Discards the note."""


class NoProgress:
    """Shows nothing."""

    def stage(self, title: str) -> AbstractContextManager[Stage]:  # noqa: ARG002 - nothing is shown
        """A stage that is not shown."""
        return nullcontext(_NullStage())


class NoLease:
    """Checks nothing: for commands that write nothing, and for tests."""

    def require_held(self) -> None:
        """Never raises."""


@dataclass(frozen=True)
class JobContext:
    """The session, warehouse, configuration and services that every pipeline needs.

    privacy_key: the key of customer tokens; None when it is not set. accepted: names of files that are
    loaded whatever they lose, with the reason. verify: whether known files are read again to compare their
    content, instead of name, size and time of change.
    """

    spark: SparkSession
    warehouse: Warehouse
    config: Config
    clock: Clock
    progress: Progress = field(default_factory=NoProgress)
    lease: HeldLease = field(default_factory=NoLease)
    privacy_key: bytes | None = field(default=None, repr=False)
    accepted: Mapping[str, str] = field(default_factory=dict)
    verify: bool = False

    @cached_property
    def runs(self) -> RunLog:
        """The run log; the pipelines of a job share it, so that it is read once."""
        return RunLog(self.warehouse, self.clock)

    def with_config(self, config: Config) -> "JobContext":
        """The context with another configuration, and with the same run log."""
        other = replace(self, config=config)
        vars(other)["runs"] = self.runs  # as cached_property would store it
        return other

    @contextmanager
    def stage(self, title: str) -> Iterator[Stage]:
        """Runs the block as a stage that is shown to the user, if this job still holds the lease.

        Raises: LeaseError when another job has taken the lease over.
        """
        self.lease.require_held()
        with self.progress.stage(title) as stage:
            yield stage
