"""Overrides of planners in a published run, stored as they are applied."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.forecasting.output.overridden import as_published, overridden_forecasts
from lepton_spark.pipelines.caching import persisted
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_id import fingerprint_of_rows

TABLE, SOURCE = "applied_overrides", "overrides"


def store_overrides(context: JobContext, run: Run) -> DataFrame | None:
    """Replaces the run's rows of `applied_overrides` if they have changed; returns them, None without any.

    Overrides that are no longer configured no longer apply.
    """
    warehouse, of_run = context.warehouse, F.col("run_id") == F.lit(run.run_id)
    is_used = context.config.overrides.path is not None and warehouse.exists(SOURCE)
    if not is_used and not warehouse.exists(TABLE):
        return None
    made = overridden_forecasts(
        warehouse.read("forecasts").where(of_run),
        warehouse.read("models").where(of_run),
        warehouse.read(SOURCE).where(F.lit(is_used)),
        context.runs.forecast_period(run),
    )
    with persisted(made) as rows:
        stored = warehouse.read(TABLE).where(of_run)
        if fingerprint_of_rows(rows) != fingerprint_of_rows(stored.select(*rows.columns)):
            warehouse.replace(TABLE, rows, f"run_id = '{run.run_id}'")
            stored = warehouse.read(TABLE).where(of_run)
    return None if stored.isEmpty() else stored


def are_published(context: JobContext, applied: DataFrame | None) -> bool:
    """Whether `latest_forecasts` has these overrides and no others."""
    if not context.warehouse.exists(TABLE):
        return True
    latest = context.warehouse.read("latest_forecasts").where(F.col("override_id").isNotNull())
    if applied is None:
        return latest.isEmpty()
    wanted = as_published(applied)
    return fingerprint_of_rows(wanted) == fingerprint_of_rows(latest.select(*wanted.columns))
