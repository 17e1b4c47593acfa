"""A planned forecast run carried out: what is shared, both passes, and the tables cut from the fits."""

import logging
from collections.abc import Callable
from dataclasses import replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.errors import BalanceError, explain
from lepton_spark.evaluation.class_errors import ClassErrors
from lepton_spark.forecasting.output import published_tables
from lepton_spark.forecasting.passes.class_errors import collect_class_errors
from lepton_spark.forecasting.passes.fit import fit
from lepton_spark.forecasting.passes.pool_statistics import collect_pools, pool_statistics
from lepton_spark.forecasting.passes.sample import sample_of
from lepton_spark.forecasting.passes.score import score
from lepton_spark.forecasting.passes.tree_training import collect_trees, train_trees
from lepton_spark.forecasting.settings import SAMPLED_BATCHES, FitSettings
from lepton_spark.models.pooled.learning import with_trees
from lepton_spark.panel.series import run_series, with_lists
from lepton_spark.pipelines.context import Progress
from lepton_spark.pipelines.forecast.crash_bisection import Share, Write, write_sampled, write_split
from lepton_spark.pipelines.forecast.plan import Plan
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.schema import SERIES_KEY

log = logging.getLogger(__name__)


def carry_out(warehouse: Warehouse, plan: Plan, progress: Progress) -> dict[str, int]:
    """Write all tables of a run but `runs`; gives the counts in and out."""
    cancellations = warehouse.read("cancellations") if warehouse.exists("cancellations") else None
    n_batches = plan.run.n_batches or 1
    series = run_series(warehouse.read("panel"), cancellations, plan.cutoff, n_batches)
    lists = plan.side.by_series(series)
    if lists is not None:
        series = with_lists(series, lists, n_batches)
    with progress.stage("what the series share"):
        plan = _share(warehouse, plan, series)
    with progress.stage("backtest of the candidates"):
        _score(warehouse, plan, series)
    with progress.stage("fit and forecast") as stage:
        counts = _fit(warehouse, plan, series)
        stage.note(f"{counts['series_out']:,} series, {counts['fallback']:,} fallen back")
    with progress.stage("forecasts, metrics, models"):
        _cut(warehouse, plan)
    return counts


def _share(warehouse: Warehouse, plan: Plan, series: DataFrame) -> Plan:
    """The plan with what a sample of the series shares, where a candidate reads it."""
    if not plan.settings.uses_pool:
        return plan
    _learn(warehouse, plan, "pools", series, pool_statistics)
    pools = collect_pools(_rows(warehouse, "pools", plan), plan.settings.pooled)
    if not pools:
        log.warning("nothing is shared, each series stands alone; the table `pools` says why")
    if plan.settings.uses_trees:
        _learn(warehouse, plan, "pooled_trees", series, train_trees)
        pools = with_trees(pools, collect_trees(_rows(warehouse, "pooled_trees", plan)))
    return replace(plan, settings=replace(plan.settings, pools=pools))


def _learn(
    warehouse: Warehouse,
    plan: Plan,
    name: str,
    series: DataFrame,
    learn: Callable[[DataFrame, FitSettings, str | None], DataFrame],
) -> None:
    """Write what a sample of the series teaches."""

    def rows_of(part: Share | None, given_up: str | None) -> DataFrame:
        return learn(_of_share(series, part), plan.settings, given_up)

    n_batches = min(plan.run.n_batches or 1, SAMPLED_BATCHES)
    write = _writing(warehouse, name, rows_of, plan)
    write_sampled(write, _clearing(warehouse, name, plan), n_batches, _counter(sample_of(series)))


def _score(warehouse: Warehouse, plan: Plan, series: DataFrame) -> None:
    """Pass A; where there is nothing to choose it would decide nothing and is left out."""
    if not plan.settings.evaluation.has_choice:
        return

    def rows_of(share: Share | None, given_up: str | None) -> DataFrame:
        return score(_of_share(series, share), plan.settings, given_up)

    write = _writing(warehouse, "candidates", rows_of, plan)
    write_split(write, _clearing(warehouse, "candidates", plan), plan.run.n_batches or 1, _counter(series))


