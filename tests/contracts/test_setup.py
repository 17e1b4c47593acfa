"""Set-up of a fresh clone on a machine where something is missing; nothing is installed or downloaded."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from lepton_spark.delta_jars import delta_coordinate

REPOSITORY = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-build.lock")
PARTS = ("Makefile", "pyproject.toml", *LOCKS, "scripts/bootstrap.py", "lepton_spark/delta_jars.sha256")
PACKAGE = tuple(f"lepton_spark/{name}.py" for name in ("__init__", "errors", "java", "language"))


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files that the set-up needs before anything is installed."""
    for part in (*PARTS, *PACKAGE):
        target = tmp_path / "clone" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / part, target)
    return tmp_path / "clone"


def make(clone: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    base = {"PATH": "/usr/bin:/bin", "PYTHON": sys.executable}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=clone,
        env=base | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def python_3_10(folder: Path) -> Path:
    """A Python that reports version 3.10."""
    fake = folder / "python3.10"
    fake.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = (3, 10, 13); $2"\n', "utf-8"
    )
    fake.chmod(0o755)
    return fake


def error_line(result: subprocess.CompletedProcess[str]) -> str:
    """The single error line, without the line that make adds about the failed target."""
    ours = [line for line in result.stderr.splitlines() if not line.startswith("make")]
    assert len(ours) == 1, result.stderr
    assert result.returncode != 0
    return ours[0]


@pytest.mark.parametrize("target", ["setup", "demo", "test", "check"])
def test_setup_without_java_prints_one_line(clone: Path, tmp_path: Path, target: str) -> None:
    line = error_line(make(clone, target, JAVA_HOME=str(tmp_path)))

    assert re.search(r"JAVA_HOME: found .* without bin/java; allowed: Java 17 or newer\. Install", line)
    assert not (clone / ".venv").exists()


def test_setup_with_an_older_python_prints_one_line(clone: Path, tmp_path: Path) -> None:
    line = error_line(make(clone, "test", PYTHON=str(python_3_10(tmp_path))))

    assert line.startswith("setup: Python: found 3.10; allowed: 3.11 or newer. Install one")


def test_setup_without_python_prints_one_line(clone: Path) -> None:
    line = error_line(make(clone, "demo", PYTHON="no-such-python"))

    assert line.startswith("setup: Python: found no no-such-python; allowed: 3.11 or newer. Install one")


def test_finished_setup_is_not_repeated(clone: Path) -> None:
    stamp = clone / ".venv" / ".setup-done"
    stamp.parent.mkdir()
    stamp.touch()

    assert "Nothing to be done" in make(clone, "setup").stdout


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench-stages", "wheel"])
def test_target_after_setup_installs_and_downloads_nothing(clone: Path, target: str) -> None:
    stamp = clone / ".venv" / ".setup-done"
    stamp.parent.mkdir()
    stamp.touch()

    planned = make(clone, "--dry-run", target)

    assert planned.returncode == 0
    assert not re.search(r"bootstrap|delta_jars|pip (?!wheel .*--no-index)|curl|https?:", planned.stdout)


@pytest.mark.parametrize("target", ["bench", "bench-full", "bench-accuracy"])
def test_benchmark_beside_peers_installs_them_once(clone: Path, target: str) -> None:
    shutil.copy(REPOSITORY / "requirements-peers.lock", clone)
    (clone / ".venv").mkdir()
    (clone / ".venv" / ".setup-done").touch()
    assert "pip install" in make(clone, "--dry-run", target).stdout

    (clone / ".venv" / ".peers-done").touch()
    planned = make(clone, "--dry-run", target)
    assert planned.returncode == 0
    assert not re.search(r"bootstrap|delta_jars|pip|curl|https?:", planned.stdout)


def test_setup_is_repeated_after_a_change_of_the_lock(clone: Path) -> None:
    stamp = clone / ".venv" / ".setup-done"
    stamp.parent.mkdir()
    stamp.touch()
    later = stamp.stat().st_mtime + 10
    os.utime(clone / "requirements.lock", (later, later))

    assert "scripts/bootstrap.py" in make(clone, "--dry-run", "setup").stdout


def test_help_lists_every_target(clone: Path) -> None:
    listed = dict(line.split(None, 1) for line in make(clone, "help").stdout.splitlines())
    targets = re.findall(r"^([a-z-]+):", (clone / "Makefile").read_text("utf-8"), re.MULTILINE)

    assert set(listed) == set(targets)
    assert {"setup", "demo", "test", "check", "clean", "help"} <= set(listed)


def bootstrap() -> ModuleType:
    spec = spec_from_file_location("bootstrap", REPOSITORY / "scripts" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pip_failure_distinguishes_a_missing_network() -> None:
    refused = "WARNING: Retrying ... NewConnectionError('... Failed to establish')\nERROR: none found"
    mismatch = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."

    offline = bootstrap().pip_failure("the build tool", refused)
    other = bootstrap().pip_failure("the build tool", mismatch)

    assert offline.startswith("network: found no connection to the package registry for the build tool")
    assert "run make again" in offline
    assert other.startswith("pip: found a failed installation of the build tool")


@pytest.mark.parametrize("name", LOCKS)
def test_lock_pins_with_hashes_and_names_no_index(name: str) -> None:
    text = (REPOSITORY / name).read_text("utf-8")
    requirements = [line for line in text.replace("\\\n", "").splitlines() if line.strip()]

    assert requirements
    assert all("==" in line and "--hash=sha256:" in line for line in requirements)
    assert not re.search(r"://|--index|--find-links|@ |/", text)


def test_python_api_and_jars_of_delta_have_the_same_version() -> None:
    version = delta_coordinate().rpartition(":")[2]
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]

    assert f"delta-spark=={version}" in project["dependencies"]
    assert f"delta-spark=={version} " in (REPOSITORY / "requirements.lock").read_text("utf-8")
