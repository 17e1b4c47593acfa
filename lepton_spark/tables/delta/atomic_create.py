"""Creates a table together with its first rows: built in a separate folder, then moved into place.

Delta creates a table in one commit and adds its rows in the next, so a reader in between would see an empty
table. `CREATE TABLE AS SELECT` is one commit, but loses NOT NULL.
"""

from pyspark.sql import SparkSession

from lepton_spark.errors import InputError, explain
from lepton_spark.tables.delta.jvm import FileSystem, invalidate_cache

LOG = "_delta_log"


class BuildFolder:
    """The folder in which new tables are built before readers can see them."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        self._spark, self._path = spark, path
        self._files = FileSystem(spark, path)

    def clear(self) -> None:
        """Deletes the folder, with anything that an interrupted build left in it."""
        self._files.delete(self._path, recursive=True)

    def move(self, built: str, target: str) -> None:
        """Moves a finished table to a path that has none; the log goes last, as it makes the folder a table.

        On a file system the log moves in one step. A store that copies instead shows the commits one by one,
        in order. An interrupted move leaves data files without a log. They do no harm, as their names are
        unique. Partition folders have no unique names: a partitioned table would have to be deleted manually.

        Raises: InputError when a file or folder of the same name exists at the target.
        """
        self._files.create_folder(target)
        self._files.delete_if_empty(f"{target}/{LOG}")  # left by a table that was never created
        for name in sorted(self._files.names(built), key=lambda name: name == LOG):
            destination = f"{target}/{name}"
            if self._files.exists(destination) or not self._files.rename(f"{built}/{name}", destination):
                remedy = "Nothing was published; move it away, then run the command again."
                raise InputError(explain(f"table {target}", f"{name} in the way", "an empty folder", remedy))
        self.clear()
        invalidate_cache(self._spark, target)  # Delta may have cached that there is no table
