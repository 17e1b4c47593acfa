"""What `runs` records of a run's configuration, and what later jobs need of it."""

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from lepton_spark.config import Config
from lepton_spark.config.secrets import masked
from lepton_spark.pipelines.runs.run_id import code_version

VERSIONS = ("config", "code_version", "library_versions")

_LIBRARIES = ("pyspark", "delta-spark", "numpy", "pandas", "pyarrow", "scikit-learn")

USED = {
    "frequency": "$.forecast.frequency",
    "kind": "$.input.kind",
    "columns": "$.input.columns",
    "identity": "$.input.identity",
    "sources": "$.input[*]",
}
"""What later jobs need of a run's configuration, with its path in the JSON text.

sources: those of `input` if it is a list; without the brackets if it has one only.
"""

_OF_INPUT = ("kind", "columns", "identity")

Used = Mapping[str, str | None]
"""The values of `USED` that a run used; nested ones as JSON."""


def masked_json(config: Config) -> str:
    """The configuration as JSON, secrets masked."""
    return json.dumps(_masked(config.model_dump(mode="json"), ""), sort_keys=True, ensure_ascii=False)


def versions_of(config: Config) -> dict[str, Any]:
    """The configuration and what its results depend on, as columns of `runs`."""
    libraries = {name: version(name) for name in _LIBRARIES}
    values = (masked_json(config), code_version(), libraries)
    return dict(zip(VERSIONS, values, strict=True))


def used_settings(config: str) -> Used:
    """The same texts as Spark extracts from the configuration in `runs`."""
    sections = json.loads(config)
    given = sections["input"]
    of_one = {name: None if isinstance(given, list) else given[name] for name in _OF_INPUT}
    sources = given if isinstance(given, list) else None
    found = {"frequency": sections["forecast"]["frequency"], **of_one, "sources": sources}
    return {
        name: value if isinstance(value, str | None) else json.dumps(value) for name, value in found.items()
    }


def _masked(value: object, key: str) -> object:
    if isinstance(value, dict):
        return {name: _masked(below, f"{key}.{name}") for name, below in value.items()}
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return [_masked(item, key) for item in value]
    return masked(key, value)
