"""Whether a run keeps the models of a full run, or chooses anew: on schedule, or because products drift."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.monitoring.policy.new_alarms import new_alarm_share
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.tables.schemas.monitoring_tables import PRODUCT


@dataclass(frozen=True)
class KeptModels:
    """full_run: the run whose models are kept; None: they are chosen anew, because of `because`."""

    full_run: Run | None
    because: str | None = None


def on_schedule(context: JobContext, settings_id: str, cutoff: date) -> KeptModels:
    """The models that a run of this cutoff keeps by `forecast.refit_days`."""
    max_days = context.config.forecast.refit_days
    if max_days is None:
        return KeptModels(None)
    full = context.runs.full_run(cutoff, settings_id)
    if full is None or full.cutoff is None:
        return KeptModels(None, "there is no full run of the same settings and code")
    age = (cutoff - full.cutoff).days
    if age >= max_days:
        return KeptModels(None, f"the full run of {full.cutoff} is {age} days old")
    fits = context.warehouse.read("fits").where(F.col("run_id") == F.lit(full.run_id))
    if fits.isEmpty():
        return KeptModels(None, f"the rows of the full run of {full.cutoff} were deleted")
    return KeptModels(full)


def drift_since(context: JobContext, full_run: Run, cutoff: date) -> str | None:
    """Why the models of a full run are not to be kept any longer, in words; None if they are.

    Of the weeks that ended by the cutoff, the newest one of a run with these models is compared with the
    last one that was over when they were chosen.
    """
    limit = context.config.monitoring.choose_again_share
    scored = context.warehouse.read("monitoring").where(
        (F.col("segment") == PRODUCT) & (F.col("last_day") <= F.lit(cutoff))
    )
    weeks = scored.select("run_id", "last_day").distinct().collect()
    last_day = {row["run_id"]: row["last_day"] for row in weeks}
    users = context.runs.with_models_of(full_run.run_id)
    newest = max((run_id for run_id in last_day if run_id in users), key=last_day.__getitem__, default=None)
    if newest is None:
        return None
    chosen_on = full_run.cutoff or date.min
    past = (run_id for run_id, day in last_day.items() if day <= chosen_on)
    before = max(past, key=last_day.__getitem__, default=None)
    share = new_alarm_share(_of_run(scored, newest), _of_run(scored, before))
    if not share > limit:
        return None
    return (
        f"{share:.1%} of the units in the week to {last_day[newest]} are of products with an alarm that is "
        f"new since the full run of {chosen_on}; monitoring.choose_again_share is {limit:.1%}"
    )


def _of_run(rows: DataFrame, run_id: str | None) -> DataFrame:
    return rows.where(F.col("run_id") == F.lit(run_id))
