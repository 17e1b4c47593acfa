"""The archive of Java's classes: made in a process of its own, then used by a session."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lepton_spark.config import SparkSettings
from lepton_spark.delta_jars import JARS_VARIABLE, jars_folder
from lepton_spark.session import JAVA_OPTIONS, local_settings

MAKE = "import sys; sys.prefix = sys.argv[1]; from lepton_spark.class_archive import main; sys.exit(main())"
START = """
import sys; sys.prefix = sys.argv[1]
from lepton_spark.config import SparkSettings
from lepton_spark.session import JAVA_OPTIONS, open_session
open_session(SparkSettings(options={JAVA_OPTIONS: f"-Xlog:class+load:file='{sys.argv[2]}'"}), "test").stop()
"""


def run_python(code: str, *arguments: Path) -> str:
    environment = {**os.environ, JARS_VARIABLE: str(jars_folder())}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_a_session_takes_its_classes_from_the_archive(tmp_path: Path) -> None:
    prefix, loaded = tmp_path / "a folder", tmp_path / "loaded.txt"

    made = run_python(MAKE, prefix)
    run_python(START, prefix, loaded)

    archive = prefix / "share" / "lepton_spark" / "classes.jsa"
    assert made == f"classes in {archive}\n"
    assert list(archive.parent.iterdir()) == [archive]
    archived = [line for line in loaded.read_text().splitlines() if line.endswith("file (top)")]
    assert any("org.apache.spark.SparkContext " in line for line in archived)


def test_a_session_without_an_archive_names_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert "SharedArchiveFile" not in local_settings(SparkSettings(), [])[JAVA_OPTIONS]
