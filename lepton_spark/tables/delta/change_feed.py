"""Reads the changes of a table from its change data feed, up to a version or as they come."""

from pyspark.sql import DataFrame, SparkSession

from lepton_spark.tables.warehouse import Warehouse


def changes(spark: SparkSession, warehouse: Warehouse, name: str, after: int, until: int) -> DataFrame:
    """Rows inserted, updated (before and after) or deleted by the commits after one version, up to another.

    Raises: PySparkException or Py4JJavaError, here or on reading, when the feed no longer covers
    these versions.
    """
    feed = spark.read.format("delta").option("readChangeFeed", "true")
    bounds = feed.option("startingVersion", after + 1).option("endingVersion", until)
    return bounds.load(warehouse.path(name))


def change_stream(spark: SparkSession, warehouse: Warehouse, name: str) -> DataFrame:
    """A stream of all rows of now, and then of the rows that later commits change."""
    feed = spark.readStream.format("delta").option("readChangeFeed", "true")
    return feed.load(warehouse.path(name))
