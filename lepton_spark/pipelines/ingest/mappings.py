"""Mappings: whether files were loaded with another mapping of columns than the present one."""

import json
from collections.abc import Iterable, Mapping

from lepton_spark.config import InputSettings
from lepton_spark.pipelines.runs.recorded_config import Used

_COMPARED = ("kind", "columns", "identity")
"""Settings of `input` that decide what a line is; a change of these should apply to all files of a source."""


def changed_mapping(used: Iterable[Used], settings: InputSettings) -> str | None:
    """How the mapping differs from those that earlier loads used, in words; None if it does not."""
    present = _by_name(settings.model_dump(mode="json", include=set(_COMPARED)))
    changes = {change for texts in used for change in _changes(_of_texts(texts), present)}
    return ", ".join(sorted(changes)) or None


def _of_texts(texts: Used) -> dict[str, object]:
    """A mapping as Spark extracts it from JSON: nested values as JSON, text without quotes."""
    used = {name: texts[name] for name in _COMPARED}
    return _by_name(
        {name: text if name == "kind" or text is None else json.loads(text) for name, text in used.items()}
    )


def _by_name(mapping: Mapping[str, object]) -> dict[str, object]:
    """The mapping without nesting: `columns.location_id`."""
    columns = mapping["columns"]
    nested = columns if isinstance(columns, dict) else {}
    plain = {name: value for name, value in mapping.items() if name != "columns"}
    return plain | {f"columns.{name}": value for name, value in nested.items()}


def _changes(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    return [
        f"input.{name} was {_shown(before.get(name))} and is {_shown(value)}"
        for name, value in now.items()
        if before.get(name) != value
    ]


def _shown(value: object) -> str:
    return "unset" if value is None else f"{value}"
