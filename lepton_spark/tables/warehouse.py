"""The warehouse: Delta tables under one root, each written under its schema."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, DataFrameWriter, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructField, StructType

from lepton_spark.errors import InputError, examples, explain
from lepton_spark.tables.catalog import TABLES
from lepton_spark.tables.delta import migration
from lepton_spark.tables.delta.atomic_create import Aside
from lepton_spark.tables.delta.heartbeat import Sign
from lepton_spark.tables.delta.log_truncation import begin_log_anew
from lepton_spark.tables.schemas.schema import Table

_READABLE_BY_ALL = {"delta.enableDeletionVectors": "false", "delta.minReaderVersion": "1"}
"""What keeps a table open to every Delta reader, whatever the session's defaults."""

_LISTING_TASKS = "spark.sql.sources.parallelPartitionDiscovery.parallelism"
"""Of which Spark's default is 10,000, most without work: a minute for a folder of five files."""

_RETENTION_CHECK = "spark.databricks.delta.retentionDurationCheck.enabled"
"""What keeps files of the past, unless it is told that they must go."""


class Warehouse:
    """Reads, writes and replaces the tables under `root`; a table is created by its first write."""

    def __init__(self, spark: SparkSession, root: str) -> None:
        self._spark = spark
        self._root = _absolute(root).rstrip("/")
        self._aside = f"{self._root}/_aside"

    def path(self, name: str) -> str:
        """Where a table stands."""
        return f"{self._root}/{_table(name).name}"

    def exists(self, name: str) -> bool:
        """Whether the table has been created."""
        return DeltaTable.isDeltaTable(self._spark, self.path(name))

    def read(self, name: str) -> DataFrame:
        """The table as it stands now; no rows when it has not been created yet."""
        if self.exists(name):
            return self._spark.read.format("delta").load(self.path(name))
        return self._spark.createDataFrame([], _loose_schema(_table(name)))

    def rows(self, name: str, rows: Sequence[Mapping[str, object]]) -> DataFrame:
        """A small frame under the table's schema; what a row does not name is null."""
        columns = _table(name).column_names
        values = [tuple(row.get(column) for column in columns) for row in rows]
        return self._spark.createDataFrame(values, _loose_schema(_table(name)))

    def append(self, name: str, df: DataFrame) -> None:
        """Adds rows, in one commit."""
        self._writer(name, df).mode("append").save(self.path(name))

    def overwrite(self, name: str, df: DataFrame) -> None:
        """Replaces all rows in one commit; readers see the old rows or the new, never a table without any."""
        rows = conform(name, df)
        if self.exists(name):
            rows.write.format("delta").mode("overwrite").save(self.path(name))
            return
        made = f"{self._aside}/{uuid4().hex}"
        self._create(name, made)
        rows.write.format("delta").mode("append").save(made)
        Aside(self._spark, self._aside).move(made, self.path(name))

    def clear_aside(self) -> None:
        """Removes what a first write that was cut short left aside."""
        Aside(self._spark, self._aside).clear()

    def replace(self, name: str, df: DataFrame, where: str) -> None:
        """Replaces the rows for which the SQL condition holds, in one commit; new rows must fulfil it."""
        self._writer(name, df).mode("overwrite").option("replaceWhere", where).save(self.path(name))

    def delete(self, name: str, condition: Column) -> None:
        """Removes the rows for which the condition holds."""
        if self.exists(name):
            self._delta(name).delete(condition)

    def remove(self, name: str, keys: DataFrame) -> None:
        """Removes the rows of these keys, in one commit; `keys` holds the table's key columns."""
        same_key = " AND ".join(f"target.{column} = source.{column}" for column in _table(name).key)
        source = keys.select(*_table(name).key).distinct().alias("source")
        self._delta(name).alias("target").merge(source, same_key).whenMatchedDelete().execute()

    def compact(self, name: str) -> None:
        """Joins small files; no row changes."""
        self._delta(name).optimize().executeCompaction()

    def sweep(self, name: str, hours: float | None = None) -> None:
        """Deletes the files of rows that left longer ago than so many hours, or the table's own retention."""
        with self._set(_LISTING_TASKS, "2"):
            self._delta(name).vacuum(hours)

    def end_past(self, name: str, now: datetime) -> None:
        """Ends time travel: no file, and no line of the log, tells of rows that are no longer there.

        Whoever reads an earlier version just then is cut short. May be cut short itself and done again.
        """
        with self._set(_RETENTION_CHECK, "false"):
            self.sweep(name, hours=0)
        begin_log_anew(self._spark, self.path(name), now)

    def merge(
        self,
        name: str,
        df: DataFrame,
        *,
        update: bool = True,
        update_where: Column | None = None,
        insert: bool = True,
        delete_unmatched: Column | None = None,
    ) -> None:
        """Merges rows by the table's key, in one commit; `df` holds each key once.

        update_where: which `target` rows are updated, all by default. delete_unmatched: which of the table's
        rows go when `df` has no row of their key, none by default.
        """
        source = conform(name, df).alias("source")
        self._ready(name)
        target = self._delta(name).alias("target")
        same_key = " AND ".join(f"target.{column} = source.{column}" for column in _table(name).key)
        merging = target.merge(source, same_key)
        if update:
            merging = merging.whenMatchedUpdateAll(update_where)
        if insert:
            merging = merging.whenNotMatchedInsertAll()
        if delete_unmatched is not None:
            merging = merging.whenNotMatchedBySourceDelete(delete_unmatched)
        merging.execute()

    def sign(self, token: str) -> Sign:
        """The sign of life of whoever holds the lease under this token."""
        return Sign(self._spark, f"{self._root}/_lease/{token}")

    def version(self, name: str) -> int | None:
        """The table's Delta version; None when it has not been created yet."""
        if not self.exists(name):
            return None
        latest = self._delta(name).history(1).select("version").first()
        return None if latest is None else int(latest["version"])

    def schema_version(self) -> int | None:
        """By which declarations the tables were made or moved on; None when there are none yet."""
        manifest = migration.MANIFEST
        return migration.version_of(self._delta(manifest)) if self.exists(manifest) else None

    def add_columns(self, name: str) -> None:
        """Gives the table the columns that it lacks, if it is there."""
        if self.exists(name):
            migration.add_columns(self._spark, self.path(name), _table(name))

    def move_on(self, name: str) -> list[str]:
        """Makes the table as declared now, if it is there; what was done, in words.

        Raises: InputError for what cannot be mended in place.
        """
        return migration.move_on(self._spark, self.path(name), _table(name)) if self.exists(name) else []

    @contextmanager
    def _set(self, key: str, value: str) -> Iterator[None]:
        """A setting of the session for as long as the block lasts."""
        before = self._spark.conf.get(key)
        self._spark.conf.set(key, value)
        try:
            yield
        finally:
            self._spark.conf.set(key, str(before))

    def _writer(self, name: str, df: DataFrame) -> DataFrameWriter:
        rows = conform(name, df)
        self._ready(name)
        return rows.write.format("delta")

    def _delta(self, name: str) -> DeltaTable:
        return DeltaTable.forPath(self._spark, self.path(name))

    def _ready(self, name: str) -> None:
        """Creates the table unless it is there."""
        if not self.exists(name):
            self._create(name, self.path(name))

    def _create(self, name: str, path: str) -> None:
        """Creates the table, comments and constraints included, in one commit."""
        table = _table(name)
        builder = DeltaTable.createIfNotExists(self._spark).location(path).comment(table.comment)
        for column in table.columns:
            builder.addColumn(column.name, column.type, nullable=column.nullable, comment=column.comment)
        checks = {f"delta.constraints.{check}": condition for check, condition in table.checks.items()}
        for key, value in {**_READABLE_BY_ALL, **checks, **table.properties, **migration.STAMP}.items():
            builder.property(key, value)
        builder.partitionedBy(*table.partition_by).execute()


