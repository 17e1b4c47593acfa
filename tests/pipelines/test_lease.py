"""The lease on real tables, with real processes and heartbeat files."""

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
from lepton_spark.pipelines.runs.lease_row import Held, LeaseRow
from tests.pipelines.job_context import context_for

SINCE = datetime(2024, 5, 1, 2, tzinfo=UTC)


class Tables:
    """A warehouse and leases on it."""

    def __init__(self, spark: SparkSession, root: Path) -> None:
        self.context = context_for(spark, Config(warehouse=WarehouseSettings(root=str(root))), self.clock)
        self.warehouse = self.context.warehouse
        self.row = LeaseRow(self.warehouse)
        self.heartbeats = root / "_lease"

    def clock(self) -> datetime:
        return SINCE

    def lease(self, *, take_over: bool = False, dead_after: float = 30.0) -> Lease:
        return Lease(self.row, self.warehouse.heartbeat, self.clock, dead_after, take_over=take_over)

    def held_by(self, holder: Holder, age: float = 0.0) -> None:
        """Makes this holder take the lease, with its last heartbeat `age` seconds ago."""
        self.warehouse.heartbeat(holder.token).renew()
        then = time.time() - age
        os.utime(self.heartbeats / holder.token, (then, then))
        self.row.take(str(holder), SINCE, self.row.read())

    @property
    def holder(self) -> str | None:
        held = self.row.read()
        return None if held is None else held.holder

    def tokens(self) -> list[str]:
        there = self.heartbeats.iterdir() if self.heartbeats.exists() else ()
        return sorted(path.name for path in there if not path.name.startswith("."))


@pytest.fixture(scope="module")
def tables(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return Tables(spark, tmp_path_factory.mktemp("leased") / "tables")


def _ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_lease_is_held_by_one_job_at_a_time_and_free_afterwards(
    tables: Tables,
) -> None:
    with tables.lease():
        with pytest.raises(LeaseError) as refused, tables.lease():
            pass
        assert len(tables.tokens()) == 1
        mine = tables.holder
        tables.row.take("elsewhere/1/1/late", SINCE, Held(None, SINCE))
        assert tables.holder == mine  # a job that saw the lease free comes too late
    for words in (f"held by process {os.getpid()} on", "since 2024-05-01 02:00:00 UTC", "add --take-over"):
        assert words in str(refused.value)
    assert (tables.holder, tables.tokens()) == (None, [])
    with tables.lease():
        assert tables.holder is not None


def test_lease_is_released_even_if_its_folder_holds_a_hidden_file(tables: Tables) -> None:
    stray = tables.heartbeats / ".another.crc"
    with tables.lease():
        stray.touch()
    assert (tables.holder, tables.tokens()) == (None, [])
    assert stray.exists()
    stray.unlink()


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
        then = (tables.heartbeats / token).stat().st_mtime
        time.sleep(0.4)
        assert (tables.heartbeats / token).stat().st_mtime > then
        tables.warehouse.heartbeat(token).remove()
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
            tables.warehouse.heartbeat(token).renew()  # as if it had been about to renew
            time.sleep(0.4)
            assert token not in tables.tokens()
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
        monkeypatch.setattr(tables.row, "release", cannot)
        lease.__exit__(ValueError, fault, None)  # raises nothing, so Python raises the error of the job
        monkeypatch.undo()
    monkeypatch.setattr(tables.row, "release", cannot)
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
