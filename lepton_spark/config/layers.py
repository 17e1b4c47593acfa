"""Reads the layers of a configuration as nested mappings: YAML files, then `--set dotted.key=value`."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_origin

import yaml
from pydantic import BaseModel

from lepton_spark.config.tree import Config
from lepton_spark.config.yaml_faults import DuplicateKeyError, yaml_fault
from lepton_spark.errors import Fault

SET_SOURCE = "--set"
MAPPING_SOURCE = "config"
"""The source of settings that are given in Python."""

_NO_YAML = tuple("|>*&!@%#`,")
"""A `--set` value that starts with one of these is taken literally, for example `*.csv`."""

_SECTIONS = "sections with keys below them, such as input: and, indented on the next line, path: sales.csv"

Tree = dict[str, Any]


class Replacement(dict[str, Any]):
    """A mapping given by `--set`, which replaces the one below it instead of being merged with it."""


def layers(
    given: Sequence[str | Path | Mapping[str, Any]], overrides: Sequence[str], faults: list[Fault]
) -> Iterator[tuple[str, Tree]]:
    """Yields (source, tree) for each layer, then each override; adds unreadable ones to `faults`."""
    for path in given:
        if isinstance(path, Mapping):
            yield MAPPING_SOURCE, dict(path)
            continue
        layer = _read_yaml(path, faults)
        if layer is not None:
            yield str(path), layer
    for override in overrides:
        setting = _read_override(override, faults)
        if setting is not None:
            yield SET_SOURCE, setting


def _read_yaml(path: str | Path, faults: list[Fault]) -> Tree | None:
    try:
        text = Path(path).read_text(encoding="utf-8")
        content = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except FileNotFoundError:
        faults.append(Fault(str(path), "(file)", "no such file", "an existing YAML file"))
    except UnicodeDecodeError:
        faults.append(Fault(str(path), "(file)", "bytes that are not UTF-8", "a text file saved as UTF-8"))
    except OSError as error:
        faults.append(Fault(str(path), "(file)", str(error.strerror), "a readable YAML file"))
    except yaml.YAMLError as error:
        fault = yaml_fault(error, text)
        place = "(file)" if fault.line is None else f"line {fault.line}"
        faults.append(Fault(str(path), place, fault.found, fault.allowed))
    else:
        if content is None or isinstance(content, dict):
            return content or {}
        faults.append(Fault(str(path), "(file)", _kind(content), _SECTIONS))
    return None


def _kind(content: object) -> str:
    return "a list" if isinstance(content, list) else "a text without keys"


def _read_override(override: str, faults: list[Fault]) -> Tree | None:
    key, equals, text = override.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        faults.append(Fault(SET_SOURCE, override, "no dotted key with a value", "dotted.key=value"))
        return None
    try:
        value: Any = text if text.startswith(_NO_YAML) else yaml.load(text, Loader=_StrictLoader)  # noqa: S506
    except yaml.YAMLError as error:
        fault = yaml_fault(error, text)
        faults.append(Fault(SET_SOURCE, key, fault.found, fault.allowed))
        return None
    if isinstance(value, dict):
        value = Replacement(value)
    for part in reversed(_split_at_fields(parts)):
        value = {part: value}
    layer: Tree = value
    return layer


def _split_at_fields(parts: Sequence[str]) -> list[str]:
    """Joins the parts below a free mapping into one key: `fs.s3a.endpoint` below `spark.options`."""
    section: type[BaseModel] | None = Config
    for position, part in enumerate(parts):
        annotation = (
            section.model_fields[part].annotation if section and part in section.model_fields else None
        )
        if get_origin(annotation) is dict:
            below = parts[position + 1 :]
            return [*parts[: position + 1], ".".join(below)] if below else list(parts)
        section = annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    return list(parts)


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML that rejects duplicate keys instead of keeping the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        marks = [key.start_mark for key, _ in node.value]
        for position, key in enumerate(keys):
            if key in keys[:position]:
                raise DuplicateKeyError(key, marks[keys.index(key)], marks[position])
        return super().construct_mapping(node, deep)
