"""A table's log begun anew: nothing on disk tells any more what its rows were before.

Deleting rows leaves them in old files, which a sweep deletes, and their least and greatest values in the log.
"""

from datetime import datetime
from typing import Any

from pyspark.sql import SparkSession

from lepton_spark.errors import InputError, explain
from lepton_spark.tables.delta.migration import quoted

PAST_KEY = "lepton_spark.past_ended"
VERSION_DIGITS = 20


def begin_log_anew(spark: SparkSession, path: str, now: datetime) -> None:
    """A checkpoint of the present version, then away with all that came before it, as Delta does by age.

    Readers of the present version notice nothing; earlier ones are gone. May be cut short and done again.

    Raises: InputError where no checkpoint could be written; nothing of the log was deleted.
    """
    # A commit of its own, so that the last one of the log does not name what was deleted.
    spark.sql(f"ALTER TABLE {quoted(path)} SET TBLPROPERTIES ('{PAST_KEY}' = '{now:%Y-%m-%dT%H:%M:%SZ}')")
    jvm: Any = spark._jvm  # noqa: SLF001 - neither PySpark nor Delta has a public way to these
    log = jvm.org.apache.spark.sql.delta.DeltaLog
    table = log.forTable(spark._jsparkSession, path)  # noqa: SLF001
    nothing = jvm.scala.Option.empty()
    version = table.update(False, nothing, nothing).version()
    table.checkpoint()
    folder = jvm.org.apache.hadoop.fs.Path(path, "_delta_log")
    files = folder.getFileSystem(spark._jsc.hadoopConfiguration())  # noqa: SLF001
    _require_checkpoint(files, folder, version)
    for status in files.listStatus(folder):
        name = status.getPath().getName()
        if name[:VERSION_DIGITS].isdigit() and int(name[:VERSION_DIGITS]) < version:
            files.delete(status.getPath(), False)
    log.clearCache()


def _require_checkpoint(files: Any, folder: Any, version: int) -> None:  # noqa: ANN401 - Java's own
    """Delta says nothing of a checkpoint that it could not write; without one the log is all there is.

    Raises: InputError; nothing of the log was deleted.
    """
    begins = f"{version:0{VERSION_DIGITS}d}.checkpoint"
    if not any(
        status.isFile() and status.getPath().getName().startswith(begins)
        for status in files.listStatus(folder)
    ):
        found, remedy = f"no checkpoint of version {version}", "Its log is whole; mend what keeps it from it."
        raise InputError(explain(f"table {folder.getParent()}", found, "one, before its log goes", remedy))
