"""What changed in a table since a version, from its change data feed."""

from pyspark.sql import DataFrame, SparkSession

from lepton_spark.tables.warehouse import Warehouse


def changes(spark: SparkSession, warehouse: Warehouse, name: str, after: int, until: int) -> DataFrame:
    """The rows that commits after one version, up to another, inserted, updated (both images) or deleted.

    Raises: PySparkException or Py4JJavaError, here or when it is read, where the feed no longer reaches back.
    """
    feed = spark.read.format("delta").option("readChangeFeed", "true")
    bounds = feed.option("startingVersion", after + 1).option("endingVersion", until)
    return bounds.load(warehouse.path(name))