def conform(name: str, df: DataFrame) -> DataFrame:
    """The frame under the table's schema: columns by name and in order; absent nullable ones null.

    Columns that the table does not know are dropped, nested ones too.

    Raises: InputError when a column that may not be null is missing.
    """
    table = _table(name)
    derived = {column.name: F.expr(column.expression) for column in table.columns if column.expression}
    missing = [
        column.name
        for column in table.columns
        if not column.nullable and column.name not in df.columns and column.name not in derived
    ]
    if missing:
        required = ", ".join(column.name for column in table.columns if not column.nullable)
        found = f"no column {examples(missing)}"
        raise InputError(explain(f"table {name}", found, required, "Give the frame these columns."))
    return df.withColumns(derived).to(_loose_schema(table)) if derived else df.to(_loose_schema(table))


def _absolute(root: str) -> str:
    """Delta takes a relative path for the name of a table; paths with a scheme stay as they are."""
    return root if ":/" in root else str(Path(root).absolute())


def _loose_schema(table: Table) -> StructType:
    """Names and types; what may be null is judged by Delta when rows are written."""
    return StructType([StructField(column.name, DataType.fromDDL(column.type)) for column in table.columns])


def _table(name: str) -> Table:
    if name not in TABLES:
        raise InputError(explain("warehouse", f"no table {name!r}", ", ".join(TABLES), "Name one of these."))
    return TABLES[name]
