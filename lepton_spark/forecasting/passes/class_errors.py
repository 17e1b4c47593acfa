"""Errors of the candidates by demand class: summed in the workers, then over all batches."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.evaluation.accuracy.class_errors import ALL, ClassErrors
from lepton_spark.models.registry import Candidate
from lepton_spark.panel.ordered_sum import ordered_sum, ordered_sums

CLASS_SUMS = "class_sums"


def with_class_sums(rows: pd.DataFrame, models: Sequence[str]) -> pd.DataFrame:
    """One row per series, with the sums of all series by demand class (and `all`) in the first row.

    rows: of a batch or a part of one, with lists `capped_sse` and `n_scaled` by candidate, which are dropped.
    """
    capped_sse, n_scaled = (np.stack(rows[name].to_list()) for name in ("capped_sse", "n_scaled"))  # [S, C]
    codes, found = pd.factorize(rows["demand_class"])
    classes = (*found, ALL)
    members = np.stack([codes, np.full(len(rows), len(found))], axis=1)  # [S, 2]
    cells = members[:, np.newaxis] * len(models) + np.arange(len(models))[:, np.newaxis]  # [S, C, 2]
    groups, n_groups = cells.reshape(-1, 2), len(classes) * len(models)
    (total,) = ordered_sums(capped_sse.reshape(1, -1), groups, n_groups)
    n_obs, n_series = (
        np.bincount(groups.ravel(), np.repeat(counts.ravel(), 2), n_groups).astype(np.int64)
        for counts in (n_scaled, n_scaled > 0)
    )
    sums = [
        {
            "demand_class": classes[group // len(models)],
            "model": models[group % len(models)],
            "capped_sse": float(total[group]),
            "n_obs": int(n_obs[group]),
            "n_series": int(n_series[group]),
        }
        for group in range(n_groups)
    ]
    first = pd.Series([sums, *[None] * (len(rows) - 1)], dtype=object)
    return rows.drop(columns=["capped_sse", "n_scaled"]).assign(**{CLASS_SUMS: first})


def collect_class_errors(candidates: DataFrame, models: tuple[Candidate, ...]) -> ClassErrors:
    """The class errors of a run, added up in a defined order; a few rows per demand class are collected."""
    parts = candidates.where(F.col(CLASS_SUMS).isNotNull()).select(F.inline(CLASS_SUMS))
    pooled = parts.groupBy("demand_class", "model").agg(
        ordered_sum(F.col("capped_sse")).alias("capped_sse"),
        F.sum("n_obs").alias("n_obs"),
        F.sum("n_series").alias("n_series"),
    )
    return class_errors([row.asDict() for row in pooled.collect()], models)


def class_errors(sums: Sequence[Mapping[str, Any]], models: tuple[Candidate, ...]) -> ClassErrors:
    """The class errors by sums over all series, one mapping for each demand class and model."""
    classes = (*sorted({row["demand_class"] for row in sums} - {ALL}), ALL)
    columns = {candidate.key: column for column, candidate in enumerate(models)}
    shape = (len(classes), len(models))
    scaled_mse, n_series = np.full(shape, np.nan), np.zeros(shape)
    for row in sums:
        cell = classes.index(row["demand_class"]), columns[row["model"]]
        n_series[cell] = row["n_series"]
        if row["n_obs"] > 0:
            scaled_mse[cell] = row["capped_sse"] / row["n_obs"]
    return ClassErrors(classes, scaled_mse, n_series)
