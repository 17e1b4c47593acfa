"""Downloads Delta's five jars once, with pinned checksums, using the Ivy that PySpark includes.

Delta's POM also depends on Hadoop, Jackson, Parquet and Log4j in other versions than Spark's. Only the five
jars are downloaded, so that each library has one version. Command: `python -m lepton_spark.delta_jars`.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from lepton_spark.errors import SetupError, examples, explain
from lepton_spark.java import require_java

JARS_VARIABLE = "LEPTON_DELTA_JARS"
"""Environment variable that names a folder with the jars, for machines without network access."""

_GROUP = "io.delta"


def pinned_jars() -> dict[str, str]:
    """SHA-256 of each jar by file name, from `delta_jars.sha256`."""
    lines = files("lepton_spark").joinpath("delta_jars.sha256").read_text("ascii").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def delta_coordinate() -> str:
    """The Maven coordinate for `spark-submit --packages`: `io.delta:delta-spark_...:...`."""
    (name,) = (name for name in pinned_jars() if name.startswith("delta-spark_"))
    return ":".join((_GROUP, *_artifact_and_version(name)))


def jars_folder() -> Path:
    """The folder of the jars: $LEPTON_DELTA_JARS, else `share/lepton_spark/jars` of this Python."""
    chosen = os.environ.get(JARS_VARIABLE)
    return Path(chosen) if chosen else Path(sys.prefix) / "share" / "lepton_spark" / "jars"


def find_jars(folder: Path | None = None, pins: Mapping[str, str] | None = None) -> list[Path] | None:
    """The verified jars in `folder`; None when some are missing.

    Raises: SetupError when a jar has another checksum than the pinned one.
    """
    folder = folder or jars_folder()
    pins = pinned_jars() if pins is None else pins
    jars = [folder / name for name in pins]
    if not all(jar.is_file() for jar in jars):
        return None
    wrong = [jar.name for jar in jars if _sha256(jar) != pins[jar.name]]
    if wrong:
        remedy = "Delete them and run: python -m lepton_spark.delta_jars"
        raise SetupError(
            explain(
                f"Delta's jars in {folder}",
                f"wrong checksums of {examples(wrong)}",
                "the pinned SHA-256",
                remedy,
            )
        )
    return jars


def fetch_jars(folder: Path | None = None) -> list[Path]:
    """The verified jars, downloaded when they are missing; all of them or none appear in `folder`.

    Raises: SetupError without Java, without network access, or on a wrong checksum.
    """
    folder = folder or jars_folder()
    present = find_jars(folder)
    if present is not None:
        return present
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetching-") as scratch:
        fetched = Path(scratch) / "jars"
        _retrieve(fetched, Path(scratch))
        if find_jars(fetched) is None:
            raise SetupError(
                explain(
                    "Delta's jars",
                    f"only {_names(fetched)} downloaded",
                    _names_text(list(pinned_jars())),
                    "Try again.",
                )
            )
        _move_in(fetched, folder)
    return [folder / name for name in pinned_jars()]


def _move_in(fetched: Path, folder: Path) -> None:
    """Renames the whole folder, or moves each jar when the target folder exists."""
    if not folder.exists():
        fetched.rename(folder)
        return
    for jar in fetched.iterdir():
        jar.replace(folder / jar.name)


def _retrieve(target: Path, scratch: Path) -> None:
    java = require_java()
    description = scratch / "ivy.xml"
    description.write_text(_ivy_description(), "utf-8")
    command: list[str | Path] = [
        java, "-cp", _ivy_jar(), "org.apache.ivy.Main", "-ivy", description, "-cache", scratch / "cache",
        "-retrieve", f"{target}/[artifact]-[revision].[ext]",
    ]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode or not target.is_dir():
        remedy = (
            "Connect this machine (proxy: JAVA_TOOL_OPTIONS=-Dhttps.proxyHost=...) and try again, or set"
            f" {JARS_VARIABLE} to a folder that holds {_names_text(list(pinned_jars()))}."
        )
        raise SetupError(
            explain("Delta's jars", "no connection to download them", "a network at first set-up", remedy)
        )


def _ivy_description() -> str:
    """An Ivy module that requests each jar without its transitive dependencies."""
    wanted = "".join(
        f'<dependency org="{_GROUP}" name="{artifact}" rev="{version}" transitive="false" conf="*->master"/>'
        for artifact, version in map(_artifact_and_version, pinned_jars())
    )
    return (
        '<ivy-module version="2.0"><info organisation="lepton" module="jars"/>'
        f"<dependencies>{wanted}</dependencies></ivy-module>"
    )


def _artifact_and_version(jar_name: str) -> tuple[str, str]:
    artifact, _, version = jar_name.removesuffix(".jar").rpartition("-")
    return artifact, version


def _ivy_jar() -> Path:
    spec = find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise SetupError(
            explain("PySpark", "no installation", "the pinned version", "Run: pip install lepton-spark")
        )
    found = sorted((Path(spec.origin).parent / "jars").glob("ivy-*.jar"))
    if not found:
        raise SetupError(
            explain("PySpark", "no Ivy among its jars", "PySpark from pip", "Reinstall pyspark with pip.")
        )
    return found[-1]


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _names(folder: Path) -> str:
    return _names_text(sorted(path.name for path in folder.glob("*.jar")))


def _names_text(names: list[str]) -> str:
    return ", ".join(names) or "none"


def main() -> int:
    """Downloads the jars; prints one line and returns exit code 1 on failure."""
    try:
        jars = fetch_jars()
    except SetupError as fault:
        sys.stderr.write(f"{fault}\n")
        return fault.exit_code
    sys.stdout.write(f"{len(jars)} Delta jars in {jars[0].parent}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
