"""Between the passes: the candidates' errors pooled by demand class, in Spark."""

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.evaluation.selection import ALL, SERIES_CAP, ClassTable
from lepton_spark.evaluation.windows import Role
from lepton_spark.models.registry import Candidate
from lepton_spark.panel.ordered_sum import ordered_sum


def class_errors(candidates: DataFrame) -> DataFrame:
    """One row a demand class (and `all`) and model: what `ClassTable` holds, before its division.

    The sums are those of `selection.class_table`, for more series than one process holds: each series' mean
    scaled squared error on validation windows, capped, weighted by its days; added up batch by batch.
    """
    by_batch = (
        _by_series(candidates)
        .groupBy("batch", "class", "model")
        .agg(
            ordered_sum(F.col("capped_sse")).alias("capped_sse"),
            F.sum("n_scaled").alias("n_obs"),
            F.count_if(F.col("n_scaled") > 0).alias("n_series"),
        )
    )
    return by_batch.groupBy("class", "model").agg(
        ordered_sum(F.col("capped_sse")).alias("capped_sse"),
        F.sum("n_obs").alias("n_obs"),
        F.sum("n_series").alias("n_series"),
    )


def _by_series(candidates: DataFrame) -> DataFrame:
    scaled = F.filter(
        "windows",
        lambda window: (window["role"] == Role.VALIDATION.value) & window["scaled_sse"].isNotNull(),
    )
    zero = F.lit(0.0)
    scaled_sse = F.aggregate(scaled, zero, lambda total, window: total + window["scaled_sse"])
    n_scaled = F.aggregate(scaled, F.lit(0).cast("bigint"), lambda total, window: total + window["n_obs"])
    sums = candidates.select(
        "batch",
        "model",
        F.explode(F.array("demand_class", F.lit(ALL))).alias("class"),
        scaled_sse.alias("scaled_sse"),
        n_scaled.alias("n_scaled"),
    )
    n_days = F.col("n_scaled")
    mean = F.least(F.try_divide("scaled_sse", n_days), F.lit(SERIES_CAP))
    return sums.withColumn("capped_sse", F.when(n_days > 0, mean * n_days).otherwise(zero))


def collect_class_table(candidates: DataFrame, models: tuple[Candidate, ...]) -> ClassTable:
    """The class table of a run: a few rows for each demand class."""
    rows = class_errors(candidates).collect()
    classes = (*sorted({row["class"] for row in rows} - {ALL}), ALL)
    places = {candidate.key: place for place, candidate in enumerate(models)}
    shape = (len(classes), len(models))
    scaled_mse, n_series = np.full(shape, np.nan), np.zeros(shape)
    for row in rows:
        place = classes.index(row["class"]), places[row["model"]]
        n_series[place] = row["n_series"]
        if row["n_obs"] > 0:
            scaled_mse[place] = row["capped_sse"] / row["n_obs"]
    return ClassTable(classes, scaled_mse, n_series)


def no_class_table(n_candidates: int) -> ClassTable:
    """The class table of a run in which nothing is to be chosen."""
    nothing = np.zeros((0, n_candidates))
    return ClassTable((), nothing, nothing)
