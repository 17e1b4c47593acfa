"""Mappings: whether files were loaded with another mapping of columns than the present one."""

import json
from collections.abc import Collection, Mapping

from pyspark.sql import functions as F

from lepton_spark.config import InputSettings
from lepton_spark.tables import Warehouse

_COMPARED = ("kind", "columns", "identity")
"""Settings of `input` that decide what a line is; a change of these should apply to all files of a source."""


def changed_mapping(warehouse: Warehouse, batches: Collection[str], settings: InputSettings) -> str | None:
    """How the mapping differs from that of earlier loads, in words; None if it does not.

    batches: the loads of the files that are known.
    """
    loads = warehouse.read("runs").where(F.col("ingest_batch").isin(list(batches)))
    used = (F.get_json_object("config", f"$.input.{name}").alias(name) for name in _COMPARED)
    rows = loads.where(F.col("job") == F.lit("ingest")).select(*used).distinct().collect()
    present = _by_name(settings.model_dump(mode="json", include=set(_COMPARED)))
    changes = {change for row in rows for change in _changes(_of_texts(row.asDict()), present)}
    return ", ".join(sorted(changes)) or None


def _of_texts(texts: Mapping[str, str | None]) -> dict[str, object]:
    """A mapping as Spark extracts it from JSON: nested values as JSON, text without quotes."""
    read = {
        name: text if name == "kind" or text is None else json.loads(text) for name, text in texts.items()
    }
    return _by_name(read)


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