def _fit(warehouse: Warehouse, plan: Plan, series: DataFrame) -> dict[str, int]:
    """Pass B; each series that came in must have come out once."""
    candidates = _rows(warehouse, "candidates", plan)
    errors = ClassErrors.none(len(plan.settings.evaluation.candidates))
    if plan.settings.evaluation.has_choice:
        errors = collect_class_errors(candidates, plan.settings.evaluation.candidates)

    def rows_of(share: Share | None, given_up: str | None) -> DataFrame:
        mine, scored = _of_share(series, share), _of_share(candidates, share)
        return fit(mine, scored, plan.settings, errors, given_up)

    write = _writing(warehouse, "fits", rows_of, plan)
    write_split(write, _clearing(warehouse, "fits", plan), plan.run.n_batches or 1, _counter(series))
    return _counts(_rows(warehouse, "fits", plan), plan)


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
        raise BalanceError(
            explain(f"run {plan.run.run_id}", found, "one row each", "The run is not completed.")
        )
    return counts


def _cut(warehouse: Warehouse, plan: Plan) -> None:
    fits = _rows(warehouse, "fits", plan)
    by = ["demand_class"] + (["location_id"] if len(plan.settings.calendar.delivered) > 1 else [])
    grouped = fits
    categories = plan.side.categories(fits)
    if categories is not None:
        grouped, by = fits.join(categories, list(SERIES_KEY), "left"), [*by, "category"]
    _write(warehouse, "forecasts", published_tables.forecasts(fits, plan.cutoff, plan.settings.period), plan)
    _write(warehouse, "metrics", published_tables.metrics(fits), plan)
    _write(warehouse, "metrics_summary", published_tables.metrics_summary(grouped, by=by), plan)
    _write(warehouse, "models", published_tables.models(fits), plan)
    summed = [*by, "product_id"] if "location_id" in by else by
    groups = published_tables.group_forecasts(grouped, plan.cutoff, plan.settings.period, by=summed)
    _write(warehouse, "group_forecasts", groups, plan)
    _write(warehouse, "adjustments", published_tables.adjustments(fits), plan)
    _write(warehouse, "residual_paths", published_tables.residual_paths(fits), plan)


def _of_run(plan: Plan, rows: DataFrame) -> DataFrame:
    return rows.withColumn("run_id", F.lit(plan.run.run_id))


def _rows(warehouse: Warehouse, name: str, plan: Plan) -> DataFrame:
    return warehouse.read(name).where(F.col("run_id") == F.lit(plan.run.run_id))


def _of_share(rows: DataFrame, share: Share | None) -> DataFrame:
    return rows if share is None else rows.where(share.condition)


def _writing(
    warehouse: Warehouse, name: str, rows_of: Callable[[Share | None, str | None], DataFrame], plan: Plan
) -> Write:
    """Writes the rows of a share of the run into a table."""

    def write(share: Share | None, given_up: str | None) -> None:
        _write(warehouse, name, _of_run(plan, rows_of(share, given_up)), plan, share)

    return write


def _clearing(warehouse: Warehouse, name: str, plan: Plan) -> Callable[[], None]:
    return lambda: warehouse.delete(name, F.col("run_id") == F.lit(plan.run.run_id))


def _counter(series: DataFrame) -> Callable[[Share], int]:
    return lambda share: series.where(share.condition).select(*SERIES_KEY).distinct().count()


def _write(warehouse: Warehouse, name: str, rows: DataFrame, plan: Plan, share: Share | None = None) -> None:
    """In place of what an earlier try of the run left; run ids are hexadecimal, safe in a condition.

    A first try finds nothing in its place: it appends, in a third of the time. So does a share of what could
    not be written as a whole, once nothing is left of an earlier try.
    """
    if plan.tried_before and share is None:
        warehouse.replace(name, rows, f"run_id = '{plan.run.run_id}'")
    else:
        warehouse.append(name, rows)
