"""The rollback job: publishes an earlier run again, and keeps the withdrawn one from being republished."""

from dataclasses import dataclass

from pyspark.sql import functions as F

from lepton_spark.errors import InputError, explain
from lepton_spark.language import Message
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.publish.publish import PublishResult, complete_run, run_publish
from lepton_spark.pipelines.publish.published_state import rolled_back_to
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse


@dataclass(frozen=True)
class RollbackResult:
    """withdrawn: the run that was published before; published: the result of publishing the earlier one."""

    withdrawn: str
    published: PublishResult


def run_rollback(context: JobContext, run_id: str | None = None) -> RollbackResult:
    """Publishes an earlier complete run again: the named one, else the one published before the present one.

    Raises: InputError when nothing is published, when there is no earlier run, or when the run is not
    complete or its rows have been deleted.
    """
    warehouse = context.warehouse
    runs = context.runs
    row = warehouse.read("latest_forecasts").select("run_id").first()
    if row is None:
        remedy = Message("Run `lepton publish` first.")
        raise InputError(
            explain(Message("table latest_forecasts"), Message("nothing published"), Message("a run"), remedy)
        )
    present = str(row["run_id"])
    earlier = run_id or _published_before(runs, warehouse, present)
    complete_run(runs, earlier, None)
    if warehouse.read("forecasts").where(F.col("run_id") == F.lit(earlier)).isEmpty():
        found = Message("no rows of run {run}", run=earlier)
        remedy = Message("Choose a run of `runs` whose rows are kept (retention).")
        raise InputError(explain(Message("table forecasts"), found, Message("a run that is kept"), remedy))
    if earlier != present:  # recorded first: an interrupted rollback, repeated, goes back to the same run
        for record in runs.publications(present):
            runs.withdraw(record, rolled_back_to(earlier))
    return RollbackResult(present, run_publish(context, earlier, force=True))


def _published_before(runs: RunLog, warehouse: Warehouse, present: str) -> str:
    others = [
        run.input_fingerprint
        for run in runs.publications()
        if run.input_fingerprint not in (None, present) and run.state == "complete"
    ]
    of_others = warehouse.read("forecasts").where(F.col("run_id").isin(others))
    kept = {row["run_id"] for row in of_others.select("run_id").distinct().collect()}
    found = next((other for other in others if other in kept), None)
    if found is None:
        remedy = Message("Name another complete run of `runs` with --run.")
        raise InputError(
            explain(
                Message("table runs"), Message("no run published before"), Message("an earlier one"), remedy
            )
        )
    return found
