"""Between the passes: errors of the candidates by demand class, added up over all batches in Spark."""

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.evaluation.class_errors import ALL, ClassErrors
from lepton_spark.evaluation.settings import EvaluationSettings
from lepton_spark.panel.ordered_sum import ordered_sum


def class_sums(candidates: DataFrame, n_windows: int) -> DataFrame:
    """One row per demand class (and `all`) and model; added up batch by batch in a defined order."""
    by_window = [f"capped_{window}" for window in range(n_windows)]
    flat = {name: F.col("capped_by_window")[window] for window, name in enumerate(by_window)}
    in_class = F.explode(F.array("demand_class", F.lit(ALL)))
    by_class = candidates.withColumns(flat).withColumn("class", in_class)
    by_batch = by_class.groupBy("batch", "class", "model").agg(
        *(ordered_sum(F.col(name)).alias(name) for name in by_window),
        F.sum("n_scaled").alias("n_obs"),
        F.count_if(F.col("n_scaled") > 0).alias("n_series"),
    )
    return by_batch.groupBy("class", "model").agg(
        F.array(*(ordered_sum(F.col(name)) for name in by_window)).alias("capped_by_window"),
        F.sum("n_obs").alias("n_obs"),
        F.sum("n_series").alias("n_series"),
    )


def collect_class_errors(candidates: DataFrame, settings: EvaluationSettings) -> ClassErrors:
    """The class errors of a run on its validation windows; a few rows per demand class are collected."""
    models, n_windows = settings.candidates, len(settings.validation)
    rows = class_sums(candidates, n_windows).collect()
    classes = (*sorted({row["class"] for row in rows} - {ALL}), ALL)
    columns = {candidate.key: column for column, candidate in enumerate(models)}
    shape = (len(classes), len(models))
    capped, n_obs, n_series = np.zeros((*shape, n_windows)), np.zeros(shape), np.zeros(shape)
    for row in rows:
        cell = classes.index(row["class"]), columns[row["model"]]
        capped[cell], n_obs[cell], n_series[cell] = row["capped_by_window"], row["n_obs"], row["n_series"]
    return ClassErrors.of(classes, capped, n_obs, n_series)
