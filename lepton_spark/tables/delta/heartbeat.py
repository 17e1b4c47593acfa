"""Empty files whose time of change is a sign of life, on whatever store the tables stand."""

from contextlib import suppress

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession


class Sign:
    """One such file; made, renewed and removed without a Spark job."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        jvm = spark._jvm  # noqa: SLF001 - PySpark has no public way to a file system
        self._path = jvm.org.apache.hadoop.fs.Path(path)  # type: ignore[union-attr]
        self._files = self._path.getFileSystem(spark._jsc.hadoopConfiguration())  # noqa: SLF001

    def renew(self) -> None:
        """Makes the file, or gives it the present time."""
        self._files.create(self._path, True).close()

    def seen(self) -> float | None:
        """When it was renewed, in seconds by the store's clock; None where there is no file."""
        if not self._files.exists(self._path):
            return None
        return float(self._files.getFileStatus(self._path).getModificationTime()) / 1000.0

    def remove(self) -> None:
        """Removes the file, if it is there, and its folder with the last one."""
        self._files.delete(self._path, False)
        folder = self._path.getParent()
        if self._files.exists(folder) and not len(self._files.listStatus(folder)):
            # It stays where another's sign came in between, or left a checksum that no listing shows.
            with suppress(Py4JJavaError):
                self._files.delete(folder, False)
