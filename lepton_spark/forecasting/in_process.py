"""All passes over the series of one batch in this process: the same work as in the workers, without Spark."""

from dataclasses import replace
from typing import Any

import pandas as pd

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.forecasting.packing import KEY
from lepton_spark.forecasting.passes.class_errors import CLASS_SUMS, class_errors
from lepton_spark.forecasting.passes.elsewhere import ProductGroup
from lepton_spark.forecasting.passes.fit import FitBatch
from lepton_spark.forecasting.passes.pool_statistics import PoolSample, pools_by_day
from lepton_spark.forecasting.passes.score import ScoreBatch
from lepton_spark.forecasting.passes.tree_training import NOTHING, TrainSample, trees_by_day
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.models.pooled.learning import with_trees
from lepton_spark.models.pooled.pool import Pools

BATCH = 0
"""The only batch."""


def fit_in_process(series: pd.DataFrame, settings: FitSettings) -> pd.DataFrame:
    """Learns, scores the candidates, chooses and forecasts: flat rows of `fits`, one per series.

    series: packed rows and rows with lists of covariates, without `batch` (see `packed_batch`).
    """
    rows = _with_sales_elsewhere(series.assign(batch=BATCH), settings)
    settings = replace(settings, pools=_learned(rows, settings))
    scored, errors = _scored(rows, settings)
    return FitBatch(settings, errors)(rows, scored)


def _with_sales_elsewhere(rows: pd.DataFrame, settings: FitSettings) -> pd.DataFrame:
    """The rows with what other locations sold of their products; unchanged if nothing uses it."""
    if not settings.uses_pool or not settings.has_locations:
        return rows
    lists = ProductGroup(settings)(rows).assign(batch=BATCH)
    return rows if lists.empty else pd.concat([rows, lists], ignore_index=True)


def _learned(rows: pd.DataFrame, settings: FitSettings) -> Pools:
    """Pool statistics and trees, from all series; none if no candidate uses them."""
    if not settings.uses_pool:
        return {}
    pools = pools_by_day(_records(PoolSample(settings)(rows)), settings.pooled)
    if not settings.uses_trees:
        return pools
    train = TrainSample(settings)
    parts = pd.concat([train(rows.assign(until=day)) for day in settings.training_days])
    ordered = parts[parts["foretells"] != NOTHING].sort_values(["trained_until", "part"], kind="stable")
    return with_trees(pools, trees_by_day(_records(ordered)))


def _scored(rows: pd.DataFrame, settings: FitSettings) -> tuple[pd.DataFrame, ClassErrors]:
    """Rows of `candidates` and the errors by demand class; empty if there is no choice to make."""
    candidates = settings.evaluation.candidates
    if not settings.evaluation.has_choice:
        return pd.DataFrame(columns=[*KEY, "n_obs", "sse"]), ClassErrors.none(len(candidates))
    scored = ScoreBatch(settings)(rows)
    return scored, class_errors(scored[CLASS_SUMS].iloc[0], candidates)


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    names = list(rows.columns)
    return [dict(zip(names, values, strict=True)) for values in rows.itertuples(index=False, name=None)]
