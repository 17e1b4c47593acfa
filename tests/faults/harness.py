"""A real run as a process, killed at a point of its life, and what its tables hold afterwards.

Points are found from the commits of a run that was left alone: just before one (halfway since the last),
inside it (its first data file is there, the commit is not), and after it. The kill is SIGKILL to the whole
group: Python, Java, workers.
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

from lepton_spark.tables import TABLES

NOT_COMPARED = {"loaded_at", "started_at", "finished_at", "seconds", "published_at", "config", "holder"}
"""Instants and durations, and the configuration, in which the warehouse's own path stands."""

PANEL = "panel"

NAME_SPACE = ("unshare", "--map-root-user", "--mount")
ENVIRONMENT = {**os.environ, "LEPTON_PRIVACY_KEY": "of the fault tests"}

POLL_SECONDS = 0.001
PAGE = 4096
BEFORE, INSIDE, AFTER, AT_RANDOM = "before", "inside", "after", "at"


@dataclass(frozen=True)
class Point:
    """Where a run is killed: `kind` of the `place`-th commit, or `seconds` after the run's start."""

    kind: str
    place: int = 0
    seconds: float = 0.0
    named: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.named}" if self.named else f"{self.kind} {self.seconds:.1f} s"


@dataclass(frozen=True)
class Commit:
    """A commit that a run made: table, version, and seconds after the run's start."""

    table: str
    version: int
    seconds: float


@dataclass
class Reader:
    """Polls what is published as an inventory system does, and keeps how many rows it saw of each run."""

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
                continue  # nothing was ever published
            try:
                rows = deltalake.DeltaTable(str(self.root / "latest_forecasts")).to_pyarrow_table(
                    columns=["run_id"]
                )
            except Exception as fault:  # noqa: BLE001 - whatever a reader meets is a fault of the writer
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
    """Runs a command, such as `lepton run`, with configuration files and further settings."""

    command: str
    conf: tuple[Path, ...]
    settings: tuple[str, ...]
    log: Path

    def words(self, root: Path) -> list[str]:
        """The command, word by word."""
        sets = [text for setting in (*self.settings, f"warehouse.root={root}") for text in ("--set", setting)]
        command = [sys.executable, "-c", "import sys; from lepton_spark.cli import main; sys.exit(main())"]
        return [*command, self.command, "--conf", *map(str, self.conf), *sets]

    def start(self, root: Path) -> subprocess.Popen[bytes]:
        """The process, in a group of its own."""
        with self.log.open("ab") as out:
            return subprocess.Popen(
                self.words(root), stdout=out, stderr=out, start_new_session=True, env=ENVIRONMENT
            )

    def meet_bad_storage(self, root: Path, kilobytes: int) -> list[str]:
        """Runs on a disk that fills, then on one that turns read-only, then on a good one; what each said.

        The disk is a file system in memory, in a name space of its own, that holds what `root` holds and has
        room for so many kilobytes in all; it turns read-only at the second run's first commit to a table but
        `runs`. In the end `root` holds what the disk held.
        """
        said = [root.parent / f"said{number}" for number in range(3)]
        run = f"{shlex.join(self.words(root))} >"
        script = f"""
            cp -a {root}/. {root}.before
            mount -t tmpfs -o size={kilobytes}k tmpfs {root} && cp -a {root}.before/. {root}
            {run} {said[0]} 2>&1; echo "exit $?" >> {said[0]}
            mount -o remount,size=1g {root}
            commits() {{ ls -d {root}/*/_delta_log/*.json 2>/dev/null | grep -vc /runs/; }}
            before=$(commits)
            (until [ "$(commits)" -gt "$before" ]; do sleep 0.01; done
             mount -o remount,ro {root}) &
            {run} {said[1]} 2>&1; echo "exit $?" >> {said[1]}
            mount -o remount,rw {root}
            {run} {said[2]} 2>&1; echo "exit $?" >> {said[2]}
            cp -a {root}/. {root}.after && umount {root} && cp -a {root}.after/. {root}
        """
        subprocess.run([*NAME_SPACE, "bash", "-c", script], check=True, env=ENVIRONMENT, timeout=600)
        return [path.read_text() for path in said]

    def complete(self, root: Path) -> None:
        """Runs to the end; a failure shows the log."""
        process = self.start(root)
        code = process.wait(timeout=600)
        assert code == 0, f"ended with {code}:\n" + self.log.read_text(errors="replace")[-3000:]

    def record(self, root: Path) -> list[Commit]:
        """Runs to the end; gives the commits it made, in their order."""
        before, begun = commits(root), time.time()
        self.complete(root)
        made = [(path.stat().st_mtime, path) for path in commits(root) - before]
        return [Commit(path.parts[-3], int(path.stem), at - begun) for at, path in sorted(made)]

    def kill_at(self, root: Path, point: Point, recorded: list[Commit]) -> bool:
        """Runs until the point, then kills; whether the run was still alive."""
        files, begun = data_files(root), time.time()
        process = self.start(root)
        until = _until(root, point, recorded, files, begun)
        while process.poll() is None and not until():
            time.sleep(POLL_SECONDS)
        alive = process.poll() is None
        if alive:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return alive


def _until(
    root: Path, point: Point, recorded: list[Commit], files: set[Path], begun: float
) -> Callable[[], bool]:
    """Whether the point is reached; asked again and again."""
    if point.kind == AT_RANDOM:
        return lambda: time.time() - begun >= point.seconds
    commit = recorded[point.place]
    path = root / commit.table / "_delta_log" / f"{commit.version:020d}.json"
    if point.kind == AFTER:
        return path.exists
    last = recorded[point.place - 1] if point.place else None
    passed = None if last is None else root / last.table / "_delta_log" / f"{last.version:020d}.json"
    if point.kind == BEFORE:
        gap = (commit.seconds - (last.seconds if last else 0.0)) / 2.0
        reached: list[float] = [] if passed else [begun]

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
    """What a folder takes on a file system in memory, which gives every file whole pages."""
    return sum(-(-path.stat().st_size // PAGE) * PAGE for path in folder.rglob("*") if path.is_file()) // 1024


def commits(root: Path) -> set[Path]:
    """The commit files of all tables."""
    return set(root.glob("*/_delta_log/*.json"))


def data_files(root: Path, table: str = "*") -> set[Path]:
    """The data files of a table, committed or not."""
    return set(root.glob(f"{table}/**/*.parquet"))


def contents(root: Path) -> dict[str, list[str]]:
    """Every row of every table, instants and durations aside."""
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
    """A panel run is named by the Delta version of `sales`, which taking back a dead load moves on."""
    if row.get("job") != PANEL:
        return row
    counts = {name: count for name, count in row["counts"] if name != "sales_version"}  # type: ignore[attr-defined]
    return {**row, "run_id": PANEL, "counts": counts}


def differences(found: dict[str, list[str]], whole: dict[str, list[str]]) -> dict[str, tuple[int, int]]:
    """By table, how many rows were lost and how many are there that should not be."""
    apart = {}
    for name, rows in whole.items():
        lost, added = Counter(rows) - Counter(found[name]), Counter(found[name]) - Counter(rows)
        if lost or added:
            apart[name] = (lost.total(), added.total())
    return apart
