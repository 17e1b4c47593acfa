"""A run killed at any point, and run again, leaves every table as a run never killed does.

`make test` kills at one point, `make test-faults` at all of them: Online Retail's first days, with
cancellations and keyed customers. Whoever reads what is published sees whole runs all the while. The same
after a disk that was full and one that could not be written to.
"""

import logging
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from tests.faults.harness import (
    AFTER,
    AT_RANDOM,
    BEFORE,
    INSIDE,
    NAME_SPACE,
    Commit,
    Point,
    Reader,
    Runner,
    contents,
    differences,
    kilobytes,
)
from tests.java_options import QUICK_JAVA, SMALL_PLANS

ASKED = os.environ.get("LEPTON_FAULTS", "")
"""How many points: a number, or all; the share of every test run where it is empty."""

SEED = int(os.environ.get("LEPTON_FAULTS_SEED", "20261125"))
N_RANDOM = 6
COMMAND, DAYS_BEFORE, DAYS_ADDED = ("run", 4, 1) if ASKED else ("ingest", 0, 3)
"""Every test run kills the first load of all, which needs no day before it and takes a third of the time."""

log = logging.getLogger(__name__)

pytestmark = [pytest.mark.slow, pytest.mark.kills]


@dataclass(frozen=True)
class Night:
    """A warehouse published from some days, one more day delivered, and what a run of it comes to."""

    runner: Runner
    root: Path
    whole: dict[str, list[str]]
    recorded: list[Commit]
    room: int
    """Kilobytes that hold what stood before, and a third of what a run adds."""

    def points(self) -> list[Point]:
        """The points of a run by chance, as many as are asked for; else the share of every test run."""
        named = [f"{commit.table} {commit.version}" for commit in self.recorded]
        every = [
            Point(kind, place, named=name)
            for place, name in enumerate(named)
            for kind in (BEFORE, INSIDE, AFTER)
        ]
        if not ASKED:
            return [point for point in every if point.kind == INSIDE and "cancellations" in point.named][-1:]
        rng = np.random.default_rng(SEED)
        last = self.recorded[-1].seconds
        every += [Point(AT_RANDOM, seconds=rng.uniform(2.0, last)) for _ in range(N_RANDOM)]
        shuffled = [every[place] for place in rng.permutation(len(every))]
        return shuffled if ASKED == "all" else shuffled[: int(ASKED)]


@pytest.fixture(scope="module")
def night(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Night:
    folder = tmp_path_factory.mktemp("night")
    delivered = sorted((shared_data / "online_retail").glob("*.csv.gz"))[: DAYS_BEFORE + DAYS_ADDED]
    inbox = folder / "in"
    inbox.mkdir()
    settings = (
        f"input.path={inbox}",
        "panel.last_day=complete",
        "forecast.horizon=3",
        "forecast.models=[pooled, shrunk_weekday, mean]",
        "backtest.validation_windows=1",
        "backtest.stride=1",
        "backtest.min_train_days=2",
        "publish.valid_days=3",
        "gates.enabled=false",
        "spark.master=local[2]",
        "spark.driver_memory=1g",
        "spark.shuffle_partitions=2",
        f"spark.options.spark.driver.extraJavaOptions={QUICK_JAVA}",
        *(f"spark.options.{key}={value}" for key, value in SMALL_PLANS.items()),
        "warehouse.dead_after_seconds=60",
    )
    runner = Runner(COMMAND, (REPOSITORY / "conf" / "online_retail.yaml",), settings, folder / "log.txt")
    for file in delivered[:DAYS_BEFORE]:
        shutil.copy(file, inbox)
    root = folder / "before"
    root.mkdir()
    if DAYS_BEFORE:
        with Reader(root) as reader:
            runner.complete(root)
        assert len(reader.seen) == 1, "the first publication was not seen"
        assert not reader.faults
    for file in delivered[DAYS_BEFORE:]:
        shutil.copy(file, inbox)
    never_killed = folder / "never_killed"
    shutil.copytree(root, never_killed)
    recorded = runner.record(never_killed)
    before = kilobytes(root)
    room = before + (kilobytes(never_killed) - before) // 3
    return Night(runner, root, contents(never_killed), recorded, room)


def test_a_night_writes_what_it_should(night: Night) -> None:
    tables = {commit.table for commit in night.recorded}
    of_a_run = {"panel", "fits", "forecasts", "latest_forecasts"} if COMMAND == "run" else set()
    assert {"transactions", "sales", "runs", *of_a_run} <= tables
    assert all(night.whole[name] for name in ("cancellations", "open_orders", "rejects", *of_a_run))


def test_killed_and_run_again_equals_never_killed(night: Night, tmp_path: Path) -> None:
    """One by one, on a fresh copy each; what differs is told for all points at once."""
    points, survived, wrong = night.points(), [], []
    for number, point in enumerate(points):
        root = tmp_path / f"{number}"
        shutil.copytree(night.root, root)
        with Reader(root) as reader:
            alive = night.runner.kill_at(root, point, night.recorded)
            night.runner.complete(root)
        apart = differences(contents(root), night.whole)
        partial = {run: counts for run, counts in reader.seen.items() if len(counts) > 1}
        if apart or partial or reader.faults or (COMMAND == "run" and not reader.seen):
            wrong.append(f"{point}: (lost, added) {apart}, partial {partial}, reader {reader.faults[:3]}")
        survived.append(f"{point}{'' if alive else ' (had ended)'}")
        shutil.rmtree(root)
        so_far = f"{number + 1} of {len(points)} points, {len(wrong)} wrong"
        log.info("%s; the last: %s", so_far, survived[-1])
    assert not wrong, "\n".join(wrong)
    assert survived


@pytest.mark.faults
def test_bad_storage_is_told_and_the_next_run_makes_whole(night: Night, tmp_path: Path) -> None:
    if subprocess.run([*NAME_SPACE, "true"], check=False, capture_output=True).returncode:
        said = "needs a file system of its own; this user may not make a name space with one"
        pytest.skip(said)  # some hosts allow name spaces to their administrator alone
    root = tmp_path / "root"
    shutil.copytree(night.root, root)
    (tmp_path / "root.before").mkdir()
    (tmp_path / "root.after").mkdir()
    full, read_only, good = night.runner.meet_bad_storage(root, night.room)
    for said, found in ((full, "No space left on device"), (read_only, "Read-only file system")):
        (told,) = (line for line in said.splitlines() if line.startswith("lepton: "))
        assert told.startswith(f"lepton: storage: found {found}")
        assert "run it again" in told
        assert said.endswith("exit 1\n")
    assert good.endswith("exit 0\n")
    assert differences(contents(root), night.whole) == {}
