"""Compares the forecasts of champion and challenger with what was sold, week by week."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.monitoring.periods import PERIOD_DAYS, cutoffs_to_score
from lepton_spark.monitoring.policy.paired_losses import paired_losses
from lepton_spark.panel.calendar import day_volumes
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.forecast.known_covariates import read_known_covariates
from lepton_spark.pipelines.monitor.due_periods import Period
from lepton_spark.pipelines.monitor.series import known_units, locations_of, of_run
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.tables.schemas.schema import SERIES_KEY

TABLE = "challenges"


@dataclass(frozen=True)
class Rivals:
    """The settings that are compared, by `runs.settings_id`."""

    champion: str
    challenger: str

    def weeks(self, context: JobContext) -> DataFrame:
        """The weeks in which they were compared."""
        return context.warehouse.read(TABLE).where(
            (F.col("champion_settings") == F.lit(self.champion))
            & (F.col("challenger_settings") == F.lit(self.challenger))
        )


def compare_weeks(context: JobContext, rivals: Rivals, last_day: date) -> int:
    """Adds the weeks that are over and that both have forecast; returns their number.

    Weeks do not overlap, and one that was compared is never compared again. last_day: of complete sales.
    """
    champions = context.runs.by_cutoff("forecast", rivals.champion)
    challengers = context.runs.by_cutoff("challenger", rivals.challenger)
    both = [cutoff for cutoff in champions if cutoff in challengers]
    compared = [row["cutoff"] for row in rivals.weeks(context).select("cutoff").collect()]
    days = dict.fromkeys(both, PERIOD_DAYS)
    due = cutoffs_to_score(both, compared, days, last_day)
    rows = [_compared(context, cutoff, champions[cutoff], challengers[cutoff]) for cutoff in due]
    same = {"champion_settings": rivals.champion, "challenger_settings": rivals.challenger}
    if rows:
        context.warehouse.append(TABLE, context.warehouse.rows(TABLE, [same | row for row in rows]))
    return len(rows)


def _compared(context: JobContext, cutoff: date, champion: Run, challenger: Run) -> dict[str, object]:
    """The row of a week; without known sales where the forecasts of a run were deleted."""
    step_days = context.config.forecast.period
    period = Period(champion, cutoff, PERIOD_DAYS // step_days, step_days)
    one, other = (
        of_run(context.warehouse, "forecasts", run.run_id).where(F.col("step") <= period.n_steps)
        for run in (champion, challenger)
    )
    return {
        "cutoff": cutoff,
        "last_day": period.last_day,
        "champion_run_id": champion.run_id,
        "challenger_run_id": challenger.run_id,
        **paired_losses(one, other, _units(context, period)),
    }


def _units(context: JobContext, period: Period) -> DataFrame:
    """Units of each series and step, as monitoring knows them."""
    warehouse = context.warehouse
    keys = of_run(warehouse, "models", period.run.run_id).select(*SERIES_KEY)
    covariates = read_known_covariates(warehouse, context.config, period.last_day)
    locations = locations_of(context, period, day_volumes(warehouse.read("sales")))
    return known_units(context, period, keys, covariates, locations)
