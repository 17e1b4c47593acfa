"""The context of a job: each stage checks the lease before it starts."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from lepton_spark.config import Config
from lepton_spark.errors import LeaseError
from lepton_spark.pipelines.context import JobContext


class Recorder:
    """A progress display and a lease that record their calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.is_held = True

    def require_held(self) -> None:
        self.calls.append("lease checked")
        if not self.is_held:
            raise LeaseError("taken over")

    @contextmanager
    def stage(self, title: str) -> Iterator[Any]:
        self.calls.append(f"{title} started")
        yield SimpleNamespace(note=lambda text: self.calls.append(f"note {text}"))
        self.calls.append(f"{title} ended")


def context_with(recorder: Recorder) -> JobContext:
    nothing: Any = None
    return JobContext(
        nothing, nothing, Config(), lambda: datetime(2021, 1, 1, tzinfo=UTC), recorder, recorder, b"secret"
    )


def test_stage_checks_the_lease_before_it_is_shown() -> None:
    recorder = Recorder()
    with context_with(recorder).stage("panel") as stage:
        stage.note("3 rows")
    assert recorder.calls == ["lease checked", "panel started", "note 3 rows", "panel ended"]


def test_stage_does_not_start_when_the_lease_is_lost() -> None:
    recorder = Recorder()
    recorder.is_held = False
    with pytest.raises(LeaseError, match="taken over"), context_with(recorder).stage("panel"):
        recorder.calls.append("work done")
    assert recorder.calls == ["lease checked"]


def test_context_does_not_show_the_privacy_key() -> None:
    assert "secret" not in repr(context_with(Recorder()))
