"""Scores the overrides of the days after a published run, against the sales of these days."""

from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.monitoring.location_days import LocationDays
from lepton_spark.monitoring.override_scores import forecasts_to_score, override_scores
from lepton_spark.panel.covariates import Covariates
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.monitor.due_periods import Period
from lepton_spark.pipelines.monitor.series import known_units
from lepton_spark.tables.schemas.schema import SERIES_KEY

TABLE = "override_scores"


def score_overrides(
    context: JobContext, period: Period, covariates: Covariates, locations: LocationDays
) -> None:
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
    units = _by_date(known_units(context, period, keys, covariates, locations), period)
    scores = override_scores(applied, units).withColumns(same)
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


def _by_date(units: DataFrame, period: Period) -> DataFrame:
    """The units by the `date` of their forecast instead of its step."""
    date = F.date_add(F.lit(period.cutoff), (F.col("step") - 1) * period.step_days + 1)
    return units.withColumn("date", date).drop("step")
