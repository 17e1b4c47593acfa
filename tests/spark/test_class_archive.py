"""The archive of Java's classes that the set-up has made is used by a session."""

import subprocess
import sys
from pathlib import Path

import pytest

from lepton_spark.config import SparkSettings
from lepton_spark.session import JAVA_OPTIONS, class_archive, local_settings

START = """
import sys
from lepton_spark.config import SparkSettings
from lepton_spark.session import JAVA_OPTIONS, open_session
open_session(SparkSettings(options={JAVA_OPTIONS: f"-Xlog:class+load:file='{sys.argv[1]}'"}), "test").stop()
"""


def test_a_session_takes_its_classes_from_the_archive_of_the_set_up(tmp_path: Path) -> None:
    if not class_archive().exists():  # in an environment that `make setup` has not made
        subprocess.run([sys.executable, "-m", "lepton_spark.class_archive"], capture_output=True, check=True)
    loaded = tmp_path / "loaded.txt"

    subprocess.run([sys.executable, "-c", START, str(loaded)], capture_output=True, check=True)

    archived = [line for line in loaded.read_text().splitlines() if line.endswith("file (top)")]
    assert any("org.apache.spark.SparkContext " in line for line in archived)


def test_a_session_without_an_archive_names_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert "SharedArchiveFile" not in local_settings(SparkSettings(), [])[JAVA_OPTIONS]
