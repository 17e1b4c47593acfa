"""Truncates a table's Delta log, so that no file holds a trace of deleted rows.

Deleted rows remain in old data files, which vacuum deletes, and in the log, which records the minimum and
maximum of each file.
"""

from datetime import datetime

from pyspark.sql import SparkSession

from lepton_spark.errors import InputError, explain
from lepton_spark.tables.delta.jvm import FileSystem, clear_cache, write_checkpoint
from lepton_spark.tables.delta.migration import quoted

TRUNCATED_KEY = "lepton_spark.log_truncated_at"
VERSION_DIGITS = 20


def truncate_log(spark: SparkSession, path: str, now: datetime) -> None:
    """Writes a checkpoint of the current version, then deletes all older log entries.

    Readers of the current version are not affected; earlier versions can no longer be read. Safe to interrupt
    and repeat.

    Raises: InputError when the checkpoint could not be written; no log entry is deleted then.
    """
    # A commit of its own, because the latest commit stays in the log and must not mention the deleted rows.
    spark.sql(
        f"ALTER TABLE {quoted(path)} SET TBLPROPERTIES ('{TRUNCATED_KEY}' = '{now:%Y-%m-%dT%H:%M:%SZ}')"
    )
    version = write_checkpoint(spark, path)
    files, log = FileSystem(spark, path), f"{path}/_delta_log"
    _require_checkpoint(files, log, version)
    for name in files.names(log):
        if name[:VERSION_DIGITS].isdigit() and int(name[:VERSION_DIGITS]) < version:
            files.delete(f"{log}/{name}")
    clear_cache(spark)


def _require_checkpoint(files: FileSystem, log: str, version: int) -> None:
    """Without a checkpoint the log entries are the only record of the table.

    Raises: InputError when there is none of this version.
    """
    prefix = f"{version:0{VERSION_DIGITS}d}.checkpoint"
    names = [name for name in files.names(log) if name.startswith(prefix)]
    if not any(files.is_file(f"{log}/{name}") for name in names):
        table = log.rpartition("/")[0]
        allowed = "one, before older log entries are deleted"
        remedy = "The log is unchanged; find in Spark's log why Delta could not write it, then run again."
        raise InputError(explain(f"table {table}", f"no checkpoint of version {version}", allowed, remedy))
