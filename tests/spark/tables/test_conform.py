"""A frame that has a table's types is written as it is."""

from datetime import date

import pytest
from pyspark.sql import SparkSession

from lepton_spark.tables import TABLES
from lepton_spark.tables.conform import conform, nullable_schema


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if "ARRAY" in str(table.columns)])
def test_conform_leaves_arrays_as_they_are(spark: SparkSession, name: str) -> None:
    table = TABLES[name]
    frame = spark.createDataFrame([], nullable_schema(table)).select("*")
    conformed = conform(table, frame)
    assert conformed.columns == list(table.column_names)
    assert "transform(" not in conformed._jdf.queryExecution().toString()


def test_conform_casts_other_types_and_drops_other_columns(spark: SparkSession) -> None:
    key = "'A' product_id, 'all' location_id, 2021 chunk, date'2021-01-01' first_date"
    rows = conform(TABLES["panel"], spark.sql(f"SELECT 7 extra, array(1) quantity, {key}")).collect()
    assert [tuple(row) for row in rows] == [("A", "all", 2021, date(2021, 1, 1), [1.0], None)]
