"""Delta's five jars: pinned, checksummed, fetched once by the Ivy that PySpark ships.

Delta's own POM also brings Hadoop, Jackson, Parquet and Log4j of other versions than Spark's; only these five
are taken, so a run has one of each. `python -m lepton_spark.delta_jars` fetches them.
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
"""Names a folder that holds the jars, for machines that may not fetch them."""

_GROUP = "io.delta"


def pinned_jars() -> dict[str, str]:
    """File name -> SHA-256 of each jar, from the lines of `delta_jars.sha256`."""
    lines = files("lepton_spark").joinpath("delta_jars.sha256").read_text("ascii").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def delta_coordinate() -> str:
    """What `spark-submit --packages` takes: `io.delta:delta-spark_...:...`."""
    (name,) = (name for name in pinned_jars() if name.startswith("delta-spark_"))
    return ":".join((_GROUP, *_artifact_and_version(name)))


def jars_folder() -> Path:
    """Where the jars stand: $LEPTON_DELTA_JARS, else beside the installed package's environment."""
    chosen = os.environ.get(JARS_VARIABLE)
    return Path(chosen) if chosen else Path(sys.prefix) / "share" / "lepton_spark" / "jars"


def find_jars(folder: Path | None = None, pins: Mapping[str, str] | None = None) -> list[Path] | None:
    """The verified jars in `folder`, or None when some are not there yet.

    Raises: SetupError when one is there and is not the pinned one.
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
                f"other contents in {examples(wrong)}",
                "the pinned SHA-256",
                remedy,
            )
        )
    return jars


def fetch_jars(folder: Path | None = None) -> list[Path]:
    """The verified jars, fetched first when they are not there; they appear in `folder` all or none.

    Raises: SetupError without Java, without the network, or on a wrong checksum.
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
                    f"{_names(fetched)} fetched",
                    _names_text(list(pinned_jars())),
                    "Try again.",
                )
            )
        _move_in(fetched, folder)
    return [folder / name for name in pinned_jars()]


def _move_in(fetched: Path, folder: Path) -> None:
    """Renames the whole folder, or each jar where the folder stands already."""
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
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode or not target.is_dir():
        remedy = (
            "Connect this machine (Java takes a proxy from JAVA_TOOL_OPTIONS=-Dhttps.proxyHost=...) and try"
            f" again, or set {JARS_VARIABLE} to a folder that holds {_names_text(list(pinned_jars()))}."
        )
        raise SetupError(
            explain("Delta's jars", "they could not be fetched", "the network at first set-up", remedy)
        )


def _ivy_description() -> str:
    """An Ivy module that wants each jar alone, without what its POM would bring."""
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
            explain("PySpark", "not installed", "the pinned one", "Run: pip install lepton-spark")
        )
    found = sorted((Path(spec.origin).parent / "jars").glob("ivy-*.jar"))
    if not found:
        raise SetupError(
            explain("PySpark", "no Ivy among its jars", "PySpark from pip", "Reinstall pyspark by pip.")
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
    """Fetches the jars; one sentence and exit code 1 when that cannot be done."""
    try:
        jars = fetch_jars()
    except SetupError as fault:
        sys.stderr.write(f"{fault}\n")
        return fault.exit_code
    sys.stdout.write(f"{len(jars)} Delta jars in {jars[0].parent}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
