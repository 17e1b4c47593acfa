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
def test_require_java_accepts_17_and_newer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    home = java_home(tmp_path, f"echo 'openjdk version \"{version}\" 2025-04-15' >&2")
    monkeypatch.setenv("JAVA_HOME", str(home))

    assert require_java() == home / "bin" / "java"


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("echo 'openjdk version \"1.8.0_392\"' >&2", "found Java 8"),
        ("echo 'java version \"11.0.21\" 2023-10-17 LTS' >&2", "found Java 11"),
        ("exit 1", "no version in the output of java -version"),
    ],
    ids=["8", "11", "broken"],
)
def test_require_java_rejects_older_or_broken_java(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, found: str
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(java_home(tmp_path, script)))

    with pytest.raises(SetupError, match=f"{found}; allowed: Java 17 or newer. Install a JDK"):
        require_java()


def test_require_java_explains_a_missing_java_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(
        SetupError, match="Java: found none on the PATH and JAVA_HOME unset; allowed: Java 17"
    ) as caught:
        require_java()

    assert "\n" not in str(caught.value)


def test_require_java_names_a_java_home_without_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(SetupError, match=r"JAVA_HOME: found .* without bin/java"):
        require_java()
