"""Loads and validates the configuration from its layers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lepton_spark.config.layers import Replacement, Tree, layers
from lepton_spark.config.sections.forecast_settings import KNOWN_MODELS
from lepton_spark.config.setting_faults import DEFAULT_SOURCE, nearest_source, setting_faults
from lepton_spark.config.tree import Config
from lepton_spark.errors import ConfigError, Fault

CUTOFF_SOURCE = "--cutoff"


@dataclass(frozen=True)
class LoadedConfig:
    """A configuration and the source of each key that was set: a file, `--set` or `--cutoff`."""

    config: Config
    sources: Mapping[str, str]

    def source(self, key: str) -> str:
        """The source of a dotted key, or of its nearest parent that was set."""
        return nearest_source(key, self.sources) or DEFAULT_SOURCE


def load_config(
    given: Sequence[str | Path | Mapping[str, Any]],
    overrides: Sequence[str] = (),
    known_models: Collection[str] | None = None,
    cutoff: str | None = None,
) -> LoadedConfig:
    """The resolved configuration; later layers, then `overrides` (`dotted.key=value`), then `cutoff` win.

    given: YAML files, or sections as nested mappings.
    known_models: names that `forecast.models` may hold.
    None: any name is accepted.

    Raises: ConfigError with all invalid settings of all files.
    """
    tree: Tree = {}
    sources: dict[str, str] = {}
    faults: list[Fault] = []
    for name, layer in layers(given, overrides, faults):
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
        faults.extend(setting_faults(error.errors(include_url=False), sources))
        return None


def _without_empty_sections(tree: Tree) -> Tree:
    """YAML parses a section whose lines are all comments as null; it means the defaults."""
    return {key: value for key, value in tree.items() if value is not None}
