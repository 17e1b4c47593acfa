"""Loads and validates the configuration from its layers."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lepton_spark.config.layers import Replacement, Tree, layers
from lepton_spark.config.secrets import masked
from lepton_spark.config.sections.forecast_settings import KNOWN_MODELS
from lepton_spark.config.tree import Config
from lepton_spark.errors import ConfigError, Fault

DEFAULT_SOURCE = "default"
CUTOFF_SOURCE = "--cutoff"


@dataclass(frozen=True)
class LoadedConfig:
    """A configuration and the source of each key that was set: a file, `--set` or `--cutoff`."""

    config: Config
    sources: Mapping[str, str]

    def source(self, key: str) -> str:
        """The source of a dotted key, or of its nearest parent that was set."""
        return nearest_source(key, self.sources) or DEFAULT_SOURCE


def nearest_source(key: str, sources: Mapping[str, str]) -> str | None:
    """The source of the key, or of its nearest parent that was set; None if there is none."""
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

    known_models: names that `forecast.models` may hold.
    None: any name is accepted.

    Raises: ConfigError with all invalid settings of all files.
    """
    tree: Tree = {}
    sources: dict[str, str] = {}
    faults: list[Fault] = []
    for name, layer in layers(paths, overrides, faults):
        _overlay(tree, layer, name, sources)
    if cutoff is not None:
        _overlay(tree, {"forecast": {"cutoff": cutoff}}, CUTOFF_SOURCE, sources)
    config = _validate(tree, sources, faults, {KNOWN_MODELS: known_models})
    if faults or config is None:
        raise ConfigError(faults)
    return LoadedConfig(config, sources)


def _overlay(tree: Tree, layer: Tree, source: str, sources: dict[str, str], prefix: str = "") -> None:
    """Merges a layer into the tree: mappings are merged, replacements and other values replace."""
    for key, value in layer.items():
        dotted = f"{prefix}{key}"
        if isinstance(value, Replacement):
            tree[key] = {}
            for name in [name for name in sources if name.startswith(f"{dotted}.")]:
                del sources[name]
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
    tree: Tree, sources: Mapping[str, str], faults: list[Fault], context: Mapping[str, object]
) -> Config | None:
    try:
        return Config.model_validate(_without_empty_sections(tree), context=dict(context))
    except ValidationError as error:
        details = error.errors(include_url=False)
        faults.extend(_fault(detail, sources) for detail in details if not _is_consequence(detail, details))
        return None


def _is_consequence(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """Whether a list is too short only because its items are invalid, which are reported themselves."""
    location = detail["loc"]
    return detail["type"] == "too_short" and any(
        other["loc"][: len(location)] == location and len(other["loc"]) > len(location) for other in details
    )


def _without_empty_sections(tree: Tree) -> Tree:
    """YAML parses a section whose lines are all comments as null; it means the defaults."""
    return {key: value for key, value in tree.items() if value is not None}


def _fault(detail: ErrorDetails, sources: Mapping[str, str]) -> Fault:
    key = _key(detail["loc"])
    source = _source_of(key.partition("[")[0], sources)
    if detail["type"] == "extra_forbidden":
        return Fault(source, key, "an unknown key", f"one of {', '.join(_valid_keys(key))}")
    allowed = re.sub(r"^(Value error, |\w+ should (be |have )?)", "", detail["msg"])
    found = "nothing" if detail["type"] == "missing" else _display(key, detail["input"])
    return Fault(source, key, found, allowed)


def _key(location: Sequence[int | str]) -> str:
    """The dotted key, such as `forecast.models[2]`; `(tree)` for the complete configuration."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".") or "(tree)"


def _display(key: str, value: object) -> str:
    if isinstance(value, dict) or hasattr(value, "model_dump"):
        return "this section"
    text = repr(masked(key, value))
    return text if len(text) <= 80 else f"{text[:77]}..."


def _source_of(key: str, sources: Mapping[str, str]) -> str:
    """The source of the key, of its nearest parent, or of all keys below it."""
    found = nearest_source(key, sources)
    below = sorted({source for name, source in sources.items() if name.startswith(f"{key}.")})
    return found or ", ".join(below) or DEFAULT_SOURCE


def _valid_keys(key: str) -> list[str]:
    """The valid keys at the level of an unknown key."""
    section: type[BaseModel] = Config
    for part in key.split(".")[:-1]:
        annotation = section.model_fields[part].annotation if part in section.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            break
        section = annotation
    return list(section.model_fields)
