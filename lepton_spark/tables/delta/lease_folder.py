"""The folder of the lease: numbered lease files, the last of which counts, and a heartbeat of each holder.

A lease file is created once and never changed. All is done without a Spark job.
"""

from dataclasses import dataclass

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from lepton_spark.tables.delta.jvm import FileSystem

DIGITS = 8
"""Digits of a lease file's name; heartbeats have longer names."""


@dataclass(frozen=True)
class LeaseFile:
    """A lease file; text: empty while it is being written; modified: in seconds by the store's clock."""

    number: int
    text: str
    modified: float


class Heartbeat:
    """An empty file whose modification time shows that a job is alive."""

    def __init__(self, files: FileSystem, path: str) -> None:
        self._files, self._path = files, path

    def renew(self) -> None:
        """Creates the file, or sets its modification time to now."""
        self._files.create(self._path)

    def seen(self) -> float | None:
        """When the heartbeat was last renewed, in seconds by the store's clock; None without a file."""
        return self._files.modification_time(self._path) if self._files.exists(self._path) else None

    def remove(self) -> None:
        """Deletes the file if it exists."""
        self._files.delete(self._path)


class LeaseFolder:
    """Reads and creates lease files and heartbeats."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        self._path, self._files = path, FileSystem(spark, path)

    def heartbeat(self, token: str) -> Heartbeat:
        """The heartbeat of the job that holds the lease under this token."""
        return Heartbeat(self._files, f"{self._path}/{token}")

    def last_number(self) -> int:
        """The number of the last lease file; 0 when there is none."""
        return max(self._numbers(), default=0)

    def last(self) -> LeaseFile | None:
        """The last lease file; None when there is none."""
        number = self.last_number()
        while number:
            path = self._file(number)
            try:
                return LeaseFile(number, self._files.text(path), self._files.modification_time(path))
            except Py4JJavaError:
                before, number = number, self.last_number()
                if number == before:  # else the next holder has deleted it meanwhile
                    raise
        return None

    def create(self, number: int, text: str) -> bool:
        """Creates the lease file with this number; False when another job was first."""
        return self._files.create_new(self._file(number), text)

    def delete_before(self, number: int) -> None:
        """Deletes the lease files with lower numbers."""
        for earlier in self._numbers():
            if earlier < number:
                self._files.delete(self._file(earlier))

    def _numbers(self) -> list[int]:
        if not self._files.exists(self._path):
            return []
        return [
            int(name) for name in self._files.names(self._path) if len(name) == DIGITS and name.isdecimal()
        ]

    def _file(self, number: int) -> str:
        return f"{self._path}/{number:0{DIGITS}d}"
