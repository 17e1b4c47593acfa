"""The sample of series that pool statistics and trees are learned from."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.forecasting.settings import SAMPLED_BATCHES
from lepton_spark.tables import TABLES


def sample_of(series: DataFrame) -> DataFrame:
    """The series of the first batches, a random sample by the hash of the ids."""
    return series.where(F.col("batch") < SAMPLED_BATCHES)


def schema_of(table: str) -> str:
    """Schema of a UDF that returns rows of a table without the run's id."""
    columns = (column for column in TABLES[table].columns if column.name != "run_id")
    return ", ".join(f"{column.name} {column.type}" for column in columns)
