"""A standalone Spark cluster on loopback for tests: a master and two workers of the PySpark package."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType

import pyspark

from lepton_spark.delta_jars import fetch_jars
from lepton_spark.session import DELTA_SETTINGS
from tests.java_options import QUICK_JAVA

REPOSITORY = Path(__file__).resolve().parents[2]
SPARK_BIN = Path(pyspark.__file__).parent / "bin"
LOOPBACK = "127.0.0.1"
WORKERS = 2
NO_CONFS: Mapping[str, str] = MappingProxyType({})


@contextmanager
def standalone_cluster(scratch: Path) -> Iterator[str]:
    """Yields `spark://...` once both workers (one core, 1 GB each) have registered; stops all at the end."""
    scratch.mkdir(parents=True, exist_ok=True)
    port, console = _free_ports(2)
    url = f"spark://{LOOPBACK}:{port}"
    deploy = "org.apache.spark.deploy"
    with ExitStack() as processes:
        processes.enter_context(
            _process(scratch, "master", f"{deploy}.master.Master", "--port", port, "--webui-port", console)
        )
        _wait_for(console, workers=0, scratch=scratch)
        for number in range(1, WORKERS + 1):
            size = ("--cores", 1, "--memory", "1g", "--webui-port", 0)
            work = ("--work-dir", scratch / f"work{number}")
            processes.enter_context(
                _process(scratch, f"worker{number}", f"{deploy}.worker.Worker", *size, *work, url)
            )
        _wait_for(console, workers=WORKERS, scratch=scratch)
        yield url


def build_package(scratch: Path) -> Path:
    """The wheel as a .zip for `--py-files`, because PySpark's workers ignore a .whl.

    Built from a copy, so that it contains no stale files of the checkout.
    """
    source = scratch / "source"
    source.mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "lepton_spark", source / "lepton_spark", ignore=ignored)
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    command = [sys.executable, "-m", "pip", "wheel", *offline, "--wheel-dir", str(scratch), str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (wheel,) = scratch.glob("*.whl")
    return wheel.rename(scratch / "lepton_spark.zip")


def submit(
    master: str,
    job: Path,
    arguments: Sequence[str] = (),
    *,
    package: Path,
    confs: Mapping[str, str] = NO_CONFS,
    timeout: float = 900,
) -> subprocess.CompletedProcess[str]:
    """Runs `spark-submit` with the package and Delta's jars; stdout holds the job's own output.

    timeout: seconds; a run takes two minutes, five on a slow machine.
    """
    settings = {
        **DELTA_SETTINGS,
        "spark.ui.enabled": "false",
        "spark.log.level": "WARN",
        "spark.driver.memory": "1g",
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",  # waits until both workers have registered
        "spark.driver.extraJavaOptions": QUICK_JAVA,
        "spark.executor.extraJavaOptions": QUICK_JAVA,
        **confs,
    }
    flags = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    jars = ",".join(str(jar) for jar in fetch_jars())
    command = [
        str(SPARK_BIN / "spark-submit"), "--master", master, "--py-files", str(package), "--jars", jars,
        *flags, str(job), *arguments,
    ]  # fmt: skip
    # Outside the checkout, so that the shipped package is imported.
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=_environment(),
        cwd=package.parent,
        timeout=timeout,
        check=False,
    )


@contextmanager
def executor_killed_when(scratch: Path, is_time: Callable[[], bool]) -> Iterator[list[int]]:
    """Kills one executor of the cluster as soon as `is_time()`; yields the ids of killed processes."""
    killed: list[int] = []
    ended = threading.Event()

    def wait_and_kill() -> None:
        while not ended.wait(0.02):
            executors = _executors(scratch) if is_time() else []
            if executors:
                os.kill(executors[0], signal.SIGKILL)
                killed.append(executors[0])
                return

    watch = threading.Thread(target=wait_and_kill, daemon=True)
    watch.start()
    try:
        yield killed
    finally:
        ended.set()
        watch.join()


def _executors(scratch: Path) -> list[int]:
    """The executor processes of this cluster, found by their working folders."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            here = (process / "cwd").readlink().is_relative_to(scratch)
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue  # it has ended, or belongs to another user
        if here and b"CoarseGrainedExecutorBackend" in command:
            found.append(int(process.name))
    return sorted(found)


def _environment() -> dict[str, str]:
    """The environment of the cluster's processes, without the variables of a running Spark session."""
    inherited = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYSPARK_", "SPARK_"))
    }
    own = {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": LOOPBACK, "SPARK_DAEMON_MEMORY": "512m"}
    own["SPARK_DAEMON_JAVA_OPTS"] = QUICK_JAVA
    return {**inherited, **own}


@contextmanager
def _process(scratch: Path, name: str, *command: object) -> Iterator[None]:
    """Runs one daemon while the block lasts; its output goes to `<name>.log`."""
    with (scratch / f"{name}.log").open("wb") as log:
        arguments = [str(SPARK_BIN / "spark-class"), *map(str, command), "--host", LOOPBACK]
        process = subprocess.Popen(arguments, stdout=log, stderr=subprocess.STDOUT, env=_environment())
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(console: int, workers: int, scratch: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while _alive_workers(console) != workers:
        if time.monotonic() > deadline:
            logs = "\n".join(
                path.read_text("utf-8", "replace")[-2000:] for path in sorted(scratch.glob("*.log"))
            )
            raise TimeoutError(f"no {workers} workers after {seconds:.0f} s:\n{logs}")
        time.sleep(0.2)


def _alive_workers(console: int) -> int | None:
    """The number of workers; None until the master answers."""
    connection = http.client.HTTPConnection(LOOPBACK, console, timeout=5)
    try:
        connection.request("GET", "/json/")
        return int(json.loads(connection.getresponse().read())["aliveworkers"])
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return None
    finally:
        connection.close()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as open_sockets:
        found = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in found:
            one.bind((LOOPBACK, 0))
        return [int(one.getsockname()[1]) for one in found]
