"""The warehouse: Delta tables under one root folder, each written with its declared schema."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, DataFrameWriter, SparkSession
from pyspark.sql import functions as F

from lepton_spark.errors import InputError, explain
from lepton_spark.tables.catalog import TABLES
from lepton_spark.tables.conform import conform, nullable_schema
from lepton_spark.tables.delta import migration
from lepton_spark.tables.delta.atomic_create import BuildFolder
from lepton_spark.tables.delta.jvm import latest_version, properties, without_output
from lepton_spark.tables.delta.lease_folder import LeaseFolder
from lepton_spark.tables.delta.log_truncation import truncate_log
from lepton_spark.tables.delta.sent_alerts import SentAlerts
from lepton_spark.tables.delta.started_runs import StartedRuns
from lepton_spark.tables.schemas.schema import Table

_READABLE_BY_ALL = {"delta.enableDeletionVectors": "false", "delta.minReaderVersion": "1"}
"""Keeps every table readable by all Delta readers, whatever the session's defaults."""

_VACUUM = {
    # Spark would start up to 10,000 tasks to list a folder, a minute for five files.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
    # Two commits for each vacuum; off by default on object stores.
    "spark.databricks.delta.vacuum.logging.enabled": "false",
    # Three jobs instead of one for each comparison of files, and a third more processor time.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
}
"""Session options of a vacuum: all of it is about names of files, which are few."""

_RETENTION_CHECK = "spark.databricks.delta.retentionDurationCheck.enabled"
"""Delta's vacuum safety check; disabled only to erase history."""


