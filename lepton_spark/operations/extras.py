"""The optional packages and folders that settings for operators need, checked before a job starts."""

import os
from importlib.util import find_spec
from pathlib import Path

from lepton_spark.config import LoadedConfig
from lepton_spark.errors import Fault

PACKAGES = {
    "prometheus.file": (("prometheus_client",), "metrics"),
    "lineage.file": (("openlineage",), "lineage"),
    "report.file": (("jinja2", "vl_convert"), "report"),
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
    found = (_fault(loaded, key, file) for key, file in files.items() if file is not None)
    return [fault for fault in found if fault is not None]


def _fault(loaded: LoadedConfig, key: str, file: str) -> Fault | None:
    modules, extra = PACKAGES[key]
    missing = next((module for module in modules if not _is_installed(module)), None)
    if missing is not None:
        remedy = f"only with the package {missing}: run pip install 'lepton-spark[{extra}]'"
        return Fault(loaded.source(key), key, repr(file), remedy)
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
