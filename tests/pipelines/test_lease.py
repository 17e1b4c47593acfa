"""The lease on a real folder, with real processes, lease files and heartbeats."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import Config, WarehouseSettings
from lepton_spark.errors import LeaseError
from lepton_spark.pipelines.runs.holder import Holder
from lepton_spark.pipelines.runs.lease import Lease
from lepton_spark.tables.delta.lease_folder import Heartbeat
from tests.pipelines.job_context import context_for

SINCE = datetime(2024, 5, 1, 2, tzinfo=UTC)


class Tables:
    """A warehouse and leases on it."""

    def __init__(self, spark: SparkSession, root: Path) -> None:
        self.context = context_for(spark, Config(warehouse=WarehouseSettings(root=str(root))), self.clock)
        self.warehouse = self.context.warehouse
        self.files = self.warehouse.lease_folder()
        self.folder = root / "_lease"

    def clock(self) -> datetime:
        return SINCE

    def lease(self, *, take_over: bool = False, dead_after: float = 30.0) -> Lease:
        return Lease(self.warehouse.lease_folder(), self.clock, dead_after, take_over=take_over)

    def held_by(self, holder: Holder, age: float = 0.0) -> None:
        """Makes this holder take the lease, with its last heartbeat `age` seconds ago."""
        self.files.heartbeat(holder.token).renew()
        then = time.time() - age
        os.utime(self.folder / holder.token, (then, then))
        text = json.dumps({"holder": str(holder), "since": SINCE.isoformat()})
        assert self.files.create(self.files.last_number() + 1, text)

    @property
    def holder(self) -> str | None:
        """Of the last lease file, if it has a heartbeat."""
        last = self.files.last()
        holder = None if last is None else str(json.loads(last.text)["holder"])
        return holder if holder is not None and holder.rpartition("/")[2] in self.tokens() else None

    def tokens(self) -> list[str]:
        return [name for name in self._names() if not name.isdecimal()]

    def lease_files(self) -> list[str]:
        return [name for name in self._names() if name.isdecimal()]

    def _names(self) -> list[str]:
        there = self.folder.iterdir() if self.folder.exists() else ()
        return sorted(path.name for path in there if not path.name.startswith("."))


@pytest.fixture(scope="module")
def tables(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return Tables(spark, tmp_path_factory.mktemp("leased") / "tables")


def _ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_lease_is_held_by_one_job_at_a_time_and_free_afterwards(tables: Tables) -> None:
    with tables.lease():
        with pytest.raises(LeaseError) as refused, tables.lease():
            pass
        assert len(tables.tokens()) == 1
        assert tables.holder is not None
    for words in (f"held by process {os.getpid()} on", "since 2024-05-01 02:00:00 UTC", "add --take-over"):
        assert words in str(refused.value)
    assert (tables.holder, tables.tokens()) == (None, [])
    with tables.lease():
        assert tables.holder is not None
    assert len(tables.lease_files()) == 1  # earlier ones are deleted


def test_released_lease_is_taken_without_a_warning(tables: Tables, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        with tables.lease():
            pass
    assert not caplog.records


@pytest.fixture
def late(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> Lease:
    """A job that has seen the lease free, and has not taken it yet."""
    with tables.lease():
        pass
    job, free = tables.lease(), tables.files.last()
    monkeypatch.setattr(job, "_last", lambda: free)
    return job


def test_job_that_saw_the_lease_free_and_comes_late_does_not_get_it(tables: Tables, late: Lease) -> None:
    with tables.lease() as first:
        with pytest.raises(LeaseError, match="taken by another job at the same moment"), late:
            pass
        first.require_held()
        assert len(tables.tokens()) == 1


def test_job_that_comes_late_by_two_jobs_finds_its_number_deleted_and_does_not_get_the_lease(
    tables: Tables, late: Lease
) -> None:
    with tables.lease():
        pass
    with tables.lease() as second:
        with pytest.raises(LeaseError, match="taken by another job at the same moment"), late:
            pass
        second.require_held()


@pytest.mark.parametrize("text", ["", '{"holder": "els'], ids=["empty", "half"])
def test_lease_file_that_was_never_written_is_taken_over_when_it_is_old(tables: Tables, text: str) -> None:
    number = tables.files.last_number() + 1
    assert tables.files.create(number, text)
    with pytest.raises(LeaseError, match="held by an unknown process, last heartbeat"), tables.lease():
        pass
    then = time.time() - 60.0
    os.utime(tables.folder / f"{number:08d}", (then, then))
    with tables.lease():
        assert tables.holder is not None


@pytest.mark.parametrize(
    ("host", "process", "age", "take_over", "taken"),
    [
        ("elsewhere", 1, 0.0, False, False),
        ("elsewhere", 1, 60.0, False, True),  # no heartbeat for more than 30 s
        ("elsewhere", 1, 0.0, True, True),
        (None, None, 0.0, False, True),  # a process of this host that has ended
    ],
    ids=["alive", "no_heartbeat", "take_over", "exited"],
)
def test_lease_of_a_dead_job_is_taken_over_and_of_a_living_one_is_not(
    tables: Tables, host: str | None, process: int | None, age: float, take_over: bool, taken: bool
) -> None:
    me = Holder.this_process()
    holder = Holder(host or me.host, process or _ended_process(), me.started, f"token{age}{take_over}{host}")
    tables.held_by(holder, age)
    if taken:
        with tables.lease(take_over=take_over):
            assert tables.holder not in (None, str(holder))
            assert holder.token not in tables.tokens()
        assert tables.holder is None
    else:
        with pytest.raises(LeaseError, match="process 1 on elsewhere"), tables.lease():
            pass
        assert tables.holder == str(holder)
        with tables.lease(take_over=True):
            pass


def test_holder_renews_its_heartbeat_until_the_lease_is_taken_over(tables: Tables) -> None:
    with tables.lease(dead_after=1.0):
        (token,) = tables.tokens()
        then = (tables.folder / token).stat().st_mtime
        time.sleep(0.4)
        assert (tables.folder / token).stat().st_mtime > then
        tables.files.heartbeat(token).remove()
        time.sleep(0.4)
        assert tables.tokens() == []


def test_job_whose_lease_was_taken_over_starts_no_stage_and_keeps_the_new_holder(tables: Tables) -> None:
    with tables.lease(dead_after=600.0) as first:  # no further heartbeat during this test
        (token,) = tables.tokens()
        context = replace(tables.context, lease=first)
        with context.stage("before"):
            pass
        with tables.lease(take_over=True, dead_after=1.0):
            with pytest.raises(LeaseError, match="taken over by another job"), context.stage("after"):
                pass
            second = tables.holder
            tables.files.heartbeat(token).renew()  # as if it had been about to renew
            with pytest.raises(LeaseError, match="taken over by another job"), context.stage("after"):
                pass
            first.__exit__(None, None, None)
            assert tables.holder == second


def test_error_of_the_job_is_raised_even_if_the_lease_cannot_be_released(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*_: object) -> None:
        raise OSError(28, "No space left on device")

    lease = tables.lease(dead_after=600.0)
    fault = ValueError("the job's own")
    with lease:
        monkeypatch.setattr(Heartbeat, "remove", cannot)
        lease.__exit__(ValueError, fault, None)  # raises nothing, so Python raises the error of the job
        monkeypatch.undo()
    monkeypatch.setattr(Heartbeat, "remove", cannot)
    with pytest.raises(OSError, match="No space left"):
        lease.__exit__(None, None, None)
    monkeypatch.undo()
    lease.__exit__(None, None, None)
    assert tables.holder is None


def test_of_two_jobs_at_the_same_moment_one_gets_the_lease(tables: Tables) -> None:
    begin, done = threading.Barrier(2), threading.Barrier(2)
    outcomes: list[str] = []

    def work() -> None:
        begin.wait()
        try:
            with tables.lease(dead_after=60.0):
                outcomes.append("held")
                done.wait(timeout=60)
        except LeaseError:
            outcomes.append("refused")
            done.wait(timeout=60)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["held", "refused"]
    assert (tables.holder, tables.tokens()) == (None, [])
