"""A run that is killed at any point and run again leaves the tables of an undisturbed run.

`make test-slow` kills at one point, `make test-faults` at all, on the first days of Online Retail with
cancellations and customer tokens. Meanwhile a reader must see complete runs only. The same holds after a full
disk and a read-only disk.
"""

import logging
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from pyspark.sql import SparkSession

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

REQUESTED = os.environ.get("LEPTON_FAULTS", "")
"""How many points to test: a number, or `all`; empty for the one point of every test run."""

SEED = int(os.environ.get("LEPTON_FAULTS_SEED", "20261125"))
N_RANDOM = 6
COMMAND, DAYS_BEFORE, DAYS_ADDED = ("run", 4, 1) if REQUESTED else ("ingest", 0, 3)
"""Every test run kills the first load, which needs no earlier days and takes a third of the time."""

log = logging.getLogger(__name__)

pytestmark = [pytest.mark.slow, pytest.mark.kills]


@dataclass(frozen=True)
class Scenario:
    """A warehouse with published forecasts, one more day delivered, and the tables after a run of it.

    room: kilobytes for the earlier tables and a third of what a run adds.
    """

    runner: Runner
    root: Path
    expected: dict[str, list[str]]
    recorded: list[Commit]
    room: int

    def points(self) -> list[Point]:
        """The points to test: as many random ones as requested, else the one point of every test run."""
        names = [f"{commit.table} {commit.version}" for commit in self.recorded]
        every = [
            Point(kind, index, name=name)
            for index, name in enumerate(names)
            for kind in (BEFORE, INSIDE, AFTER)
        ]
        if not REQUESTED:
            return [point for point in every if point.kind == INSIDE and "cancellations" in point.name][-1:]
        rng = np.random.default_rng(SEED)
        last = self.recorded[-1].seconds
        every += [Point(AT_RANDOM, seconds=rng.uniform(2.0, last)) for _ in range(N_RANDOM)]
        shuffled = [every[index] for index in rng.permutation(len(every))]
        return shuffled if REQUESTED == "all" else shuffled[: int(REQUESTED)]


@pytest.fixture(scope="module")
def scenario(
    spark: SparkSession,  # noqa: ARG001 - runs in this process take the running session
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Scenario:
    folder = tmp_path_factory.mktemp("killed")
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
    conf = (REPOSITORY / "conf" / "online_retail.yaml",)
    runner = Runner(COMMAND, conf, settings, folder / "log.txt", times_matter=bool(REQUESTED))
    for file in delivered[:DAYS_BEFORE]:
        shutil.copy(file, inbox)
    root = folder / "before"
    root.mkdir()
    if DAYS_BEFORE:
        with Reader(root) as reader:
            runner.complete(root)
        assert len(reader.seen) == 1, "the reader did not see the first publication"
        assert not reader.faults
    for file in delivered[DAYS_BEFORE:]:
        shutil.copy(file, inbox)
    never_killed = folder / "never_killed"
    shutil.copytree(root, never_killed)
    recorded = runner.record(never_killed)
    before = kilobytes(root)
    room = before + (kilobytes(never_killed) - before) // 3
    return Scenario(runner, root, contents(never_killed), recorded, room)


def test_undisturbed_run_writes_every_kind_of_row(scenario: Scenario) -> None:
    tables = {commit.table for commit in scenario.recorded}
    of_a_run = {"panel", "fits", "forecasts", "latest_forecasts"} if COMMAND == "run" else set()
    assert {"transactions", "sales", "runs", *of_a_run} <= tables
    assert all(scenario.expected[name] for name in ("cancellations", "open_orders", "rejects", *of_a_run))


def test_killed_run_that_is_run_again_equals_an_undisturbed_run(scenario: Scenario, tmp_path: Path) -> None:
    """Each point on its own copy; differences at all points are reported together."""
    points, done, wrong = scenario.points(), [], []
    for number, point in enumerate(points):
        root = tmp_path / f"{number}"
        shutil.copytree(scenario.root, root)
        with Reader(root) as reader:
            alive = scenario.runner.kill_at(root, point, scenario.recorded)
            scenario.runner.complete(root)
        different = differences(contents(root), scenario.expected)
        partial = {run: counts for run, counts in reader.seen.items() if len(counts) > 1}
        if different or partial or reader.faults or (COMMAND == "run" and not reader.seen):
            wrong.append(
                f"{point}: (missing, unexpected) {different}, partial {partial}, reader {reader.faults[:3]}"
            )
        done.append(f"{point}{'' if alive else ' (had already ended)'}")
        shutil.rmtree(root)
        so_far = f"{number + 1} of {len(points)} points, {len(wrong)} wrong"
        log.info("%s; the last: %s", so_far, done[-1])
    assert not wrong, "\n".join(wrong)
    assert done


@pytest.mark.faults
def test_bad_storage_is_reported_and_the_next_run_completes_the_tables(
    scenario: Scenario, tmp_path: Path
) -> None:
    if subprocess.run([*NAME_SPACE, "true"], check=False, capture_output=True).returncode:
        # Only a mount of the test's own can make storage fail; some hosts allow that to administrators alone.
        pytest.skip("bad storage needs a mount namespace, which this host does not let this user create")
    root = tmp_path / "root"
    shutil.copytree(scenario.root, root)
    (tmp_path / "root.before").mkdir()
    (tmp_path / "root.after").mkdir()
    full, read_only, good = scenario.runner.run_on_bad_storage(root, scenario.room)
    for output, found in ((full, "No space left on device"), (read_only, "Read-only file system")):
        (message,) = (line for line in output.splitlines() if line.startswith("lepton: "))
        assert message.startswith(f"lepton: storage: found {found}")
        assert "run it again" in message
        assert output.endswith("exit 1\n")
    assert good.endswith("exit 0\n")
    assert differences(contents(root), scenario.expected) == {}
