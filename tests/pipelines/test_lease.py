"""Who may write: on real tables, with real processes and files."""

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lepton_spark.errors import LeaseError
from lepton_spark.pipelines.context import SilentProgress
from lepton_spark.pipelines.runs.lease import LEASE, Holder, Lease
from lepton_spark.pipelines.runs.run_log import Run, RunLog
from lepton_spark.tables import Warehouse

SINCE = datetime(2024, 5, 1, 2, tzinfo=UTC)


class Tables:
    """A warehouse of its own, and leases on it."""

    def __init__(self, spark: SparkSession, root: Path) -> None:
        self.warehouse = Warehouse(spark, str(root))
        self.runs = RunLog(self.warehouse, self.clock)
        self.signs = root / "_lease"

    def clock(self) -> datetime:
        return SINCE

    def lease(self, *, take_over: bool = False, dead_after: float = 30.0) -> Lease:
        return Lease(self.runs, self.warehouse.heartbeat, self.clock, dead_after, take_over=take_over)

    def held_by(self, holder: Holder, age: float = 0.0) -> None:
        """As if that holder had taken the lease, and given its last sign so long ago."""
        self.warehouse.heartbeat(holder.token).renew()
        then = time.time() - age
        os.utime(self.signs / holder.token, (then, then))
        free = self.runs.find(LEASE)
        self.runs.hold(
            Run(LEASE, "lease", holder=str(holder), started_at=SINCE), free.holder if free else None
        )

    @property
    def holder(self) -> str | None:
        run = self.runs.find(LEASE)
        return None if run is None else run.holder

    def tokens(self) -> list[str]:
        there = self.signs.iterdir() if self.signs.exists() else ()
        return sorted(path.name for path in there if not path.name.startswith("."))


@pytest.fixture(scope="module")
def tables(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return Tables(spark, tmp_path_factory.mktemp("leased") / "tables")


def _ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_second_job_is_told_who_holds_the_lease_and_the_third_gets_it_when_it_is_free(
    tables: Tables,
) -> None:
    with tables.lease():
        with pytest.raises(LeaseError) as refused, tables.lease():
            pass
        assert len(tables.tokens()) == 1
        mine = tables.holder
        tables.runs.hold(Run(LEASE, "lease", holder="elsewhere/1/1/late", started_at=SINCE), None)
        assert tables.holder == mine  # who saw a free lease comes too late
    for words in (f"held by process {os.getpid()} on", "since 2024-05-01 02:00:00 UTC", "add --take-over"):
        assert words in str(refused.value)
    assert (tables.holder, tables.tokens()) == (None, [])
    with tables.lease():
        assert tables.holder is not None


def test_a_lease_is_given_back_though_its_folder_holds_what_no_listing_shows(tables: Tables) -> None:
    stray = tables.signs / ".another.crc"
    with tables.lease():
        stray.touch()
    assert (tables.holder, tables.tokens()) == (None, [])
    assert stray.exists()
    stray.unlink()


@pytest.mark.parametrize(
    ("host", "process", "age", "take_over", "follows"),
    [
        ("elsewhere", 1, 0.0, False, False),
        ("elsewhere", 1, 60.0, False, True),  # no sign of life for longer than 30 s
        ("elsewhere", 1, 0.0, True, True),
        (None, None, 0.0, False, True),  # a process of this host that is no more
    ],
    ids=["living", "silent", "told_to", "gone"],
)
def test_the_dead_are_followed_and_the_living_are_not(
    tables: Tables, host: str | None, process: int | None, age: float, take_over: bool, follows: bool
) -> None:
    me = Holder.me()
    holder = Holder(host or me.host, process or _ended_process(), me.born, f"token{age}{take_over}{host}")
    tables.held_by(holder, age)
    if follows:
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


def test_a_holder_renews_its_sign_but_not_once_it_was_taken_over(tables: Tables) -> None:
    with tables.lease(dead_after=1.0):
        (token,) = tables.tokens()
        then = (tables.signs / token).stat().st_mtime
        time.sleep(0.4)
        assert (tables.signs / token).stat().st_mtime > then
        tables.warehouse.heartbeat(token).remove()
        time.sleep(0.4)
        assert tables.tokens() == []


def test_a_holder_that_was_taken_over_begins_no_stage_and_takes_nothing_back(tables: Tables) -> None:
    with tables.lease(dead_after=600.0) as first:  # it gives no further sign while this lasts
        (token,) = tables.tokens()
        progress = first.guarding(SilentProgress())
        with progress.stage("before"):
            pass
        with tables.lease(take_over=True, dead_after=1.0):
            with pytest.raises(LeaseError, match="taken over by another job"), progress.stage("after"):
                pass
            second = tables.holder
            tables.warehouse.heartbeat(token).renew()  # as one does that was just about to
            time.sleep(0.4)
            assert token not in tables.tokens()
            first.__exit__(None, None, None)
            assert tables.holder == second


def test_what_ended_the_job_is_told_though_the_lease_cannot_be_given_back(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*_: object) -> None:
        raise OSError(28, "No space left on device")

    lease = tables.lease(dead_after=600.0)
    fault = ValueError("the job's own")
    with lease:
        monkeypatch.setattr(tables.runs, "free", cannot)
        lease.__exit__(ValueError, fault, None)  # raises nothing, so that Python goes on with the fault
        monkeypatch.undo()
    monkeypatch.setattr(tables.runs, "free", cannot)
    with pytest.raises(OSError, match="No space left"):
        lease.__exit__(None, None, None)
    monkeypatch.undo()
    lease.__exit__(None, None, None)
    assert tables.holder is None


def test_of_two_at_the_same_moment_one_gets_it(tables: Tables) -> None:
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
