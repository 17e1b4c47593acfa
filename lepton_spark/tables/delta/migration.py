"""Tables made by an earlier version of the code, moved on to what is declared now.

A warehouse has one schema version; it stands on `runs`, the first table that is made and the last that is
moved on. What a table lacks is found by comparing it with its declaration, so that a step cut short goes on
where it was.
"""

from collections.abc import Mapping

from delta.tables import DeltaTable
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.types import DataType, StructField, StructType

from lepton_spark.errors import InputError, explain
from lepton_spark.tables.schemas.schema import Table

SCHEMA_VERSION = 5
"""Raised with every change of a declaration that earlier tables do not fulfil."""

MANIFEST = "runs"
"""The table whose version is the warehouse's: made before any other, for the lease stands in it."""

FIRST = 1
"""The version of tables that name none."""

VERSION_KEY = "lepton_spark.schema_version"

STAMP = {VERSION_KEY: str(SCHEMA_VERSION)}
"""The property of a table that is as declared now."""

_CONSTRAINT = "delta.constraints."


def version_of(delta: DeltaTable) -> int:
    """Which declarations a table was made or moved on by."""
    return int(_properties(delta).get(VERSION_KEY, FIRST))


def move_on(spark: SparkSession, path: str, table: Table) -> list[str]:
    """Gives a table the columns, conditions and properties that it lacks; what was done, in words.

    Raises: InputError for a difference that cannot be mended in place: partitions, a column's type, a column
    that may not be null, or rows that break a condition.
    """
    done = add_columns(spark, path, table)
    delta = DeltaTable.forPath(spark, path)
    done += _set_checks(spark, delta, path, table)
    return done + _set_properties(spark, delta, path, {**table.properties, **STAMP})


def _require_alike(delta: DeltaTable, table: Table) -> None:
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
        raise InputError(explain(f"table {table.name}", found, "what can be moved on in place", remedy))


def add_columns(spark: SparkSession, path: str, table: Table) -> list[str]:
    """Gives a table the columns that it lacks, null in its rows; raises as `move_on` does."""
    delta = DeltaTable.forPath(spark, path)
    _require_alike(delta, table)
    there = set(delta.toDF().columns)
    lacking = [column for column in table.columns if column.name not in there]
    if not lacking:
        return []
    new = [
        StructField(column.name, DataType.fromDDL(column.type), True, {"comment": column.comment})
        for column in lacking
    ]
    empty = spark.createDataFrame([], StructType([*delta.toDF().schema.fields, *new]))
    empty.write.format("delta").mode("append").option("mergeSchema", "true").save(path)
    return [f"column {column.name} added" for column in lacking]


def _set_checks(spark: SparkSession, delta: DeltaTable, path: str, table: Table) -> list[str]:
    prefix = len(_CONSTRAINT)
    there = {key[prefix:]: held for key, held in _properties(delta).items() if key.startswith(_CONSTRAINT)}
    wanted = {check.lower(): condition for check, condition in table.checks.items()}
    done = []
    for check, condition in there.items():
        if _told(wanted.get(check)) != _told(condition):
            spark.sql(f"ALTER TABLE {quoted(path)} DROP CONSTRAINT {check}")
            done.append(f"condition {check} dropped")
    for check, condition in wanted.items():
        if _told(there.get(check)) != _told(condition):
            _add_check(spark, path, table.name, check, condition)
            done.append(f"condition {check} added")
    return done


def _told(condition: str | None) -> str | None:
    """A condition whatever its spaces: Delta writes those that come later apart, word by word."""
    return None if condition is None else "".join(condition.split())


def _add_check(spark: SparkSession, path: str, name: str, check: str, condition: str) -> None:
    try:
        spark.sql(f"ALTER TABLE {quoted(path)} ADD CONSTRAINT {check} CHECK ({condition})")
    except PySparkException as fault:
        remedy = "Mend or delete those rows, then run `lepton migrate` again."
        found = f"rows that break {check}"
        raise InputError(explain(f"table {name}", found, condition, remedy)) from fault


def _set_properties(
    spark: SparkSession, delta: DeltaTable, path: str, wanted: Mapping[str, str]
) -> list[str]:
    there = _properties(delta)
    lacking = {key: value for key, value in wanted.items() if there.get(key) != value}
    if lacking:
        pairs = ", ".join(f"'{key}' = '{value}'" for key, value in lacking.items())
        spark.sql(f"ALTER TABLE {quoted(path)} SET TBLPROPERTIES ({pairs})")
    return [f"property {key} set" for key in lacking]


def _properties(delta: DeltaTable) -> Mapping[str, str]:
    row = delta.detail().select("properties").first()
    return row["properties"] if row else {}


def quoted(path: str) -> str:
    """A table's path as SQL takes it; all else in these statements is this package's own."""
    return "delta.`" + path.replace("`", "``") + "`"
