"""The published runs whose week is over and was not scored yet."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pyspark.sql import functions as F

from lepton_spark.monitoring.periods import PERIOD_DAYS, cutoffs_to_score
from lepton_spark.monitoring.unusual import N_EARLIER
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse


@dataclass(frozen=True)
class Period:
    """The days after the cutoff of a published run. n_steps: forecasts of it, of `step_days` days each.

    earlier: a run that was published at least a period before, and the steps between the cutoffs; None: none
    forecast all these days, or its forecasts are deleted.
    """

    run: Run
    cutoff: date
    n_steps: int
    step_days: int
    earlier: tuple[str, int] | None = None

    @property
    def n_days(self) -> int:
        """Days of the period."""
        return self.n_steps * self.step_days

    @property
    def last_day(self) -> date:
        """The last day of the period."""
        return self.cutoff + timedelta(days=self.n_days)

    @property
    def first_compared(self) -> date:
        """The first cutoff of the periods that this one is compared with, if each was scored."""
        return self.cutoff - timedelta(days=2 * N_EARLIER * self.n_days)

    @property
    def errors_from(self) -> str:
        """The run whose backtest errors are compared: the full one."""
        return self.run.refit_run_id or self.run.run_id


def due_periods(context: JobContext, last_day: date) -> list[Period]:
    """The periods to score, the earliest first; last_day: the last complete day of sales."""
    published = _by_cutoff(context.runs)
    days = {cutoff: period.n_days for cutoff, period in published.items()}
    if not any(cutoff + timedelta(days=days[cutoff]) <= last_day for cutoff in days):
        return []
    chosen = cutoffs_to_score(published, _scored(context.warehouse), days, last_day)
    if not chosen:
        return []
    kept = _kept(context.warehouse, list(published.values()))
    usable = {cutoff: period for cutoff, period in published.items() if period.run.run_id in kept}
    return [_with_earlier(usable[cutoff], usable) for cutoff in chosen if cutoff in usable]


def next_day(context: JobContext) -> date | None:
    """The last day of the earliest period that is published and was not scored; None if there is none."""
    published = _by_cutoff(context.runs)
    days = {cutoff: period.n_days for cutoff, period in published.items()}
    chosen = cutoffs_to_score(published, _scored(context.warehouse), days, date.max)
    return published[chosen[0]].last_day if chosen else None


def _by_cutoff(runs: RunLog) -> dict[date, Period]:
    return {run.cutoff: period for run, period in _published(runs) if run.cutoff is not None}


def _scored(warehouse: Warehouse) -> list[date]:
    """The cutoffs whose periods were scored."""
    rows = warehouse.read("monitoring").select("cutoff").distinct().collect()
    return [row["cutoff"] for row in rows]


def _with_earlier(period: Period, published: Mapping[date, Period]) -> Period:
    """The period with the latest run before it that forecast all its days."""
    for cutoff in sorted(published, reverse=True):
        other = published[cutoff]
        steps_between, rest = divmod((period.cutoff - cutoff).days, period.step_days)
        reaches = steps_between + period.n_steps <= (other.run.horizon or 0)
        is_before = cutoff + timedelta(days=period.n_days) <= period.cutoff
        if is_before and reaches and rest == 0 and other.step_days == period.step_days:
            return replace(period, earlier=(other.run.run_id, steps_between))
    return period


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
    wanted = F.col("run_id").isin([period.run.run_id for period in periods])
    rows = warehouse.read("forecasts").where(wanted).select("run_id").distinct().collect()
    return {row["run_id"] for row in rows}
