"""Between the passes: errors of the candidates by demand class, added up over all batches in Spark."""

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.evaluation.class_errors import ALL, ClassErrors
from lepton_spark.models.registry import Candidate
from lepton_spark.panel.ordered_sum import ordered_sum


def class_sums(candidates: DataFrame) -> DataFrame:
    """One row per demand class (and `all`) and model; added up batch by batch in a defined order."""
    by_class = candidates.withColumn("class", F.explode(F.array("demand_class", F.lit(ALL))))
    by_batch = by_class.groupBy("batch", "class", "model").agg(
        ordered_sum(F.col("capped_sse")).alias("capped_sse"),
        F.sum("n_scaled").alias("n_obs"),
        F.count_if(F.col("n_scaled") > 0).alias("n_series"),
    )
    return by_batch.groupBy("class", "model").agg(
        ordered_sum(F.col("capped_sse")).alias("capped_sse"),
        F.sum("n_obs").alias("n_obs"),
        F.sum("n_series").alias("n_series"),
    )


def collect_class_errors(candidates: DataFrame, models: tuple[Candidate, ...]) -> ClassErrors:
    """The class errors of a run; a few rows per demand class are collected."""
    rows = class_sums(candidates).collect()
    classes = (*sorted({row["class"] for row in rows} - {ALL}), ALL)
    columns = {candidate.key: column for column, candidate in enumerate(models)}
    shape = (len(classes), len(models))
    scaled_mse, n_series = np.full(shape, np.nan), np.zeros(shape)
    for row in rows:
        cell = classes.index(row["class"]), columns[row["model"]]
        n_series[cell] = row["n_series"]
        if row["n_obs"] > 0:
            scaled_mse[cell] = row["capped_sse"] / row["n_obs"]
    return ClassErrors(classes, scaled_mse, n_series)