class Warehouse:
    """Reads, writes and replaces the tables under `root`; a table is created by its first write."""

    def __init__(self, spark: SparkSession, root: str) -> None:
        self._spark = spark
        self._root = _absolute(root).rstrip("/")
        self._build_folder = f"{self._root}/_aside"

    def path(self, name: str) -> str:
        """The path of a table."""
        return f"{self._root}/{_table(name).name}"

    def checkpoint(self, name: str) -> str:
        """The folder in which a stream keeps what it has seen."""
        return f"{self._root}/_checkpoints/{name}"

    def exists(self, name: str) -> bool:
        """Whether the table has been created."""
        return DeltaTable.isDeltaTable(self._spark, self.path(name))

    def read(self, name: str) -> DataFrame:
        """The current rows; none when the table has not been created yet."""
        if self.exists(name):
            return self._spark.read.format("delta").load(self.path(name))
        return self._nothing(_table(name))

    def rows(self, name: str, rows: Sequence[Mapping[str, object]]) -> DataFrame:
        """A small frame with the table's schema; columns that a row lacks are null."""
        columns = _table(name).column_names
        values = [tuple(row.get(column) for column in columns) for row in rows]
        return self._spark.createDataFrame(values, nullable_schema(_table(name)))

    def append(self, name: str, df: DataFrame) -> None:
        """Adds rows in one commit."""
        self._writer(name, df).mode("append").save(self.path(name))

    def overwrite(self, name: str, df: DataFrame) -> None:
        """Replaces all rows in one commit; readers see the old rows or the new, never an empty table."""
        rows = conform(_table(name), df)
        if self.exists(name):
            rows.write.format("delta").mode("overwrite").save(self.path(name))
            return
        built = f"{self._build_folder}/{uuid4().hex}"
        self._create(name, built)
        rows.write.format("delta").mode("append").save(built)
        BuildFolder(self._spark, self._build_folder).move(built, self.path(name))

    def clear_build_folder(self) -> None:
        """Deletes what an interrupted first write left behind."""
        BuildFolder(self._spark, self._build_folder).clear()

    def replace(self, name: str, df: DataFrame, where: str) -> None:
        """Replaces the rows that fulfil the SQL condition, in one commit; new rows must fulfil it too."""
        self._writer(name, df).mode("overwrite").option("replaceWhere", where).save(self.path(name))

    def delete(self, name: str, condition: Column) -> None:
        """Deletes the rows that fulfil the condition."""
        if self.exists(name):
            self._delta(name).delete(condition)

    def update(self, name: str, condition: Column, values: Mapping[str, Column]) -> None:
        """Sets columns of the rows that fulfil the condition, in one commit; faster than a merge."""
        self._delta(name).update(condition, dict(values))

    def delete_keys(self, name: str, keys: DataFrame) -> None:
        """Deletes the rows with these keys in one commit; `keys` holds the table's key columns."""
        source = keys.select(*_table(name).key).distinct().alias("source")
        self._delta(name).alias("target").merge(source, _same_key(name)).whenMatchedDelete().execute()

    def compact(self, name: str) -> None:
        """Merges small files into larger ones; no row changes."""
        self._delta(name).optimize().executeCompaction()

    def vacuum(self, name: str, hours: float | None = None) -> None:
        """Deletes data files that the table stopped using more than `hours` ago; default: its retention."""
        with self._session_options(_VACUUM), without_output(self._spark):
            self._delta(name).vacuum(hours)

    def erase_history(self, name: str, now: datetime) -> None:
        """Deletes all earlier versions, so that no file and no log entry holds a trace of deleted rows.

        A concurrent reader of an earlier version fails. The call can be interrupted and repeated safely.
        """
        with self._session_options({_RETENTION_CHECK: "false"}):
            self.vacuum(name, hours=0)
        truncate_log(self._spark, self.path(name), now)

    def merge(
        self,
        name: str,
        df: DataFrame,
        *,
        within: Column | None = None,
        update_where: Column | None = None,
        delete_unmatched: Column | None = None,
    ) -> None:
        """Merges rows by the table's key, in one commit; `df` holds each key once.

        within: a condition on `target` that holds for every row of a key in `df`, by which files are skipped.
        update_where: which `target` rows are updated; all by default. delete_unmatched: which rows are
        deleted when `df` has no row with their key; none by default.
        """
        source = conform(_table(name), df).alias("source")
        self._ensure_exists(name)
        target = self._delta(name).alias("target")
        same_key = F.expr(_same_key(name))
        condition = same_key if within is None else same_key & within
        merge = target.merge(source, condition).whenMatchedUpdateAll(update_where)
        merge = merge.whenNotMatchedInsertAll()
        if delete_unmatched is not None:
            merge = merge.whenNotMatchedBySourceDelete(delete_unmatched)
        merge.execute()

    def lease_folder(self) -> LeaseFolder:
        """The files by which only one job at a time writes to the warehouse."""
        return LeaseFolder(self._spark, f"{self._root}/_lease")

    def started_runs(self) -> StartedRuns:
        """The runs that have started and not finished."""
        return StartedRuns(self._spark, f"{self._root}/_started")

    def sent_alerts(self) -> SentAlerts:
        """The alerts that were sent last."""
        return SentAlerts(self._spark, f"{self._root}/_alerts/last")

    def version(self, name: str) -> int | None:
        """The table's Delta version; None when it has not been created yet."""
        return latest_version(self._spark, self.path(name)) if self.exists(name) else None

    def schema_version(self) -> int | None:
        """The schema version of the warehouse; None when no table has been created yet."""
        name = migration.MANIFEST
        return migration.version_of(properties(self._spark, self.path(name))) if self.exists(name) else None

    def migrate(self, name: str) -> list[str]:
        """Migrates the table to its current schema if it exists; returns a description of each change.

        Raises: InputError for a difference that cannot be migrated in place.
        """
        if not self.exists(name):
            return []
        return migration.migrate_table(self._spark, self.path(name), _table(name))

    @contextmanager
    def _session_options(self, options: Mapping[str, str]) -> Iterator[None]:
        """Sets session options for the duration of the block."""
        before = {key: self._spark.conf.get(key, None) for key in options}
        for key, value in options.items():
            self._spark.conf.set(key, value)
        try:
            yield
        finally:
            for key, earlier in before.items():
                if earlier is None:
                    self._spark.conf.unset(key)
                else:
                    self._spark.conf.set(key, earlier)

    def _nothing(self, table: Table) -> DataFrame:
        """No rows, in a form that lets Spark drop joins with them; an empty frame from Python hides it."""
        nulls = (f"CAST(NULL AS {column.type}) AS {column.name}" for column in table.columns)
        return self._spark.sql(f"SELECT {', '.join(nulls)} WHERE false")

    def _writer(self, name: str, df: DataFrame) -> DataFrameWriter:
        rows = conform(_table(name), df)
        self._ensure_exists(name)
        return rows.write.format("delta")

    def _delta(self, name: str) -> DeltaTable:
        return DeltaTable.forPath(self._spark, self.path(name))

    def _ensure_exists(self, name: str) -> None:
        """Creates the table unless it exists."""
        if not self.exists(name):
            self._create(name, self.path(name))

    def _create(self, name: str, path: str) -> None:
        """Creates the table with its comments and constraints in one commit."""
        table = _table(name)
        builder = DeltaTable.createIfNotExists(self._spark).location(path).comment(table.comment)
        for column in table.columns:
            builder.addColumn(column.name, column.type, nullable=column.nullable, comment=column.comment)
        checks = {f"delta.constraints.{check}": condition for check, condition in table.checks.items()}
        for key, value in {**_READABLE_BY_ALL, **checks, **table.properties, **migration.STAMP}.items():
            builder.property(key, value)
        builder.partitionedBy(*table.partition_by).execute()


def _absolute(root: str) -> str:
    """An absolute path, because Delta takes a relative one for a table name; URLs are kept as they are."""
    return root if ":/" in root else str(Path(root).absolute())


def _same_key(name: str) -> str:
    """The merge condition: `target` and `source` have the same key."""
    return " AND ".join(f"target.{column} = source.{column}" for column in _table(name).key)


def _table(name: str) -> Table:
    if name not in TABLES:
        remedy = "Use one of these names."
        raise InputError(explain("warehouse", f"no table {name!r}", ", ".join(TABLES), remedy))
    return TABLES[name]
