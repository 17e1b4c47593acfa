import hashlib
from pathlib import Path

import pytest

from lepton_spark import delta_jars
from lepton_spark.delta_jars import delta_coordinate, fetch_jars, find_jars, jars_folder, pinned_jars
from lepton_spark.errors import SetupError

PINS = {"a-1.0.jar": hashlib.sha256(b"one").hexdigest(), "b-1.0.jar": hashlib.sha256(b"two").hexdigest()}


def test_pinned_jars_are_the_five_of_delta() -> None:
    assert set(pinned_jars()) == {
        "delta-kernel-api-4.4.0.jar",
        "delta-kernel-defaults-4.4.0.jar",
        "delta-kernel-unitycatalog-4.4.0.jar",
        "delta-spark_4.2_2.13-4.4.0.jar",
        "delta-storage-4.4.0.jar",
    }
    assert all(len(bytes.fromhex(digest)) == 32 for digest in pinned_jars().values())


def test_delta_coordinate_names_the_pinned_version() -> None:
    assert delta_coordinate() == "io.delta:delta-spark_4.2_2.13:4.4.0"


def test_find_jars_returns_them_in_the_pinned_order(tmp_path: Path) -> None:
    (tmp_path / "b-1.0.jar").write_bytes(b"two")
    (tmp_path / "a-1.0.jar").write_bytes(b"one")

    assert find_jars(tmp_path, PINS) == [tmp_path / "a-1.0.jar", tmp_path / "b-1.0.jar"]


def test_find_jars_returns_none_when_one_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a-1.0.jar").write_bytes(b"one")

    assert find_jars(tmp_path, PINS) is None
    assert find_jars(tmp_path / "nowhere", PINS) is None


def test_find_jars_rejects_a_wrong_checksum(tmp_path: Path) -> None:
    (tmp_path / "a-1.0.jar").write_bytes(b"one")
    (tmp_path / "b-1.0.jar").write_bytes(b"altered")

    with pytest.raises(SetupError, match=r"wrong checksums of 'b-1\.0\.jar'; allowed: the pinned SHA-256"):
        find_jars(tmp_path, PINS)


def test_jars_folder_is_set_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEPTON_DELTA_JARS", "/mnt/jars")

    assert jars_folder() == Path("/mnt/jars")


@pytest.fixture
def without_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


@pytest.mark.usefixtures("without_java")
def test_fetch_jars_leaves_no_partial_download(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="Java: found none on the PATH"):
        fetch_jars(tmp_path / "share" / "jars")

    assert list((tmp_path / "share").iterdir()) == []


def fake_java(folder: Path, monkeypatch: pytest.MonkeyPatch, ivy: str) -> None:
    """Puts a fake Java 17 on JAVA_HOME that runs the shell script `ivy` instead of downloading the jars.

    The script finds the download folder in `$target`.
    """
    java = folder / "bin" / "java"
    java.parent.mkdir()
    java.write_text(
        "#!/bin/bash\n"
        'if [ "$1" = -version ]; then echo \'openjdk version "17.0.1"\' >&2; exit; fi\n'
        f'target="$(dirname "${{@: -1}}")"\n{ivy}\n',
        "utf-8",
    )
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(folder))


def test_fetch_jars_explains_a_missing_network_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_java(tmp_path, monkeypatch, "echo 'UNRESOLVED DEPENDENCIES'; exit 1")

    with pytest.raises(
        SetupError, match=r"no connection to download them; allowed: a network at first set-up\. Connect"
    ) as caught:
        fetch_jars(tmp_path / "jars")

    assert "\n" not in str(caught.value)
    assert "LEPTON_DELTA_JARS" in str(caught.value)
    assert not (tmp_path / "jars").exists()


def test_fetch_jars_rejects_a_wrong_checksum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta_jars, "pinned_jars", lambda: PINS)
    fake_java(
        tmp_path,
        monkeypatch,
        'mkdir "$target"; printf one >"$target/a-1.0.jar"; printf evil >"$target/b-1.0.jar"',
    )

    with pytest.raises(SetupError, match=r"wrong checksums of 'b-1\.0\.jar'"):
        fetch_jars(tmp_path / "jars")

    assert not (tmp_path / "jars").exists()


def test_fetch_jars_completes_a_partial_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta_jars, "pinned_jars", lambda: PINS)
    fake_java(
        tmp_path,
        monkeypatch,
        'mkdir "$target"; printf one >"$target/a-1.0.jar"; printf two >"$target/b-1.0.jar"',
    )
    jars = tmp_path / "jars"
    jars.mkdir()
    (jars / "a-1.0.jar").write_bytes(b"half")

    assert fetch_jars(jars) == [jars / "a-1.0.jar", jars / "b-1.0.jar"]
    assert (jars / "a-1.0.jar").read_bytes() == b"one"
