"""Finds the Java that Spark will start and checks its version; standard library only."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from lepton_spark.errors import SetupError, explain
from lepton_spark.language import Message

MIN_JAVA = 17
"""Spark 4 is compiled for Java 17."""

_ALLOWED = Message("Java {version} or newer", version=MIN_JAVA)
_REMEDY = Message(
    "Install a JDK or JRE of version {version} or newer and point JAVA_HOME at it.", version=MIN_JAVA
)


def require_java() -> Path:
    """The `java` that Spark will start: that of JAVA_HOME, else the first on the PATH.

    Raises: SetupError when there is none, it does not start, or it is too old.
    """
    java = _find_java()
    found = _version_of(java)
    if found < MIN_JAVA:
        raise SetupError(explain(str(java), Message("Java {found}", found=found), _ALLOWED, _REMEDY))
    return java


def _find_java() -> Path:
    home = os.environ.get("JAVA_HOME")
    if home:
        java = Path(home) / "bin" / "java"
        if not java.is_file():
            raise SetupError(
                explain("JAVA_HOME", Message("{home} without bin/java", home=home), _ALLOWED, _REMEDY)
            )
        return java
    on_path = shutil.which("java")
    if on_path is None:
        raise SetupError(explain("Java", Message("none on the PATH and JAVA_HOME unset"), _ALLOWED, _REMEDY))
    return Path(on_path)


def _version_of(java: Path) -> int:
    """The feature version: 8 for `1.8.0_392`, 17 for `17.0.15`."""
    try:
        output = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    except OSError as fault:
        raise SetupError(
            explain(
                str(java),
                Message("it does not start ({reason})", reason=fault.strerror),
                _ALLOWED,
                _REMEDY,
            )
        ) from fault
    version = re.search(r'version "(?:1\.)?(\d+)', output.stderr + output.stdout)
    if output.returncode or version is None:
        raise SetupError(
            explain(str(java), Message("no version in the output of java -version"), _ALLOWED, _REMEDY)
        )
    return int(version[1])
