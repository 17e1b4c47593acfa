"""Migrates tables of earlier releases to the current schema.

A warehouse has one schema version: that of `runs`, which is created first and migrated last. Each table is
compared with its declared schema, and only the differences are applied. An interrupted migration therefore
continues where it stopped.
"""

from collections.abc import Mapping

from delta.tables import DeltaTable
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.types import DataType, StructField, StructType

from lepton_spark.errors import InputError, explain
from lepton_spark.tables.schemas.schema import Table

SCHEMA_VERSION = 12
"""Increase it with every schema change that existing tables do not satisfy already."""

MANIFEST = "runs"
"""The table that holds the warehouse's version; created first."""

FIRST = 1
"""The version of tables without a version property."""

VERSION_KEY = "lepton_spark.schema_version"

STAMP = {VERSION_KEY: str(SCHEMA_VERSION)}
"""The property of a table that has the current schema."""

_CONSTRAINT = "delta.constraints."


def version_of(properties: Mapping[str, str]) -> int:
    """The schema version of a table with these properties."""
    return int(properties.get(VERSION_KEY, FIRST))


def migrate_table(spark: SparkSession, path: str, table: Table) -> list[str]:
    """Applies the declared columns, constraints and properties; returns a description of each change.

    Raises: InputError for a difference that cannot be migrated in place: other partitions, another column
    type, a missing column that is NOT NULL, or rows that violate a constraint.
    """
    done = _add_columns(spark, path, table)
    delta = DeltaTable.forPath(spark, path)
    done += _allow_nulls(spark, delta, path, table)
    done += _set_checks(spark, delta, path, table)
    return done + _set_properties(spark, delta, path, {**table.properties, **STAMP})


def _require_migratable(delta: DeltaTable, table: Table) -> None:
    fields = {field.name: field for field in delta.toDF().schema.fields}
    detail = delta.detail().select("partitionColumns").first()
    parts = tuple(detail["partitionColumns"]) if detail else ()
    faults = [f"partitions {', '.join(parts) or 'none'}"] if parts != table.partition_by else []
    for column in table.columns:
        field = fields.get(column.name)
        if field is None and not column.nullable:
            faults.append(f"no column {column.name!r}")
        elif field is not None and field.dataType != DataType.fromDDL(column.type):
            faults.append(f"{column.name!r} of type {field.dataType.simpleString()}")
    if faults:
        remedy = "Load the delivered files into a new warehouse (warehouse.root)."
        found = "; ".join(faults)
        raise InputError(
            explain(f"table {table.name}", found, "declared partitions, types, NOT NULL columns", remedy)
        )


def _add_columns(spark: SparkSession, path: str, table: Table) -> list[str]:
    """Adds the missing columns, null in existing rows; raises as `migrate_table` does."""
    delta = DeltaTable.forPath(spark, path)
    _require_migratable(delta, table)
    existing = set(delta.toDF().columns)
    missing = [column for column in table.columns if column.name not in existing]
    if not missing:
        return []
    new = [
        StructField(column.name, DataType.fromDDL(column.type), True, {"comment": column.comment})
        for column in missing
    ]
    empty = spark.createDataFrame([], StructType([*delta.toDF().schema.fields, *new]))
    empty.write.format("delta").mode("append").option("mergeSchema", "true").save(path)
    return [f"column {column.name} added" for column in missing]


def _allow_nulls(spark: SparkSession, delta: DeltaTable, path: str, table: Table) -> list[str]:
    """Lets columns be null that may be null now, or that are no longer declared and that new rows lack."""
    required = {column.name for column in table.columns if not column.nullable}
    fields = delta.toDF().schema.fields
    names = [field.name for field in fields if not field.nullable and field.name not in required]
    for name in names:
        spark.sql(f"ALTER TABLE {quoted(path)} ALTER COLUMN {name} DROP NOT NULL")
    return [f"column {name} may be null" for name in names]


def _set_checks(spark: SparkSession, delta: DeltaTable, path: str, table: Table) -> list[str]:
    prefix = len(_CONSTRAINT)
    existing = {
        key[prefix:]: condition
        for key, condition in _properties(delta).items()
        if key.startswith(_CONSTRAINT)
    }
    wanted = {check.lower(): condition for check, condition in table.checks.items()}
    done = []
    for check, condition in existing.items():
        if _without_spaces(wanted.get(check)) != _without_spaces(condition):
            spark.sql(f"ALTER TABLE {quoted(path)} DROP CONSTRAINT {check}")
            done.append(f"constraint {check} dropped")
    for check, condition in wanted.items():
        if _without_spaces(existing.get(check)) != _without_spaces(condition):
            _add_check(spark, path, table.name, check, condition)
            done.append(f"constraint {check} added")
    return done


def _without_spaces(condition: str | None) -> str | None:
    """Without spaces, because Delta stores a constraint that was added later with different spacing."""
    return None if condition is None else "".join(condition.split())


def _add_check(spark: SparkSession, path: str, name: str, check: str, condition: str) -> None:
    try:
        spark.sql(f"ALTER TABLE {quoted(path)} ADD CONSTRAINT {check} CHECK ({condition})")
    except PySparkException as fault:
        remedy = "Correct or delete those rows, then run `lepton migrate` again."
        found = f"rows that violate {check}"
        raise InputError(explain(f"table {name}", found, condition, remedy)) from fault


def _set_properties(
    spark: SparkSession, delta: DeltaTable, path: str, wanted: Mapping[str, str]
) -> list[str]:
    existing = _properties(delta)
    changed = {key: value for key, value in wanted.items() if existing.get(key) != value}
    if changed:
        pairs = ", ".join(f"'{key}' = '{value}'" for key, value in changed.items())
        spark.sql(f"ALTER TABLE {quoted(path)} SET TBLPROPERTIES ({pairs})")
    return [f"property {key} set" for key in changed]


def _properties(delta: DeltaTable) -> Mapping[str, str]:
    row = delta.detail().select("properties").first()
    return row["properties"] if row else {}


def quoted(path: str) -> str:
    """The name of a path-based table in SQL; the path is all that a user supplies in these statements."""
    return "delta.`" + path.replace("`", "``") + "`"
