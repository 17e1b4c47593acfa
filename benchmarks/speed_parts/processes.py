"""Memory and processor seconds of this process and all below it, from /proc."""

import os
from pathlib import Path
from signal import SIGCHLD

_UNCOUNTED: dict[int, int] = {}
"""Clock ticks, when last seen, of processes whose parent ignores that they end, as Spark's parent of Python
workers does: Linux does not add their ticks to the parent's."""


def own_processes() -> dict[int, int]:
    """Clock ticks so far, those of ended children included, by process id; empty where there is no /proc.

    Ended ones whose parent ignored it are still listed, with their ticks when this was last called.
    """
    parents, ticks = {}, {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # the process has ended
            continue
        process = int(status.parent.name)
        parents[process], ticks[process] = int(fields[1]), sum(map(int, fields[11:15]))
    own = {os.getpid()} & parents.keys()
    while more := {process for process, parent in parents.items() if parent in own} - own:
        own |= more
    ignoring = {parent for parent in own if _ignores_ended_children(parent)}
    _UNCOUNTED.update({process: ticks[process] for process in own if parents[process] in ignoring})
    return {process: ticks[process] for process in own} | _UNCOUNTED


def _ignores_ended_children(process: int) -> bool:
    try:
        status = (Path("/proc") / str(process) / "status").read_text()
    except OSError:
        return False
    ignored = int(status.partition("SigIgn:")[2].split()[0], 16)
    return bool(ignored & 1 << SIGCHLD - 1)


def processor_seconds() -> float:
    """Processor seconds so far of this process and all below it."""
    return sum(own_processes().values()) / os.sysconf("SC_CLK_TCK")


def resident_memory(field: str = "VmRSS") -> dict[str, float]:
    """MiB of this process (`driver`), of Java, and of the largest other process below this one (`worker`).

    field: of /proc/PID/status: `VmRSS` now, `VmHWM` at most so far.
    """
    largest = {"driver": 0.0, "java": 0.0, "worker": 0.0}
    for process in own_processes():
        folder = Path("/proc") / str(process)
        try:
            lines = (folder / "status").read_text().splitlines()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        fields = dict(line.split(":", 1) for line in lines if ":" in line)
        name = "driver" if process == os.getpid() else "java" if b"SparkSubmit" in command else "worker"
        if field in fields:
            largest[name] = max(largest[name], float(fields[field].split()[0]) / 1024)
    return largest
