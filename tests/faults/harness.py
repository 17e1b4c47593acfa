"""Runs a job as a process, kills it at a chosen point and compares its tables with an undisturbed run.

The points are taken from the commits of an undisturbed run: before a commit (halfway since the previous
one), inside it (its first data file is written, the commit is not), and after it. SIGKILL goes to the whole
process group: Python, Java and the workers.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import deltalake
import pytest

from lepton_spark.cli import main
from lepton_spark.tables import TABLES

NOT_COMPARED = {"loaded_at", "started_at", "finished_at", "seconds", "published_at", "config", "holder"}
"""Times and durations, and the configuration, which contains the path of the warehouse."""

PANEL = "panel"

NAME_SPACE = ("unshare", "--map-root-user", "--mount")
KEY = {"LEPTON_PRIVACY_KEY": "of the fault tests"}
ENVIRONMENT = {**os.environ, **KEY}

POLL_SECONDS = 0.001
PAGE = 4096
BEFORE, INSIDE, AFTER, AT_RANDOM = "before", "inside", "after", "at"


@dataclass(frozen=True)
class Point:
    """Where a run is killed: before, inside or after a commit, or `seconds` after the start of the run.

    index: the position of the commit among those of the undisturbed run.
    """

    kind: str
    index: int = 0
    seconds: float = 0.0
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" if self.name else f"{self.kind} {self.seconds:.1f} s"


@dataclass(frozen=True)
class Commit:
    """A commit of a run: table, version, and seconds after the start of the run."""

    table: str
    version: int
    seconds: float


@dataclass
class Reader:
    """Polls the published forecasts like an inventory system; records how many rows it saw of each run."""

    root: Path
    seen: dict[str, set[int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    polls: int = 0
    _end: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _poll(self) -> None:
        log = self.root / "latest_forecasts" / "_delta_log" / f"{0:020d}.json"
        while not self._end.wait(0.05):
            if not log.exists():
                continue  # nothing is published yet
            try:
                rows = deltalake.DeltaTable(str(self.root / "latest_forecasts")).to_pyarrow_table(
                    columns=["run_id"]
                )
            except Exception as fault:  # noqa: BLE001 - any error of a reader is the fault of the writer
                self.faults.append(f"{type(fault).__name__}: {fault}")
                continue
            self.polls += 1
            counts = Counter(rows["run_id"].to_pylist())
            if len(counts) != 1:
                self.faults.append(f"rows of {len(counts)} runs at once")
            for run, n_rows in counts.items():
                self.seen.setdefault(run, set()).add(n_rows)


@dataclass(frozen=True)
class Runner:
    """Runs a command, such as `lepton run`, with configuration files and settings.

    times_matter: whether the recorded run must take as long as a run that is killed, which starts Java.
    """

    command: str
    conf: tuple[Path, ...]
    settings: tuple[str, ...]
    log: Path
    times_matter: bool

    def arguments(self, root: Path) -> list[str]:
        """What follows the name of the program on the command line."""
        sets = [text for setting in (*self.settings, f"warehouse.root={root}") for text in ("--set", setting)]
        return [self.command, "--conf", *map(str, self.conf), *sets]

    def command_line(self, root: Path) -> list[str]:
        """The whole command line."""
        program = [sys.executable, "-c", "import sys; from lepton_spark.cli import main; sys.exit(main())"]
        return [*program, *self.arguments(root)]

    def start(self, root: Path) -> subprocess.Popen[bytes]:
        """Starts the process in its own process group."""
        with self.log.open("ab") as out:
            return subprocess.Popen(
                self.command_line(root), stdout=out, stderr=out, start_new_session=True, env=ENVIRONMENT
            )

    def run_on_bad_storage(self, root: Path, kilobytes: int) -> list[str]:
        """Runs on a disk that fills up, one that becomes read-only, and a good one; returns the outputs.

        The disk is a file system in memory in its own mount namespace, with a copy of `root` and the given
        size in kilobytes. It becomes read-only at the second run's first commit to a table other than `runs`.
        At the end its content is copied back to `root`.
        """
        outputs = [root.parent / f"output{number}" for number in range(3)]
        run = f"{shlex.join(self.command_line(root))} >"
        script = f"""
            cp -a {root}/. {root}.before
            mount -t tmpfs -o size={kilobytes}k tmpfs {root} && cp -a {root}.before/. {root}
            {run} {outputs[0]} 2>&1; echo "exit $?" >> {outputs[0]}
            mount -o remount,size=1g {root}
            commits() {{ ls -d {root}/*/_delta_log/*.json 2>/dev/null | grep -vc /runs/; }}
            before=$(commits)
            (until [ "$(commits)" -gt "$before" ]; do sleep 0.01; done
             mount -o remount,ro {root}) &
            {run} {outputs[1]} 2>&1; echo "exit $?" >> {outputs[1]}
            mount -o remount,rw {root}
            {run} {outputs[2]} 2>&1; echo "exit $?" >> {outputs[2]}
            cp -a {root}/. {root}.after && umount {root} && cp -a {root}.after/. {root}
        """
        subprocess.run([*NAME_SPACE, "bash", "-c", script], check=True, env=ENVIRONMENT, timeout=600)
        return [path.read_text() for path in outputs]

    def complete(self, root: Path) -> None:
        """Runs to the end in this process, in its Spark session, which is already warm."""
        with pytest.MonkeyPatch.context() as patched:
            for name, value in KEY.items():
                patched.setenv(name, value)
            assert main(self.arguments(root)) == 0

    def complete_as_process(self, root: Path) -> None:
        """Runs to the end; on failure shows the log."""
        process = self.start(root)
        code = process.wait(timeout=600)
        assert code == 0, f"exit code {code}:\n" + self.log.read_text(errors="replace")[-3000:]

    def record(self, root: Path) -> list[Commit]:
        """Runs to the end; returns its commits in order."""
        before, started = commits(root), time.time()
        complete = self.complete_as_process if self.times_matter else self.complete
        complete(root)
        made = [(path.stat().st_mtime, path) for path in commits(root) - before]
        return [Commit(path.parts[-3], int(path.stem), at - started) for at, path in sorted(made)]

    def kill_at(self, root: Path, point: Point, recorded: list[Commit]) -> bool:
        """Runs until the point, then kills; returns whether the run was still alive."""
        files, started = data_files(root), time.time()
        process = self.start(root)
        is_reached = _condition(root, point, recorded, files, started)
        while process.poll() is None and not is_reached():
            time.sleep(POLL_SECONDS)
        alive = process.poll() is None
        if alive:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return alive


def _condition(
    root: Path, point: Point, recorded: list[Commit], files: set[Path], started: float
) -> Callable[[], bool]:
    """Returns whether the point has been reached; polled."""
    if point.kind == AT_RANDOM:
        return lambda: time.time() - started >= point.seconds
    commit = recorded[point.index]
    path = root / commit.table / "_delta_log" / f"{commit.version:020d}.json"
    if point.kind == AFTER:
        return path.exists
    previous = recorded[point.index - 1] if point.index else None
    passed = (
        None if previous is None else root / previous.table / "_delta_log" / f"{previous.version:020d}.json"
    )
    if point.kind == BEFORE:
        gap = (commit.seconds - (previous.seconds if previous else 0.0)) / 2.0
        reached: list[float] = [] if passed else [started]

        def halfway() -> bool:
            if not reached and passed is not None and passed.exists():
                reached.append(time.time())
            return bool(reached) and time.time() - reached[0] >= gap

        return halfway

    def written() -> bool:
        if passed is not None and not passed.exists():
            return False
        return path.exists() or bool(data_files(root, commit.table) - files)

    return written


def kilobytes(folder: Path) -> int:
    """The size of a folder on a file system in memory, which stores files in full pages."""
    return sum(-(-path.stat().st_size // PAGE) * PAGE for path in folder.rglob("*") if path.is_file()) // 1024


def commits(root: Path) -> set[Path]:
    """The commit files of all tables."""
    return set(root.glob("*/_delta_log/*.json"))


def data_files(root: Path, table: str = "*") -> set[Path]:
    """The data files of a table, committed or not."""
    return set(root.glob(f"{table}/**/*.parquet"))


def contents(root: Path) -> dict[str, list[str]]:
    """Every row of every table, without NOT_COMPARED."""
    found = {}
    for name in TABLES:
        if not (root / name).exists():
            found[name] = []
            continue
        table = deltalake.DeltaTable(str(root / name)).to_pyarrow_table()
        kept = [column for column in table.column_names if column not in NOT_COMPARED]
        rows = map(_without_versions, table.select(kept).to_pylist())
        found[name] = sorted(json.dumps(row, default=str, sort_keys=True) for row in rows)
    return found


def _without_versions(row: dict[str, object]) -> dict[str, object]:
    """A panel run's id depends on the Delta version of `sales`, which rolling back a load increases."""
    if row.get("job") != PANEL:
        return row
    counts = {name: count for name, count in row["counts"] if name != "sales_version"}  # type: ignore[attr-defined]
    return {**row, "run_id": PANEL, "counts": counts}


def differences(found: dict[str, list[str]], expected: dict[str, list[str]]) -> dict[str, tuple[int, int]]:
    """By table, the numbers of missing and of unexpected rows."""
    different = {}
    for name, rows in expected.items():
        missing, unexpected = Counter(rows) - Counter(found[name]), Counter(found[name]) - Counter(rows)
        if missing or unexpected:
            different[name] = (missing.total(), unexpected.total())
    return different
