"""The optional packages and folders that settings need, checked before a job starts."""

import os
from importlib.util import find_spec
from pathlib import Path

from lepton_spark.config import LoadedConfig
from lepton_spark.errors import Fault

PACKAGES = {
    "prometheus.file": (("prometheus_client",), "metrics"),
    "lineage.file": (("openlineage",), "lineage"),
    "report.file": (("jinja2", "vl_convert"), "report"),
    "input.format": (("python_calamine",), "excel"),
}
"""The modules that a setting needs, and the extra that installs them."""


def missing_for_operators(loaded: LoadedConfig) -> list[Fault]:
    """A fault for each setting whose package is not installed or whose folder cannot be written to."""
    config = loaded.config
    files = {
        "prometheus.file": config.prometheus.file,
        "lineage.file": config.lineage.file,
        "report.file": config.report.file,
    }
    found = [_fault(loaded, key, file) for key, file in files.items() if file is not None]
    if config.input.format == "excel":
        found.append(_missing(loaded, "input.format", config.input.format))
    return [fault for fault in found if fault is not None]


def _missing(loaded: LoadedConfig, key: str, value: str) -> Fault | None:
    modules, extra = PACKAGES[key]
    missing = next((module for module in modules if not _is_installed(module)), None)
    if missing is None:
        return None
    remedy = f"only with the package {missing}: run pip install 'lepton-spark[{extra}]'"
    return Fault(loaded.source(key), key, repr(value), remedy)


def _fault(loaded: LoadedConfig, key: str, file: str) -> Fault | None:
    missing = _missing(loaded, key, file)
    if missing is not None:
        return missing
    folder = Path(file).absolute().parent
    if key == "report.file":  # the report makes its folder, which may be that of the first run's tables
        folder = next(above for above in (folder, *folder.parents) if above.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return Fault(
            loaded.source(key), key, repr(file), "a file in a folder that exists and can be written to"
        )
    return None


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:  # None in sys.modules
        return False
