"""Memory and processor seconds of this process and all below it, from /proc."""

import os
from pathlib import Path


def own_processes() -> dict[int, int]:
    """Clock ticks so far, those of ended children included, by process id; empty where there is no /proc."""
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
    return {process: ticks[process] for process in own}


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
