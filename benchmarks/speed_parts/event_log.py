"""Spark's event log: settings that write it, and the tasks in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lepton_spark.config import SparkSettings

CORES = 2


def spark_settings(log: Path, memory: str) -> SparkSettings:
    """A local session on two cores that writes its events to a folder; makes the folder."""
    log.mkdir(parents=True)
    options = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": log.absolute().as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
        "spark.executor.metrics.pollingInterval": "500",  # milliseconds; of the heap
    }
    return SparkSettings(master=f"local[{CORES}]", driver_memory=memory, options=options)


@dataclass(frozen=True)
class Task:
    """When it began, in seconds since the epoch; its bytes, and the largest heap of Java while it ran."""

    begin: float
    read: int
    shuffled: int
    written: int
    heap: int


def tasks_of(event_log: Path) -> list[Task]:
    """Every finished task in the event logs of a folder."""
    found = []
    for path in sorted(event_log.rglob("*")):
        if not path.is_file():
            continue
        with path.open() as lines:
            found += [_task(json.loads(line)) for line in lines if "SparkListenerTaskEnd" in line[:60]]
    return [task for task in found if task is not None]


def _task(event: Mapping[str, Mapping[str, object]]) -> Task | None:
    metrics = event.get("Task Metrics")
    if not metrics:
        return None

    def number(group: object, name: str) -> int:
        return int(dict(group or {}).get(name, 0))  # type: ignore[call-overload]

    return Task(
        begin=int(str(event["Task Info"]["Launch Time"])) / 1e3,
        read=number(metrics.get("Input Metrics"), "Bytes Read"),
        shuffled=number(metrics.get("Shuffle Write Metrics"), "Shuffle Bytes Written"),
        written=number(metrics.get("Output Metrics"), "Bytes Written"),
        heap=number(event.get("Task Executor Metrics"), "JVMHeapMemory"),
    )
