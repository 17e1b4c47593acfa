"""The forecast job: packed series and a cutoff become fits, and the tables cut from them."""

import logging
from dataclasses import dataclass, replace
from datetime import date

from pyspark.sql import SparkSession

from lepton_spark.config import Config
from lepton_spark.pipelines.context import Progress
from lepton_spark.pipelines.forecast.plan import plan_run
from lepton_spark.pipelines.forecast.stages import carry_out
from lepton_spark.pipelines.runs.run_log import Clock, Run, RunLog
from lepton_spark.tables import Warehouse

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ForecastResult:
    """A complete run; `already_complete`: it was so before, nothing was done.

    n_series: forecast; n_fallback and n_obsolete of them.
    """

    run_id: str
    cutoff: date
    already_complete: bool
    n_series: int
    n_fallback: int
    n_obsolete: int


def forecast(
    spark: SparkSession, config: Config, cutoff: date | None, clock: Clock, progress: Progress
) -> ForecastResult:
    """Forecast every series that was known by the cutoff; `runs` says complete last.

    Raises: InputError without a panel that is up to date, or for a cutoff without sales; BalanceError when
    a series was lost on the way.
    """
    warehouse = Warehouse(spark, config.warehouse.root)
    runs = RunLog(warehouse, clock)
    with progress.stage("cutoff") as stage:
        plan = plan_run(warehouse, runs, config, cutoff or config.forecast.cutoff)
        stage.note(f"{plan.cutoff}")
        if config.forecast.period > 1:
            stage.note(f"the last whole week's {config.forecast.week_end}, {config.forecast.ahead}")
    known = runs.find(plan.run.run_id)
    if known is not None and known.state == "complete":
        return _result(known, plan.cutoff, already_complete=True)
    run = runs.start(plan.run, config)
    try:
        plan = replace(plan, run=run, tried_before=known is not None)
        counts = carry_out(warehouse, plan, progress)
    except BaseException:
        runs.fail(run)
        raise
    complete = runs.complete(replace(run, counts=counts))
    log.info("run %s cutoff %s complete: %s", run.run_id, plan.cutoff, counts)
    return _result(complete, plan.cutoff, already_complete=False)


def _result(run: Run, cutoff: date, *, already_complete: bool) -> ForecastResult:
    counts = run.counts
    return ForecastResult(
        run_id=run.run_id,
        cutoff=cutoff,
        already_complete=already_complete,
        n_series=counts["series_out"],
        n_fallback=counts["fallback"],
        n_obsolete=counts["obsolete"],
    )
