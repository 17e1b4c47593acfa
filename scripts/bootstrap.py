"""Creates .venv with the locked packages, this project, Delta's jars and the archive of Java's classes.

Run by `make setup`. Standard library only, because nothing is installed yet.
"""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "setup.log"
OFFLINE_SIGNS = (
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeout",
    "ProxyError",
    "Max retries exceeded",
)

sys.path.insert(0, str(ROOT))
from lepton_spark.errors import SetupError, explain  # noqa: E402 - the package is not installed yet
from lepton_spark.java import require_java  # noqa: E402


def main() -> int:
    """Runs the steps in order; make records success only after the last, so a failed set-up is repeated."""
    try:
        require_java()
        make_venv()
        install()
    except SetupError as fault:
        sys.stderr.write(f"setup: {fault}\n")
        return fault.exit_code
    code = subprocess.call([PYTHON, "-m", "lepton_spark.delta_jars"], cwd=ROOT)
    return code or archive_classes()


def make_venv() -> None:
    """Creates a new .venv unless a usable one exists."""
    if (
        PYTHON.exists()
        and subprocess.call([PYTHON, "-c", "import tomllib, pip"], stderr=subprocess.DEVNULL) == 0
    ):
        return
    remedy = (
        "On Debian and Ubuntu install the package python3-venv, or use another Python: make setup PYTHON=..."
    )
    if find_spec("ensurepip") is None or find_spec("venv") is None:
        found = f"{sys.executable} without its venv module"
        raise SetupError(explain("Python", found, "one that can create virtual environments", remedy))
    if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]):
        raise SetupError(
            explain("Python", f"{sys.executable}, which failed to create {VENV}", "one that can", remedy)
        )


def install() -> None:
    """Installs the locked build tool, the locked packages, and this project without a package index."""
    LOG.unlink(missing_ok=True)
    pip("the build tool", "--require-hashes", "-r", "requirements-build.lock")
    locked = ("--require-hashes", "--no-build-isolation", "-r", "requirements.lock")
    pip("the locked packages (takes a few minutes, once)", *locked)
    pip("lepton-spark", "--no-deps", "--no-build-isolation", "--no-index", "--editable", ".")


def archive_classes() -> int:
    """Makes the archive from which Spark starts faster; returns the exit code."""
    print("setup: archiving Java's classes for faster starts (a minute)", flush=True)
    with LOG.open("ab") as log:
        code = subprocess.call([PYTHON, "-m", "lepton_spark.class_archive"], cwd=ROOT, stdout=log, stderr=log)
    if code:
        sys.stderr.write(f"setup: Java's classes could not be archived; the reason is in {LOG}\n")
    return code


def pip(what: str, *arguments: str) -> None:
    """Runs `pip install` and writes its output to the log."""
    print(f"setup: installing {what}", flush=True)
    command: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--no-input",
        *arguments,
    ]
    with LOG.open("ab") as log:
        code = subprocess.call(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    if code:
        raise SetupError(pip_failure(what, LOG.read_text("utf-8", "replace")))


def pip_failure(what: str, output: str) -> str:
    """The error message for a missing network, or for another failure of pip."""
    if any(sign in output for sign in OFFLINE_SIGNS):
        remedy = "Connect this machine (proxy: HTTPS_PROXY) and run make again."
        return explain(
            "network", f"no connection to the package registry for {what}", "one at the first set-up", remedy
        )
    return explain("pip", f"a failed installation of {what}", "a successful one", f"Its output is in {LOG}.")


if __name__ == "__main__":
    raise SystemExit(main())
