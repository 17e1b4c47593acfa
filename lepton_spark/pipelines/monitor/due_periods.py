"""The published runs whose week is over and was not scored yet."""

from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import functions as F

from lepton_spark.monitoring.periods import PERIOD_DAYS, cutoffs_to_score
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.runs.run_log import Run, RunLog
from lepton_spark.tables import Warehouse


@dataclass(frozen=True)
class Period:
    """The days after the cutoff of a published run. n_steps: forecasts of it, of `step_days` days each."""

    run: Run
    cutoff: date
    n_steps: int
    step_days: int

    @property
    def n_days(self) -> int:
        """Days of the period."""
        return self.n_steps * self.step_days

    @property
    def last_day(self) -> date:
        """The last day of the period."""
        return self.cutoff + timedelta(days=self.n_days)

    @property
    def errors_from(self) -> str:
        """The run whose backtest errors are compared: the full one."""
        return self.run.refit_run_id or self.run.run_id


def due_periods(context: JobContext, last_day: date) -> list[Period]:
    """The periods to score, the earliest first; last_day: the last complete day of sales."""
    published = {run.cutoff: period for run, period in _published(context.runs) if run.cutoff is not None}
    days = {cutoff: period.n_days for cutoff, period in published.items()}
    if not any(cutoff + timedelta(days=days[cutoff]) <= last_day for cutoff in days):
        return []
    scored = context.warehouse.read("monitoring").select("cutoff").distinct().collect()
    chosen = cutoffs_to_score(published, [row["cutoff"] for row in scored], days, last_day)
    kept = _kept(context.warehouse, [published[cutoff] for cutoff in chosen])
    return [published[cutoff] for cutoff in chosen if published[cutoff].run.run_id in kept]


def _published(runs: RunLog) -> list[tuple[Run, Period]]:
    """The publications and the runs that they published, the latest last, which wins for its cutoff."""
    found = []
    for publication in reversed(runs.publications()):
        run = runs.find(str(publication.input_fingerprint))
        if publication.state == "complete" and run is not None and run.cutoff is not None:
            step_days = runs.forecast_period(run)
            n_steps = min(PERIOD_DAYS // step_days, run.horizon or 1)
            found.append((publication, Period(run, run.cutoff, n_steps, step_days)))
    return found


def _kept(warehouse: Warehouse, periods: list[Period]) -> set[str]:
    """The runs whose forecasts are still in the table."""
    if not periods:
        return set()
    wanted = F.col("run_id").isin([period.run.run_id for period in periods])
    rows = warehouse.read("forecasts").where(wanted).select("run_id").distinct().collect()
    return {row["run_id"] for row in rows}
