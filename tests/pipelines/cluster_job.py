"""A minimal cluster job: a grouped pandas UDF that imports the shipped package, and a Delta write."""

import os
import sys

import pandas as pd

import lepton_spark
from lepton_spark.config import SparkSettings
from lepton_spark.session import open_session


def total(group: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "g": [group["g"].iloc[0]],
            "total": [group["id"].sum()],
            "package": [lepton_spark.__file__],
            "folder": [os.getcwd()],  # noqa: PTH109 - the folder in which Spark started this worker
            "python": [sys.executable],
        }
    )


spark = open_session(SparkSettings(), "a name that the running session ignores")
numbers = spark.range(100).selectExpr("id", "id % 4 AS g").repartition(4, "g")
totals = numbers.groupBy("g").applyInPandas(
    total, "g LONG, total LONG, package STRING, folder STRING, python STRING"
)
totals.write.format("delta").save(sys.argv[1])
spark.stop()
