"""Runs that have started and not finished: one file each, as a row would need a second commit to finish."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pyspark.sql import SparkSession

from lepton_spark.tables.delta.jvm import FileSystem
from lepton_spark.tables.schemas.run_tables import RUNS

_PARSED = {"DATE": date.fromisoformat, "TIMESTAMP": datetime.fromisoformat}
"""How a column's value is read from its JSON text, by the column's type."""


class StartedRuns:
    """Writes, reads and removes the rows of started runs; each file is named by its run id."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        self._path, self._files = path, FileSystem(spark, path)

    def write(self, row: Mapping[str, object]) -> None:
        """Records a row of `runs`; replaces that of an earlier attempt."""
        text = json.dumps(row, default=lambda value: value.isoformat(), ensure_ascii=False)
        self._files.write(f"{self._path}/{row['run_id']}", text)

    def remove(self, run_id: str) -> None:
        """Removes a run that has finished, and the folder with the last one."""
        self._files.delete(f"{self._path}/{run_id}")
        self._files.delete_if_empty(self._path)

    def read(self) -> dict[str, dict[str, Any]]:
        """The rows by run id; without those that were never written completely, whose runs wrote nothing."""
        names = self._files.names(self._path) if self._files.exists(self._path) else []
        texts = (self._files.text(f"{self._path}/{name}") for name in sorted(names))
        return {row["run_id"]: row for row in map(_row, texts) if row is not None}


def _row(text: str) -> dict[str, Any] | None:
    try:
        row: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError:
        return None
    parsed = {column.name: _PARSED[column.type] for column in RUNS.columns if column.type in _PARSED}
    dated = {name: parsed[name](value) for name, value in row.items() if name in parsed and value is not None}
    return row | dated
