"""Scores the overrides of the days after a published run, against the sales of these days."""

from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.monitoring.actuals import daily_units, days_of_locations, units_by_step
from lepton_spark.monitoring.override_scores import forecasts_to_score, override_scores
from lepton_spark.panel.calendar import Calendar, day_volumes, epoch_day
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.forecast.known_covariates import read_known_calendar, read_known_covariates
from lepton_spark.pipelines.monitor.due_periods import Period
from lepton_spark.tables.schemas.schema import SERIES_KEY

TABLE = "override_scores"


def score_overrides(context: JobContext, period: Period) -> None:
    """Replaces the period's rows of `override_scores`; writes nothing if nothing was overridden."""
    if not context.warehouse.exists("applied_overrides"):
        return
    applied = forecasts_to_score(_applied(context, period))
    if applied.isEmpty():
        return
    keys = applied.select(*SERIES_KEY).distinct()
    same = {
        "run_id": F.lit(period.run.run_id),
        "cutoff": F.lit(period.cutoff),
        "last_day": F.lit(period.last_day),
    }
    scores = override_scores(applied, _known_units(context, period, keys)).withColumns(same)
    context.warehouse.replace(TABLE, scores, f"run_id = '{period.run.run_id}'")


def _applied(context: JobContext, period: Period) -> DataFrame:
    """The overridden forecasts of the period's days, of every run with forecasts of as many days."""
    first = period.cutoff + timedelta(days=1)
    days = F.col("date").between(F.lit(first), F.lit(period.last_day))
    applied = context.warehouse.read("applied_overrides").where(days)
    found = (context.runs.find(row["run_id"]) for row in applied.select("run_id").distinct().collect())
    alike = [
        run.run_id
        for run in found
        if run is not None and context.runs.forecast_period(run) == period.step_days
    ]
    return applied.where(F.col("run_id").isin(alike))


def _known_units(context: JobContext, period: Period, keys: DataFrame) -> DataFrame:
    """`units` of each series and forecast `date`, null where unknown."""
    warehouse, config, last = context.warehouse, context.config, period.last_day
    first, sales = period.cutoff + timedelta(days=1), context.warehouse.read("sales")
    calendar = Calendar.until(
        day_volumes(sales), epoch_day(last), read_known_calendar(warehouse, config, last)
    )
    stock = read_known_covariates(warehouse, config, last).rows.get("stock")
    days = days_of_locations(keys, calendar, first, last)
    daily = daily_units(sales, keys, days, stock, first, last)
    units = units_by_step(daily, period.cutoff, period.step_days)
    date = F.date_add(F.lit(period.cutoff), (F.col("step") - 1) * period.step_days + 1)
    return units.withColumn("date", date).drop("step")
