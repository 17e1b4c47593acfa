"""A heartbeat: an empty file on the tables' store whose modification time shows that a job is alive."""

from contextlib import suppress

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from lepton_spark.tables.delta.jvm import FileSystem


class Heartbeat:
    """One heartbeat file; written, read and removed without a Spark job."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        self._path, self._folder = path, path.rpartition("/")[0]
        self._files = FileSystem(spark, path)

    def renew(self) -> None:
        """Creates the file, or sets its modification time to now."""
        self._files.create(self._path)

    def seen(self) -> float | None:
        """When the heartbeat was last renewed, in seconds by the store's clock; None without a file."""
        return self._files.modification_time(self._path) if self._files.exists(self._path) else None

    def remove(self) -> None:
        """Deletes the file if it exists, and its folder with the last file."""
        self._files.delete(self._path)
        # The folder stays when another job wrote its heartbeat meanwhile, or holds a hidden checksum file.
        with suppress(Py4JJavaError):
            self._files.delete_if_empty(self._folder)
