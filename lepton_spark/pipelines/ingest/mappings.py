"""Mappings: whether files were loaded with another mapping of columns than the present one."""

import json
from collections.abc import Collection, Iterable, Mapping

from lepton_spark.config import Config, InputSettings
from lepton_spark.pipelines.runs.recorded_config import Used
from lepton_spark.pipelines.runs.run_log import RunLog

_COMPARED = ("kind", "columns", "identity")
"""Settings of `input` that decide what a line is; a change of these should apply to all files of a source."""


def changed_mappings(runs: RunLog, config: Config, batches: Collection[tuple[int, str]]) -> str | None:
    """How the mappings differ from those that earlier loads used, in words; None if they do not.

    batches: positions of sources, and the loads by which files were loaded that are in these sources now.
    """
    changes = (
        changed_mapping(
            runs.mappings({batch for source, batch in batches if source == number}),
            settings,
            config.input_key(number, "").rstrip("."),
        )
        for number, settings in enumerate(config.inputs)
    )
    return ", ".join(change for change in changes if change is not None) or None


def changed_mapping(used: Iterable[Used], settings: InputSettings, section: str = "input") -> str | None:
    """How the mapping of a source differs from those that earlier loads used; None if it does not.

    A load does not record which of its sources a file was in: the most similar one is compared.
    """
    present = _by_name(settings.model_dump(mode="json", include=set(_COMPARED)))
    changes = {
        change
        for texts in used
        for change in min(
            (_changes(before, present, section) for before in _of_texts(texts)),
            key=lambda found: (len(found), found),
        )
    }
    return ", ".join(sorted(changes)) or None


def _of_texts(texts: Used) -> list[dict[str, object]]:
    """The mappings of a load's sources as Spark extracts them: nested values as JSON, text without quotes."""
    if texts["sources"] is not None:
        sources = json.loads(texts["sources"])
        return [_by_name(source) for source in (sources if isinstance(sources, list) else [sources])]
    used = {name: texts[name] for name in _COMPARED}
    return [
        _by_name(
            {
                name: text if name == "kind" or text is None else json.loads(text)
                for name, text in used.items()
            }
        )
    ]


def _by_name(mapping: Mapping[str, object]) -> dict[str, object]:
    """The mapping without nesting: `columns.location_id`."""
    columns = mapping["columns"]
    nested = columns if isinstance(columns, dict) else {}
    plain = {name: mapping[name] for name in _COMPARED if name != "columns"}
    return plain | {f"columns.{name}": value for name, value in nested.items()}


def _changes(before: Mapping[str, object], now: Mapping[str, object], section: str) -> list[str]:
    return [
        f"{section}.{name} was {_shown(before.get(name))} and is {_shown(value)}"
        for name, value in now.items()
        if before.get(name) != value
    ]


def _shown(value: object) -> str:
    return "unset" if value is None else f"{value}"
