"""Run ids and fingerprints: hashes of everything that a run's results depend on."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.tables.schemas.run_tables import Job
from lepton_spark.version import __version__

_COVARIATES = ("plans", "products", "stock", "priors", "calendar")

_OF_FORECASTS = (*_COVARIATES, "panel", "forecast", "backtest")

_RESULT_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "ingest": ("input",),
    "forecast": _OF_FORECASTS,
    "challenger": _OF_FORECASTS,
    "publish": ("gates", "publish"),
}
"""The sections of the configuration that a job's results depend on."""

_WITHOUT_EFFECT = {
    **{name: {"path"} for name in ("input", *_COVARIATES)},
    "forecast": {"cutoff"},
}
"""Settings left out of the hash: paths do not change results, and the cutoff is hashed by itself."""


def run_id_for(job: Job, cutoff: date | None, config: Config, fingerprint: str) -> str:
    """A hash of job, cutoff, configuration, code and input (`fingerprint`)."""
    return _digest([job, str(cutoff), _settings_of(job, config), code_version(), fingerprint])


def settings_id(job: Job, config: Config, versions: Sequence[str] = ()) -> str:
    """A hash of the settings that a job's results depend on, the same for every cutoff.

    versions: of what the settings name, such as custom regressors.
    """
    return _digest([_settings_of(job, config), *versions])


def _settings_of(job: Job, config: Config) -> str:
    sections = {name: _result_settings(config, name) for name in _RESULT_SECTIONS[job]}
    return json.dumps(sections, sort_keys=True)


def fingerprint_of(parts: Sequence[str]) -> str:
    """A hash of texts in their order."""
    return _digest(parts)


def fingerprint_of_rows(rows: DataFrame) -> str:
    """A hash of a frame's rows that does not depend on the order of rows or columns."""
    hashed = F.xxhash64(*sorted(rows.columns))
    row = rows.agg(F.count("*").alias("n"), F.sum(hashed.cast("decimal(38,0)")).alias("sum")).first()
    text = "" if row is None else f"{row['n']}:{row['sum']}"
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def code_version() -> str:
    """The package's version and a digest of its sources, so that an edited checkout is another version."""
    root = files("lepton_spark")
    digest = hashlib.sha256()
    for name, source in sorted(_sources(root, "")):
        digest.update(name.encode() + b"\0" + source.read_bytes() + b"\0")
    return f"{__version__}+{digest.hexdigest()[:12]}"


def _sources(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found.extend(_sources(entry, f"{prefix}{entry.name}/"))
        elif entry.name.endswith(".py"):
            found.append((f"{prefix}{entry.name}", entry))
    return found


def _result_settings(config: Config, section: str) -> dict[str, Any]:
    settings: dict[str, Any] = getattr(config, section).model_dump(mode="json")
    return {key: value for key, value in settings.items() if key not in _WITHOUT_EFFECT.get(section, ())}


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(list(parts)).encode()).hexdigest()[:32]
