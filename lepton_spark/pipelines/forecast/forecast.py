"""The forecast job: plan the run, learn from a sample of the series, score candidates, fit, write tables."""

import logging
from dataclasses import dataclass, replace
from datetime import date

from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.forecast.plan import Plan, plan_run
from lepton_spark.pipelines.forecast.stages import (
    class_errors_of,
    class_models,
    fit_series,
    learn_pools_and_trees,
    read_series,
    score_candidates,
    with_sales_elsewhere,
)
from lepton_spark.pipelines.forecast.tables_for_readers import write_tables_for_readers
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.tables.schemas.run_tables import Job

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ForecastResult:
    """A complete run.

    already_complete: whether an earlier call had completed the run, so that nothing was done.
    n_series: number of series; n_fallback: those with a fallback; n_obsolete: those with forecast 0.
    models_of: cutoff of the full run whose models this one keeps; None for a full run.
    """

    run_id: str
    cutoff: date
    already_complete: bool
    n_series: int
    n_fallback: int
    n_obsolete: int
    models_of: date | None = None


def run_forecast(context: JobContext, job: Job = "forecast") -> ForecastResult:
    """Forecasts every series with sales by the cutoff: `forecast.cutoff`, by default the last complete day.

    Raises: InputError when `panel` is not up to date, or for a cutoff without sales; BalanceError when the
    numbers of series in and out differ.
    """
    runs = context.runs
    with context.stage("cutoff") as stage:
        plan = plan_run(context, runs, job)
        stage.note(f"{plan.cutoff}")
        if plan.hint is not None:
            stage.note(plan.hint)
        for warning in plan.warnings:
            stage.note(warning)
        if plan.refit is not None:
            stage.note(f"with the models of the full run of {plan.refit.cutoff}")
        if plan.run.chosen_because is not None:
            stage.note(f"full run: {plan.run.chosen_because}")
        if context.config.forecast.period > 1:
            settings = context.config.forecast
            stage.note(f"weeks end on {settings.week_end}, {settings.ahead}")
    known = runs.find(plan.run.run_id)
    if known is not None and known.state == "complete":
        return _result(known, plan, already_complete=True)
    run = runs.start(plan.run, context.config)
    try:
        run = write_forecasts(context, replace(plan, run=run, is_retry=known is not None))
    except BaseException:
        runs.fail(run)
        raise
    complete = runs.complete(run)
    log.info("run %s, cutoff %s, complete: %s", run.run_id, plan.cutoff, run.counts)
    return _result(complete, plan, already_complete=False)


def write_forecasts(context: JobContext, plan: Plan) -> Run:
    """Writes every table of a planned run except `runs`; returns the run with its counts and choices."""
    warehouse = context.warehouse
    with with_sales_elsewhere(plan, read_series(warehouse, plan)) as series:
        with context.stage("learn from a sample of the series"):
            plan = learn_pools_and_trees(warehouse, plan, series)
        if plan.refit is None:
            with context.stage("score the candidates"):
                score_candidates(warehouse, plan, series)
        with context.stage("fit and forecast") as stage:
            errors = class_errors_of(warehouse, plan)
            counts = fit_series(warehouse, plan, series, errors)
            stage.note(f"{counts['series_out']:,} series, {counts['fallback']:,} with a fallback")
    with context.stage("write forecasts, metrics, models"):
        write_tables_for_readers(warehouse, plan)
    return replace(plan.run, counts=counts, class_models=class_models(plan, errors))


def _result(run: Run, plan: Plan, *, already_complete: bool) -> ForecastResult:
    counts = run.counts
    return ForecastResult(
        run_id=run.run_id,
        cutoff=plan.cutoff,
        already_complete=already_complete,
        n_series=counts["series_out"],
        n_fallback=counts["fallback"],
        n_obsolete=counts["obsolete"],
        models_of=None if plan.refit is None else plan.refit.cutoff,
    )
