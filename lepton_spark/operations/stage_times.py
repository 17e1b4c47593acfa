"""Remembers when each stage of a job ran, while another object shows the stages to the user."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from lepton_spark.pipelines.context import Progress, Stage
from lepton_spark.pipelines.runs.run_log import Clock


@dataclass(frozen=True)
class StageTime:
    """A stage that has ended."""

    title: str
    started_at: datetime
    ended_at: datetime
    failed: bool

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended_at - self.started_at).total_seconds()


@dataclass
class StageTimes:
    """Passes stages on to `shown` and keeps the times of those that have ended."""

    shown: Progress
    clock: Clock
    ended: list[StageTime] = field(default_factory=list)

    @contextmanager
    def stage(self, title: str) -> Iterator[Stage]:
        """Shows a stage while the block runs, and keeps its times."""
        started_at, failed = self.clock(), True
        try:
            with self.shown.stage(title) as stage:
                yield stage
            failed = False
        finally:
            self.ended.append(StageTime(title, started_at, self.clock(), failed))
