"""A table's first rows come with the table itself: made aside, then moved to its place.

Delta makes a table in one commit and fills it in the next, and a table made by its first rows loses NOT NULL;
whoever reads in between would see a table without a row.
"""

from typing import Any

from pyspark.sql import SparkSession

from lepton_spark.errors import InputError, explain

LOG = "_delta_log"


class Aside:
    """A folder beside the tables in which a table is made that readers must not see yet."""

    def __init__(self, spark: SparkSession, folder: str) -> None:
        jvm: Any = spark._jvm  # noqa: SLF001 - PySpark has no public way to a file system
        self._path = jvm.org.apache.hadoop.fs.Path
        self._logs = jvm.org.apache.spark.sql.delta.DeltaLog
        self._session = spark._jsparkSession  # noqa: SLF001
        self._folder = self._path(folder)
        self._files = self._folder.getFileSystem(spark._jsc.hadoopConfiguration())  # noqa: SLF001

    def clear(self) -> None:
        """Removes the folder with whatever a try that was cut short left in it."""
        self._files.delete(self._folder, True)

    def move(self, made: str, place: str) -> None:
        """Moves a table to a place where none is; its log last, for that makes it a table.

        One step on a file system; a store that copies shows the commits one by one, in their order.
        Cut short, files without a log are left, which no later ones meet, for their names are unique; that of
        a partition's folder is not, so a table with partitions would have to be cleared by hand.

        Raises: InputError where something stands in the way.
        """
        target = self._path(place)
        self._files.mkdirs(target)
        self._remove_empty(self._path(target, LOG))  # of a table that never came to be
        names = [status.getPath().getName() for status in self._files.listStatus(self._path(made))]
        for name in sorted(names, key=lambda name: name == LOG):
            there = self._path(target, name)
            if self._files.exists(there) or not self._files.rename(self._path(self._path(made), name), there):
                remedy = "Nothing was published; move it away, then run it again."
                raise InputError(explain(f"table {place}", f"{name} in the way", "an empty folder", remedy))
        self.clear()
        self._logs.invalidateCache(self._session, target)  # this process may have seen that none was there

    def _remove_empty(self, folder: Any) -> None:  # noqa: ANN401 - Java's own
        if self._files.exists(folder) and not len(self._files.listStatus(folder)):
            self._files.delete(folder, False)
