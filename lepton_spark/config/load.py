"""Reads the configuration: YAML files laid over each other, `--set` on top, every fault at once."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lepton_spark.config.layers import Tree, layers
from lepton_spark.config.secrets import masked
from lepton_spark.config.tree import KNOWN_MODELS, Config
from lepton_spark.errors import ConfigError, Fault

DEFAULT_SOURCE = "default"
CUTOFF_SOURCE = "--cutoff"


@dataclass(frozen=True)
class LoadedConfig:
    """A configuration and, for every key that was set, the file (or `--set`) it came from."""

    config: Config
    sources: Mapping[str, str]

    def source(self, key: str) -> str:
        """Where the value of a dotted key came from; or its nearest branch that was set."""
        return nearest_source(key, self.sources) or DEFAULT_SOURCE


def nearest_source(key: str, sources: Mapping[str, str]) -> str | None:
    """The source of the key, or of the nearest branch above it that was set."""
    parts = key.split(".")
    branches = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((sources[branch] for branch in branches if branch in sources), None)


def load_config(
    paths: Sequence[str | Path],
    overrides: Sequence[str] = (),
    known_models: Collection[str] | None = None,
    cutoff: str | None = None,
) -> LoadedConfig:
    """The resolved configuration; later files, then `overrides` (`dotted.key=value`), then `cutoff` win.

    known_models: the names that `forecast.models` may hold; any when None.

    Raises: ConfigError with every fault of every file.
    """
    tree: Tree = {}
    sources: dict[str, str] = {}
    faults: list[Fault] = []
    for name, layer in layers(paths, overrides, faults):
        _overlay(tree, layer, name, sources)
    if cutoff is not None:
        _overlay(tree, {"forecast": {"cutoff": cutoff}}, CUTOFF_SOURCE, sources)
    loaded = _validate(tree, sources, faults, known_models)
    if faults or loaded is None:
        raise ConfigError(faults)
    return loaded


def _overlay(tree: Tree, layer: Tree, source: str, sources: dict[str, str], prefix: str = "") -> None:
    """Lays one file over what came before; mappings merge, everything else replaces."""
    for key, value in layer.items():
        dotted = f"{prefix}{key}"
        if isinstance(value, dict):
            branch = tree.setdefault(key, {})
            if not isinstance(branch, dict):
                branch = tree[key] = {}
            _overlay(branch, value, source, sources, f"{dotted}.")
            if not value:
                sources.setdefault(dotted, source)
        else:
            tree[key] = value
            sources[dotted] = source


def _validate(
    tree: Tree, sources: Mapping[str, str], faults: list[Fault], known_models: Collection[str] | None
) -> LoadedConfig | None:
    try:
        config = Config.model_validate(_without_empty_sections(tree), context={KNOWN_MODELS: known_models})
    except ValidationError as error:
        details = error.errors(include_url=False)
        faults.extend(_fault(detail, sources) for detail in details if not _follows(detail, details))
        return None
    return LoadedConfig(config, dict(sources))


def _follows(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """Whether a list is too short only because its items were refused, each with its own fault."""
    place = detail["loc"]
    return detail["type"] == "too_short" and any(
        other["loc"][: len(place)] == place and len(other["loc"]) > len(place) for other in details
    )


def _without_empty_sections(tree: Tree) -> Tree:
    """A section whose lines are all commented out reads as null; it means the defaults."""
    return {key: value for key, value in tree.items() if value is not None}


def _fault(detail: ErrorDetails, sources: Mapping[str, str]) -> Fault:
    key = _key(detail["loc"])
    source = _source_of(key.partition("[")[0], sources)
    if detail["type"] == "extra_forbidden":
        return Fault(source, key, "an unknown key", f"one of {', '.join(_siblings(key))}")
    allowed = re.sub(r"^(Value error, |\w+ should (be |have )?)", "", detail["msg"])
    found = "nothing" if detail["type"] == "missing" else _shown(key, detail["input"])
    return Fault(source, key, found, allowed)


def _key(place: Sequence[int | str]) -> str:
    """`forecast.models[2]`; `(tree)` for the whole."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".") or "(tree)"


def _shown(key: str, value: object) -> str:
    if isinstance(value, dict) or hasattr(value, "model_dump"):
        return "this section"
    text = repr(masked(key, value))
    return text if len(text) <= 80 else f"{text[:77]}..."


def _source_of(key: str, sources: Mapping[str, str]) -> str:
    """The file a fault stands in: of the key, of its parents, or of what stands below it."""
    found = nearest_source(key, sources)
    below = sorted({source for name, source in sources.items() if name.startswith(f"{key}.")})
    return found or ", ".join(below) or DEFAULT_SOURCE


def _siblings(key: str) -> list[str]:
    """The keys that are known where an unknown one was found."""
    section: type[BaseModel] = Config
    for part in key.split(".")[:-1]:
        annotation = section.model_fields[part].annotation if part in section.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            break
        section = annotation
    return list(section.model_fields)
