from pathlib import Path

import pytest

from lepton_spark.errors import SetupError
from lepton_spark.java import require_java


def java_home(folder: Path, script: str) -> Path:
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    java.chmod(0o755)
    return folder


@pytest.mark.parametrize("version", ["17.0.15", "25", "21.0.2-ea"])
def test_java_17_and_newer_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    home = java_home(tmp_path, f"echo 'openjdk version \"{version}\" 2025-04-15' >&2")
    monkeypatch.setenv("JAVA_HOME", str(home))

    assert require_java() == home / "bin" / "java"


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("echo 'openjdk version \"1.8.0_392\"' >&2", "found Java 8"),
        ("echo 'java version \"11.0.21\" 2023-10-17 LTS' >&2", "found Java 11"),
        ("exit 1", "it tells no version"),
    ],
    ids=["8", "11", "broken"],
)
def test_java_of_another_kind_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, found: str
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(java_home(tmp_path, script)))

    with pytest.raises(SetupError, match=f"{found}; allowed: Java 17 or newer. Install a JDK"):
        require_java()


def test_java_missing_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(
        SetupError, match="Java: found none on the PATH and JAVA_HOME unset; allowed: Java 17"
    ) as told:
        require_java()

    assert "\n" not in str(told.value)


def test_java_home_without_java_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(SetupError, match=r"JAVA_HOME: found .* without bin/java"):
        require_java()
