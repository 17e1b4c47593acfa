"""Brings a frame into the shape of a table before it is written."""

from functools import cache

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructField, StructType

from lepton_spark.errors import InputError, examples, explain
from lepton_spark.tables.schemas.schema import Table


def conform(table: Table, df: DataFrame) -> DataFrame:
    """The frame with the table's columns in order; missing nullable columns are null.

    Columns that the table does not have are dropped, also inside structs.

    Raises: InputError when a required column is missing.
    """
    computed = {column.name: F.expr(column.expression) for column in table.columns if column.expression}
    required = [column.name for column in table.columns if not column.nullable]
    missing = [name for name in required if name not in df.columns and name not in computed]
    if missing:
        found = f"no column {examples(missing)}"
        raise InputError(
            explain(f"table {table.name}", found, ", ".join(required), "Give the frame these columns.")
        )
    rows, schema = df.withColumns(computed) if computed else df, nullable_schema(table)
    is_nested = any("<" in column.type for column in table.columns)
    if is_nested and _has_types(rows, schema):  # `to` would rebuild each array, value by value
        return rows.select(*table.column_names)
    return rows.to(schema)


def _has_types(rows: DataFrame, schema: StructType) -> bool:
    """Whether every column is there with its type."""
    found = {field.name: field.dataType.simpleString() for field in rows.schema}
    return all(found.get(field.name) == field.dataType.simpleString() for field in schema)


def nullable_schema(table: Table) -> StructType:
    """The table's names and types without NOT NULL, which Delta checks when rows are written."""
    return StructType([StructField(column.name, _data_type(column.type)) for column in table.columns])


@cache
def _data_type(ddl: str) -> DataType:
    """The type that a text names; cached, because Java parses it."""
    return DataType.fromDDL(ddl)
