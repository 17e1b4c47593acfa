"""What a run costs, stage by stage: seconds, bytes from Spark's event log, and the largest processes."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1 << 20
COLUMNS = {"product_id": "sku", "date": "day", "quantity": "units", "price": "price"}
"""How the input names the columns of made-up sales."""
SAMPLE_SECONDS = 0.5


@dataclass
class StageCost:
    """One stage; times in seconds since the epoch, memory in MiB."""

    title: str
    begin: float
    end: float = 0.0
    java: float = 0.0
    worker: float = 0.0

    @property
    def seconds(self) -> float:
        """Its wall time."""
        return self.end - self.begin


@dataclass
class Stages:
    """Progress of a job that keeps what each stage cost."""

    costs: list[StageCost] = field(default_factory=list)

    @contextmanager
    def stage(self, title: str) -> Iterator["Stages"]:
        """Measures the block."""
        cost = StageCost(title, time.time())
        self.costs.append(cost)
        stopped = threading.Event()
        sampling = threading.Thread(target=_sample, args=(cost, stopped), daemon=True)
        sampling.start()
        try:
            yield self
        finally:
            cost.end = time.time()
            stopped.set()
            sampling.join()

    def note(self, text: str) -> None:
        """Discards the text."""


def _sample(cost: StageCost, stopped: threading.Event) -> None:
    while True:
        found = resident_memory()
        cost.java = max(cost.java, found["java"])
        cost.worker = max(cost.worker, found["worker"])
        if stopped.wait(SAMPLE_SECONDS):
            return


def resident_memory(field: str = "VmRSS") -> dict[str, float]:
    """MiB of the largest Java process and of the largest Python worker; 0 where there is no /proc.

    field: of /proc/PID/status: `VmRSS` now, `VmHWM` at most so far.
    """
    largest = {"java": 0.0, "worker": 0.0}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            command = status.with_name("cmdline").read_bytes()
        except OSError:
            continue
        name = "worker" if b"pyspark.daemon" in command else "java" if b"SparkSubmit" in command else None
        if name and field in fields:
            largest[name] = max(largest[name], float(fields[field].split()[0]) / 1024)
    return largest


@dataclass(frozen=True)
class TaskBytes:
    """A task of Spark: when it began, in seconds since the epoch, and its bytes and processor seconds."""

    begin: float
    read: int
    shuffled: int
    written: int
    cpu: float


def task_bytes(event_log: Path) -> list[TaskBytes]:
    """Every finished task in the event logs of a folder."""
    found = []
    for path in sorted(event_log.rglob("*")):
        if not path.is_file():
            continue
        with path.open() as lines:
            found += [_task(json.loads(line)) for line in lines if "SparkListenerTaskEnd" in line[:60]]
    return [task for task in found if task is not None]


def _task(event: Mapping[str, Mapping[str, object]]) -> TaskBytes | None:
    metrics = event.get("Task Metrics")
    if not metrics:
        return None

    def number(group: str, name: str) -> int:
        return int(dict(metrics.get(group, {})).get(name, 0))  # type: ignore[call-overload]

    return TaskBytes(
        begin=int(str(event["Task Info"]["Launch Time"])) / 1e3,
        read=number("Input Metrics", "Bytes Read"),
        shuffled=number("Shuffle Write Metrics", "Shuffle Bytes Written"),
        written=number("Output Metrics", "Bytes Written"),
        cpu=int(str(metrics["Executor CPU Time"])) / 1e9,
    )


def rows_of(costs: list[StageCost], tasks: list[TaskBytes], n_series: int) -> list[dict[str, object]]:
    """A row for each stage, and one for the whole run with the time between its stages."""
    rows: list[dict[str, object]] = []
    whole = StageCost(
        "all", costs[0].begin, costs[-1].end, max(c.java for c in costs), max(c.worker for c in costs)
    )
    for cost in (*costs, whole):
        mine = [task for task in tasks if cost.begin <= task.begin < cost.end]
        rows.append(
            {
                "series": n_series,
                "stage": cost.title,
                "seconds": round(cost.seconds, 1),
                "series/s": round(n_series / max(cost.seconds, 1e-3)),
                "read MiB": round(sum(task.read for task in mine) / MIB, 1),
                "shuffled MiB": round(sum(task.shuffled for task in mine) / MIB, 1),
                "written MiB": round(sum(task.written for task in mine) / MIB, 1),
                "java MiB": round(cost.java),
                "worker MiB": round(cost.worker),
            }
        )
    return rows
