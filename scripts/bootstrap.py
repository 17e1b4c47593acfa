"""Makes .venv, installs what the lock files pin, then this project and Delta's jars; `make setup` runs it.

Runs before anything is installed and on any Python 3, so that a wrong one gets a sentence instead of a syntax error:
standard library only, and no syntax newer than Python 3.5 above the check.
"""

import os
import subprocess
import sys

LEAST_PYTHON = (3, 11)

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
LOG = os.path.join(VENV, "setup.log")
OFFLINE_SIGNS = ("NewConnectionError", "NameResolutionError", "ConnectTimeout", "ProxyError", "Network is unreachable")


def stop(sentence):
    """Ends with one sentence and exit code 1."""
    sys.exit("setup: " + sentence)


def require_python():
    """A Python that the project runs on, with the parts that Debian packs apart."""
    found = sys.version_info[:2]
    if found < LEAST_PYTHON:
        stop(
            "Python: found %d.%d; allowed: 3.11 or newer. Install one and run: make setup PYTHON=python3.11" % found
        )
    try:
        import ensurepip
        import venv  # noqa: F401
    except ImportError:
        stop(
            "Python: found %s without its venv module; allowed: one that can make virtual environments."
            " Install it (on Debian and Ubuntu: apt install python3-venv)." % sys.executable
        )


def require_java():
    """The package's own check, which needs nothing installed."""
    sys.path.insert(0, ROOT)
    sys.dont_write_bytecode = True
    from lepton_spark.errors import SetupError
    from lepton_spark.java import require_java as check

    try:
        check()
    except SetupError as fault:
        stop(str(fault))


def make_venv():
    """A fresh .venv, unless a usable one stands there."""
    usable = "import sys; sys.exit(sys.version_info[:2] < %r)" % (LEAST_PYTHON,)
    if os.path.exists(PYTHON) and subprocess.call([PYTHON, "-c", usable]) == 0:
        return
    if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]):
        stop("Python: %s could not make %s; see its words above." % (sys.executable, VENV))


def pip_install(what, *arguments):
    """Runs pip with its words kept in the log; a failure ends in one sentence."""
    print("setup: installing " + what)
    sys.stdout.flush()
    command = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--no-input"] + list(arguments)
    with open(LOG, "ab") as log:
        code = subprocess.call(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    if code:
        explain_pip(what)


def explain_pip(what):
    """Tells a missing network from any other failure."""
    with open(LOG, errors="replace") as log:
        words = log.read()
    if any(sign in words for sign in OFFLINE_SIGNS):
        stop(
            "network: found none, or no way to the package registry, while installing %s; needed at the first set-up"
            " only. Connect (pip takes a proxy from HTTPS_PROXY) and run make again." % what
        )
    stop("pip: could not install %s; its own words are in %s. Mend that and run make again." % (what, LOG))


def main():
    """Each step says what it lacks; nothing half done is taken for done, for the stamp comes last."""
    require_python()
    require_java()
    make_venv()
    if os.path.exists(LOG):
        os.remove(LOG)
    pip_install("the build tool", "--require-hashes", "-r", "requirements-build.lock")
    locked = ("--require-hashes", "--no-build-isolation", "-r", "requirements.lock")
    pip_install("the locked packages (some minutes the first time; PySpark is 450 MB)", *locked)
    pip_install("lepton-spark itself", "--no-deps", "--no-build-isolation", "--no-index", "--editable", ".")
    print("setup: Delta's jars")
    sys.stdout.flush()
    if subprocess.call([PYTHON, "-m", "lepton_spark.delta_jars"], cwd=ROOT):
        sys.exit(1)


if __name__ == "__main__":
    main()
