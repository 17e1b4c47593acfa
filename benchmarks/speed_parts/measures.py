"""What work costs, stage by stage: seconds on the clock and of the processor, bytes, and memory."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from speed_parts.event_log import Task
from speed_parts.processes import processor_seconds, resident_memory

Rows = list[dict[str, object]]
MIB = 1 << 20
COLUMNS = {"product_id": "sku", "date": "day", "quantity": "units", "price": "price"}
"""How the input names the columns of made-up sales."""
SAMPLE_SECONDS = 0.5


@dataclass
class StageCost:
    """One stage; times in seconds since the epoch; processor seconds; largest memory of processes, MiB."""

    title: str
    begin: float
    end: float = 0.0
    processor: float = 0.0
    memory: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """What was measured on how many series and lines; catalogue: products of the whole catalogue."""

    catalogue: int
    work: str
    n_series: int
    n_lines: int
    note: str = ""


@dataclass
class Stages:
    """Progress of a job that keeps and prints what each stage cost."""

    costs: list[StageCost] = field(default_factory=list)

    @contextmanager
    def stage(self, title: str) -> Iterator["Stages"]:
        """Measures the block."""
        cost = StageCost(title, time.time())
        self.costs.append(cost)
        before, stopped = processor_seconds(), threading.Event()
        sampling = threading.Thread(target=_sample, args=(cost, stopped), daemon=True)
        sampling.start()
        try:
            yield self
        finally:
            cost.end = time.time()
            cost.processor = processor_seconds() - before
            stopped.set()
            sampling.join()
            print(f"  {cost.end - cost.begin:8.1f} s  {title}", flush=True)

    def note(self, text: str) -> None:
        """Discards the text."""


def _sample(cost: StageCost, stopped: threading.Event) -> None:
    while True:
        for name, mib in resident_memory().items():
            cost.memory[name] = max(cost.memory.get(name, 0.0), mib)
        if stopped.wait(SAMPLE_SECONDS):
            return


def rows_of(costs: Sequence[StageCost], tasks: Sequence[Task], subject: Subject) -> Rows:
    """A row for each piece of work."""
    return [_row(cost, tasks, subject) for cost in costs]


def _row(cost: StageCost, tasks: Sequence[Task], subject: Subject) -> dict[str, object]:
    mine = [task for task in tasks if cost.begin <= task.begin < cost.end]
    seconds = max(cost.end - cost.begin, 1e-3)
    return {
        "catalogue": subject.catalogue,
        "work": subject.work,
        "stage": cost.title,
        "series": subject.n_series,
        "seconds": round(seconds, 2),
        "ms/series": round(1e3 * seconds / subject.n_series, 4),
        "series/s": round(subject.n_series / seconds),
        "lines/s": round(subject.n_lines / seconds),
        "processor s": round(cost.processor, 2),
        "read MiB": round(sum(task.read for task in mine) / MIB, 1),
        "shuffled MiB": round(sum(task.shuffled for task in mine) / MIB, 1),
        "written MiB": round(sum(task.written for task in mine) / MIB, 1),
        "heap MiB": round(max((task.heap for task in mine), default=0) / MIB),
        **{f"{name} MiB": round(cost.memory.get(name, 0.0)) for name in ("java", "driver", "worker")},
        "note": subject.note,
    }
