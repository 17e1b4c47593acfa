"""The alerts that were sent last, so that a repeated job does not send them again."""

import json
from collections.abc import Mapping

from pyspark.sql import SparkSession

from lepton_spark.tables.delta.jvm import FileSystem


class SentAlerts:
    """A file with a hash of the facts of each event that was sent last."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        self._path, self._files = path, FileSystem(spark, path)

    def read(self) -> dict[str, str]:
        """The digests by event; none if no alert was sent, or the file was written half."""
        if not self._files.exists(self._path):
            return {}
        try:
            found: dict[str, str] = json.loads(self._files.text(self._path))
        except json.JSONDecodeError:
            return {}
        return found

    def record(self, facts: Mapping[str, str]) -> None:
        """Keeps the digests of an alert that was sent; other events stay as they are."""
        self._files.write(self._path, json.dumps(self.read() | dict(facts)))
