"""The stages of a planned forecast run up to its fits; all rows are written under the run's id."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.errors import BalanceError, explain
from lepton_spark.evaluation.accuracy.class_errors import ClassErrors
from lepton_spark.evaluation.selection import class_choice
from lepton_spark.forecasting.passes.class_errors import collect_class_errors
from lepton_spark.forecasting.passes.elsewhere import sales_elsewhere
from lepton_spark.forecasting.passes.fit import fit
from lepton_spark.forecasting.passes.fit_keeping import fit_keeping, kept_rows
from lepton_spark.forecasting.passes.pool_statistics import collect_pools, pool_statistics
from lepton_spark.forecasting.passes.sample import sample_of
from lepton_spark.forecasting.passes.score import score
from lepton_spark.forecasting.passes.tree_training import collect_trees, train_trees
from lepton_spark.forecasting.settings import SAMPLED_BATCHES, FitSettings
from lepton_spark.models.pooled.learning import with_trees
from lepton_spark.panel.series import run_series, with_lists
from lepton_spark.pipelines.caching import persisted
from lepton_spark.pipelines.forecast.crash_bisection import (
    Subset,
    write_from_sample,
    write_isolating,
)
from lepton_spark.pipelines.forecast.plan import Plan
from lepton_spark.pipelines.forecast.run_rows import RunRows
from lepton_spark.pipelines.forecast.tasks import count_cores, in_tasks, task_count
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.schema import SERIES_KEY

log = logging.getLogger(__name__)


def read_series(warehouse: Warehouse, plan: Plan) -> DataFrame:
    """The series of a run with their covariates, in batches."""
    cancellations = warehouse.read("cancellations") if warehouse.exists("cancellations") else None
    n_batches = plan.run.n_batches or 1
    series = run_series(warehouse.read("panel"), cancellations, plan.cutoff, n_batches)
    lists = plan.covariates.by_series(series)
    return series if lists is None else with_lists(series, lists, n_batches)


@contextmanager
def with_sales_elsewhere(plan: Plan, series: DataFrame) -> Iterator[DataFrame]:
    """The series with what other locations sold of their products, cached while the block runs.

    Unchanged if there is one location only, or if no candidate uses it.
    """
    if not plan.settings.uses_pool or not plan.settings.has_locations:
        yield series
        return
    n_batches = plan.run.n_batches or 1
    with persisted(sales_elsewhere(series, plan.settings, n_batches)) as lists:
        yield with_lists(series, lists, n_batches)


def learn_pools_and_trees(warehouse: Warehouse, plan: Plan, series: DataFrame) -> Plan:
    """The plan with pools and trees learned from a sample of series; unchanged if no candidate uses them.

    Trees of an earlier run are kept.
    """
    if not plan.settings.uses_pool:
        return plan
    run = RunRows(warehouse, plan)
    _learn(warehouse, plan, "pools", series, pool_statistics)
    pools = collect_pools(run.read("pools"), plan.settings.pooled)
    if not pools:
        log.warning("no pool statistics were computed; see the column reason of the table pools")
    if plan.settings.uses_trees:
        if plan.refit is None:
            _learn(warehouse, plan, "pooled_trees", series, train_trees)
        pools = with_trees(pools, collect_trees(run.read_full_run("pooled_trees")))
    return replace(plan, settings=replace(plan.settings, pools=pools))


def _learn(
    warehouse: Warehouse,
    plan: Plan,
    name: str,
    series: DataFrame,
    learn: Callable[[DataFrame, FitSettings, str | None], DataFrame],
) -> None:
    """Writes what is learned from a sample of the series."""

    def rows_of(part: Subset | None, failure: str | None) -> DataFrame:
        return learn(_of_subset(series, part), plan.settings, failure)

    run, n_batches = RunRows(warehouse, plan), min(plan.run.n_batches or 1, SAMPLED_BATCHES)
    count = _counter(sample_of(series))
    write_from_sample(run.writing(name, rows_of), run.clearing(name), n_batches, count)


def score_candidates(warehouse: Warehouse, plan: Plan, series: DataFrame) -> None:
    """Writes the backtest errors of every candidate; does nothing when there is no choice to make.

    There is none with a single candidate or without validation windows.
    """
    if not plan.settings.evaluation.has_choice:
        return
    n_tasks = _count_tasks(plan, series)

    def rows_of(subset: Subset | None, failure: str | None) -> DataFrame:
        return score(in_tasks(_of_subset(series, subset), n_tasks), plan.settings, failure)

    run = RunRows(warehouse, plan)
    write, clear = run.writing("candidates", rows_of), run.clearing("candidates")
    write_isolating(write, clear, plan.run.n_batches or 1, _counter(series))


def class_errors_of(warehouse: Warehouse, plan: Plan) -> ClassErrors:
    """The errors by which demand classes choose, with the models of an earlier run as the usual ones."""
    evaluation = plan.settings.evaluation
    if not evaluation.has_choice:
        return ClassErrors.none(len(evaluation.candidates))
    candidates = RunRows(warehouse, plan).read_full_run("candidates")
    errors = collect_class_errors(candidates, evaluation.candidates)
    position = {candidate.key: number for number, candidate in enumerate(evaluation.candidates)}
    usual = {name: position[key] for name, key in plan.usual_models.items() if key in position}
    return replace(errors, usual=usual)


def class_models(plan: Plan, errors: ClassErrors) -> dict[str, str]:
    """The key of the model that each demand class chooses, also among the series of a segment."""
    evaluation = plan.settings.evaluation
    chosen = class_choice(errors, evaluation.selection, evaluation.choices).tolist()
    return {
        name: evaluation.candidates[place].key for name, place in zip(errors.classes, chosen, strict=True)
    }


def fit_series(warehouse: Warehouse, plan: Plan, series: DataFrame, errors: ClassErrors) -> dict[str, int]:
    """Chooses, backtests and fits a model for every series, and forecasts; returns counts of series by name.

    Series that keep their model are only fitted.

    Raises: BalanceError unless every series has exactly one row.
    """
    run = RunRows(warehouse, plan)
    candidates, kept = run.read("candidates"), run.read_full_run("fits")
    n_batches, n_tasks = plan.run.n_batches or 1, _count_tasks(plan, series)

    def rows_of(subset: Subset | None, failure: str | None) -> DataFrame:
        mine = in_tasks(_of_subset(series, subset), n_tasks)
        if plan.refit is not None:
            rows = in_tasks(kept_rows(kept, n_batches, plan.settings.horizon), n_tasks)
            return fit_keeping(mine, _of_subset(rows, subset), plan.settings, errors, failure)
        scored = in_tasks(_of_subset(candidates, subset), n_tasks)
        return fit(mine, scored, plan.settings, errors, failure)

    write_isolating(run.writing("fits", rows_of), run.clearing("fits"), n_batches, _counter(series))
    return _counts(run.read("fits"), plan)


def _counts(fits: DataFrame, plan: Plan) -> dict[str, int]:
    row = fits.agg(
        F.count("*").alias("series_out"),
        F.count_distinct(*SERIES_KEY).alias("distinct"),
        F.count_if(F.col("status") == "fallback").alias("fallback"),
        F.count_if(F.col("status") == "obsolete").alias("obsolete"),
    ).first()
    counts = {**plan.run.counts, **({} if row is None else row.asDict())}
    if not counts["series_in"] == counts["series_out"] == counts.pop("distinct"):
        found = f"{counts['series_in']} series in, {counts['series_out']} rows out"
        remedy = "The run is recorded as failed and is not published; run it again."
        raise BalanceError(explain(f"run {plan.run.run_id}", found, "one row for each series", remedy))
    return counts


def _count_tasks(plan: Plan, series: DataFrame) -> int:
    return task_count(plan.run.n_batches or 1, count_cores(series.sparkSession))


def _of_subset(rows: DataFrame, subset: Subset | None) -> DataFrame:
    return rows if subset is None else rows.where(subset.condition)


def _counter(series: DataFrame) -> Callable[[Subset], int]:
    return lambda subset: series.where(subset.condition).select(*SERIES_KEY).distinct().count()
