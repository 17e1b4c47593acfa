"""The resolved configuration as text: each value with its source, secrets masked."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lepton_spark.config.load import LoadedConfig
from lepton_spark.config.secrets import masked


def resolved_lines(loaded: LoadedConfig) -> Iterator[tuple[str, str, str]]:
    """Yields (dotted key, value as YAML, source) for every key."""
    for key, value in flattened(loaded.config.model_dump(mode="json")):
        yield key, as_yaml(masked(key, value)), loaded.source(key)


def flattened(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yields (dotted key, value); sections of a list have their numbers as keys."""
    for key, given in tree.items():
        value = _by_number(given)
        if isinstance(value, Mapping) and value:
            yield from flattened(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _by_number(value: object) -> object:
    """A list of sections as a mapping by their numbers; any other value as it is."""
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        return {str(number): section for number, section in enumerate(value)}
    return value


def as_yaml(value: object) -> str:
    """A value in YAML's flow style."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(as_yaml(item) for item in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {as_yaml(item)}' for key, item in value.items())}}}"
    if isinstance(value, str) and (value != value.strip() or not value or not value.isprintable()):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
