"""Back to an earlier run: readers see it again in one commit; the abandoned one does not come back alone."""

from dataclasses import dataclass, replace

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.errors import InputError, explain
from lepton_spark.pipelines.context import Progress
from lepton_spark.pipelines.publish.publish import ROLLED_BACK, PublishResult, complete_run, publish
from lepton_spark.pipelines.runs.run_log import Clock, Gate, Run, RunLog
from lepton_spark.tables import Warehouse


@dataclass(frozen=True)
class RollbackResult:
    """abandoned: the run that readers saw before; published: what came of publishing the earlier one."""

    abandoned: str
    published: PublishResult


def rollback(
    spark: SparkSession, config: Config, run_id: str | None, clock: Clock, progress: Progress
) -> RollbackResult:
    """Publishes an earlier complete run again: the one named, else the one published before the present.

    Raises: InputError when nothing is published, no other run was before, or the run is not complete or its
    rows are no longer kept.
    """
    warehouse = Warehouse(spark, config.warehouse.root)
    runs = RunLog(warehouse, clock)
    seen = warehouse.read("latest_forecasts").select("run_id").first()
    if seen is None:
        remedy = "Run `lepton publish` first."
        raise InputError(explain("table latest_forecasts", "nothing published", "a run", remedy))
    present = str(seen["run_id"])
    earlier = run_id or _published_before(runs, warehouse, present)
    complete_run(runs, earlier, None)
    if warehouse.read("forecasts").where(F.col("run_id") == F.lit(earlier)).isEmpty():
        found, remedy = f"no rows of run {earlier}", "Choose a run of `runs` whose rows are kept (retention)."
        raise InputError(explain("table forecasts", found, "a run that is kept", remedy))
    if earlier != present:  # first, so that one cut short turns back to the same run when it is done again
        for record in runs.publications(present):
            runs.refuse(_abandoned(record, earlier))
    result = publish(spark, config, earlier, clock, force=True, progress=progress)
    return RollbackResult(present, result)


def _published_before(runs: RunLog, warehouse: Warehouse, present: str) -> str:
    others = [
        run.input_fingerprint
        for run in runs.publications()
        if run.input_fingerprint not in (None, present) and run.state == "complete"
    ]
    kept = (
        warehouse.read("forecasts").where(F.col("run_id").isin(others)).select("run_id").distinct().collect()
    )
    rows = {row["run_id"] for row in kept}
    found = next((other for other in others if other in rows), None)
    if found is None:
        remedy = "Name another complete run of `runs` with --run."
        raise InputError(explain("table runs", "no run published before", "an earlier one", remedy))
    return found


def _abandoned(record: Run, instead: str) -> Run:
    gate = Gate(ROLLED_BACK, False, f"run {instead} was published instead", "publish it with --publish")
    return replace(record, gates=(*record.gates, gate))
