"""The only module that calls Java directly: file operations on the tables' store, and Delta's log.

PySpark has no public API for either. It reads and writes data, but cannot list, rename or delete a file on
the store of the tables (a disk, HDFS, an object store), and Delta's Python API cannot write a checkpoint. The
calls need a session whose Java process is local; Spark Connect has none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

IF_ABSENT = "fs.option.create.conditional.overwrite"
"""Makes an object store create a file only if there is none, in one step (S3A since Hadoop 3.4.2)."""


class FileSystem:
    """File operations on the store that holds a given path."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        self._java = _java(spark)
        self._path = self._java.org.apache.hadoop.fs.Path
        self._files = self._path(path).getFileSystem(spark._jsc.hadoopConfiguration())  # noqa: SLF001

    def names(self, folder: str) -> list[str]:
        """The names of the files and folders directly in a folder."""
        return [str(status.getPath().getName()) for status in self._files.listStatus(self._path(folder))]

    def exists(self, path: str) -> bool:
        """Whether a file or folder has this path."""
        return bool(self._files.exists(self._path(path)))

    def is_file(self, path: str) -> bool:
        """Whether an existing path is a file."""
        return bool(self._files.getFileStatus(self._path(path)).isFile())

    def modification_time(self, path: str) -> float:
        """When a file was last written, in seconds since 1970 by the store's clock."""
        return float(self._files.getFileStatus(self._path(path)).getModificationTime()) / 1000.0

    def create(self, path: str) -> None:
        """Creates an empty file, or replaces the existing one."""
        self._files.create(self._path(path), True).close()

    def create_new(self, path: str, text: str) -> bool:
        """Creates a file unless it exists; of several callers at once, one gets True.

        Where the file system is local, another process may see the file empty for a moment.
        """
        try:
            stream = self._new_stream(self._path(path))
            if stream is None:
                return False
            stream.write(text.encode())
            stream.close()
        except Py4JJavaError:
            if not self.exists(path):
                raise
            return self.text(path) == text  # a request that was repeated finds its own file
        return True

    def _new_stream(self, path: Any) -> Any:  # noqa: ANN401 - Java objects
        """A stream into a new file; None where a local one exists. Other stores raise, some on closing it."""
        if self._files.getUri().getScheme() != "file":
            return self._files.createFile(path).overwrite(False).recursive().opt(IF_ABSENT, True).build()
        # Hadoop looks whether a local file exists before it creates it; Java does both in one step.
        self._files.mkdirs(path.getParent())
        is_new = self._java.java.io.File(path.toUri().getPath()).createNewFile()
        return self._plain.create(path, True) if is_new else None

    def write(self, path: str, text: str) -> None:
        """Creates a file, or replaces the existing one."""
        stream = self._plain.create(self._path(path), True)
        stream.write(text.encode())
        stream.close()

    @property
    def _plain(self) -> Any:  # noqa: ANN401 - a Java object
        """The file system without checksum files, which would not fit a file that was written half."""
        is_local = self._files.getUri().getScheme() == "file"
        return self._files.getRawFileSystem() if is_local else self._files

    def text(self, path: str) -> str:
        """The content of a small file."""
        stream = self._files.open(self._path(path))
        try:
            return str(self._java.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
        finally:
            stream.close()

    def create_folder(self, path: str) -> None:
        """Creates a folder and its parents unless they exist."""
        self._files.mkdirs(self._path(path))

    def rename(self, source: str, target: str) -> bool:
        """Moves a file or folder; False where the store refused."""
        return bool(self._files.rename(self._path(source), self._path(target)))

    def delete(self, path: str, *, recursive: bool = False) -> None:
        """Deletes a file, or a folder with `recursive`; a path that does not exist is ignored."""
        self._files.delete(self._path(path), recursive)

    def delete_if_empty(self, folder: str) -> None:
        """Deletes a folder that exists and lists no entry."""
        if self.exists(folder) and not self.names(folder):
            self.delete(folder)


@contextmanager
def without_output(spark: SparkSession) -> Iterator[None]:
    """Discards what Delta prints on standard output in the present thread, such as a vacuum's counts."""
    java = _java(spark)
    console = getattr(getattr(java.scala, "Console$"), "MODULE$")
    printed = console.out()
    console.setOutDirect(java.java.io.PrintStream(java.java.io.OutputStream.nullOutputStream()))
    try:
        yield
    finally:
        console.setOutDirect(printed)


def latest_version(spark: SparkSession, table: str) -> int:
    """The version of a Delta table, without the Spark job that its history takes."""
    return int(_current(spark, _log_of(spark, table)).version())


def properties(spark: SparkSession, table: str) -> dict[str, str]:
    """The properties of a Delta table, without the Spark jobs that its details take."""
    found = _current(spark, _log_of(spark, table)).metadata().configuration()
    return dict(_java(spark).scala.jdk.javaapi.CollectionConverters.asJava(found))


def write_checkpoint(spark: SparkSession, table: str) -> int:
    """Writes a checkpoint of a Delta table's current version and returns that version.

    Delta logs a checkpoint that could not be written, and does not raise.
    """
    log = _log_of(spark, table)
    version = int(_current(spark, log).version())
    log.checkpoint()
    return version


def invalidate_cache(spark: SparkSession, table: str) -> None:
    """Makes Delta reload a table's log, after its folder was replaced without Delta."""
    path = _java(spark).org.apache.hadoop.fs.Path(table)
    _delta_log(spark).invalidateCache(spark._jsparkSession, path)  # noqa: SLF001


def clear_cache(spark: SparkSession) -> None:
    """Makes Delta reload the log of every table."""
    _delta_log(spark).clearCache()


def _log_of(spark: SparkSession, table: str) -> Any:  # noqa: ANN401 - a Java object
    return _delta_log(spark).forTable(spark._jsparkSession, table)  # noqa: SLF001


def _current(spark: SparkSession, log: Any) -> Any:  # noqa: ANN401 - Java objects
    """The current version of a table, from its log."""
    none = _java(spark).scala.Option.empty()
    return log.update(False, none, none)


def _delta_log(spark: SparkSession) -> Any:  # noqa: ANN401 - a Java class
    return _java(spark).org.apache.spark.sql.delta.DeltaLog


def _java(spark: SparkSession) -> Any:  # noqa: ANN401 - Java's packages
    return spark._jvm  # noqa: SLF001
