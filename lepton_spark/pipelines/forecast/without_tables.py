"""The stages of a forecast for a data frame: nothing is written, and results live as long as their frames."""

from dataclasses import replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.forecasting.passes.class_errors import collect_class_errors
from lepton_spark.forecasting.passes.elsewhere import sales_elsewhere
from lepton_spark.forecasting.passes.fit import fit
from lepton_spark.forecasting.passes.pool_statistics import collect_pools, pool_statistics
from lepton_spark.forecasting.passes.score import score
from lepton_spark.forecasting.passes.tree_training import collect_trees, train_trees
from lepton_spark.forecasting.settings import FitSettings
from lepton_spark.models.pooled.learning import with_trees
from lepton_spark.models.pooled.pool import Pools
from lepton_spark.panel.series import with_lists
from lepton_spark.pipelines.forecast.tasks import count_cores, in_tasks, task_count

RUN_ID = "data frame"
"""`run_id` of the rows, which the published tables select."""


def fits_without_tables(series: DataFrame, settings: FitSettings, n_batches: int) -> DataFrame:
    """Learns, scores the candidates, chooses and forecasts: rows of `fits`, one per series.

    A series that crashes its Python worker fails the whole job here, because there is no table to go on from.
    series: as from `run_series`, with lists of covariates. n_batches: of the series.
    """
    rows = _kept(_with_sales_elsewhere(series, settings, n_batches))
    settings = replace(settings, pools=_learned(rows, settings))
    n_tasks = task_count(n_batches, count_cores(series.sparkSession))
    scored, errors = _scored(rows, settings, n_tasks)
    fitted = fit(in_tasks(rows, n_tasks), in_tasks(scored, n_tasks), settings, errors)
    return _kept(fitted.withColumn("run_id", F.lit(RUN_ID)))


def _kept(rows: DataFrame) -> DataFrame:
    """The rows computed once; Spark deletes them when no frame needs them any more."""
    return rows.localCheckpoint()


def _with_sales_elsewhere(series: DataFrame, settings: FitSettings, n_batches: int) -> DataFrame:
    if not settings.uses_pool or not settings.has_locations:
        return series
    return with_lists(series, sales_elsewhere(series, settings, n_batches), n_batches)


def _learned(rows: DataFrame, settings: FitSettings) -> Pools:
    """Pool statistics and trees from a sample of the series; none if no candidate uses them."""
    if not settings.uses_pool:
        return {}
    pools = collect_pools(pool_statistics(rows, settings), settings.pooled)
    if not settings.uses_trees:
        return pools
    return with_trees(pools, collect_trees(train_trees(rows, settings)))


def _scored(rows: DataFrame, settings: FitSettings, n_tasks: int) -> tuple[DataFrame, ClassErrors]:
    """Rows of `candidates` and the errors by demand class; empty if there is no choice to make."""
    candidates = settings.evaluation.candidates
    scored = score(in_tasks(rows, n_tasks), settings)
    if not settings.evaluation.has_choice:
        return scored.limit(0), ClassErrors.none(len(candidates))
    kept = _kept(scored)
    return kept, collect_class_errors(kept, candidates)
