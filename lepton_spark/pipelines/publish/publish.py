"""Publishes a run: gates, then `latest_forecasts` in one commit."""

import logging
from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import Config
from lepton_spark.errors import InputError, explain
from lepton_spark.pipelines.context import Progress
from lepton_spark.pipelines.forecast.plan import end_of_column
from lepton_spark.pipelines.publish.gates import collect_evidence, judge
from lepton_spark.pipelines.runs.run_log import Clock, Gate, Run, RunLog, run_id_for
from lepton_spark.tables import Warehouse

log = logging.getLogger(__name__)

ROLLED_BACK = "rolled_back"
"""The gate of a run that was taken back from readers by hand."""


@dataclass(frozen=True)
class PublishResult:
    """Whether the run is what readers now see, and why (not); `refused`: by a gate."""

    run_id: str
    published: bool
    why: str
    gates: tuple[Gate, ...] = ()
    refused: bool = False


@dataclass(frozen=True)
class _Published:
    run_id: str
    cutoff: date


def publish(
    spark: SparkSession,
    config: Config,
    run_id: str | None,
    clock: Clock,
    *,
    cutoff: date | None = None,
    force: bool,
    progress: Progress,
) -> PublishResult:
    """Replaces the published forecasts by a run's, unless a gate or a newer published cutoff forbids it.

    run_id: a complete run; when None, the one (for `cutoff`, where given) that completed last.
    force: publish although a later cutoff is published.

    Raises: InputError when there is no such complete run.
    """
    warehouse = Warehouse(spark, config.warehouse.root)
    runs = RunLog(warehouse, clock)
    asked = None if cutoff is None else end_of_column(cutoff, config.forecast)
    run, seen = complete_run(runs, run_id, asked)
    with progress.stage("publish") as stage:
        result = _publish(warehouse, config, run, seen, runs, clock, force=force)
        stage.note(result.why)
    log.info("run %s, cutoff %s: %s", run.run_id, seen, result.why)
    return result


def _publish(
    warehouse: Warehouse,
    config: Config,
    run: Run,
    cutoff: date,
    runs: RunLog,
    clock: Clock,
    *,
    force: bool,
) -> PublishResult:
    published = _published(warehouse)
    if published is not None and published.run_id == run.run_id:
        return PublishResult(run.run_id, True, f"run {run.run_id} is published already")
    if published is not None and published.cutoff > cutoff and not force:
        why = f"not published: a run up to {published.cutoff} is; --publish replaces it"
        return PublishResult(run.run_id, False, why)
    if not force and _was_rolled_back(runs, run.run_id):
        why = "not published: it was rolled back; --publish publishes it again"
        return PublishResult(run.run_id, False, why)
    horizon = run.horizon or config.forecast.horizon
    evidence = collect_evidence(warehouse, run.run_id, cutoff, horizon, runs.period(run))
    gates = judge(evidence, config.gates)
    failed = [gate for gate in gates if not gate.passed]
    record = Run(
        run_id_for("publish", cutoff, config, run.run_id),
        "publish",
        cutoff=cutoff,
        input_fingerprint=run.run_id,
        horizon=horizon,
        gates=gates,
    )
    if failed and config.gates.enabled:
        runs.record(record, "refused", config)
        words = "; ".join(f"{gate.name}: found {gate.found}; allowed: {gate.allowed}" for gate in failed)
        return PublishResult(run.run_id, False, f"refused by {words}", gates, refused=True)
    runs.record(record, "complete", config)
    warehouse.overwrite("latest_forecasts", _latest(warehouse, config, run, cutoff, clock))
    return PublishResult(run.run_id, True, f"run {run.run_id} is published", gates)


def _was_rolled_back(runs: RunLog, run_id: str) -> bool:
    return any(gate.name == ROLLED_BACK for old in runs.publications(run_id) for gate in old.gates)


def complete_run(runs: RunLog, run_id: str | None, cutoff: date | None) -> tuple[Run, date]:
    """A complete forecast run and its cutoff: the one named, else the latest (for a cutoff, where given).

    Raises: InputError when there is none.
    """
    run = runs.latest("forecast", cutoff) if run_id is None else runs.find(run_id)
    if run is None or run.job != "forecast" or run.state != "complete" or run.cutoff is None:
        found = "none" if run is None else f"{run_id}: {run.job}, {run.state}"
        remedy = "Run `lepton forecast` first."
        raise InputError(explain("run to publish", found, "a complete forecast run", remedy))
    return run, run.cutoff


def _published(warehouse: Warehouse) -> _Published | None:
    row = warehouse.read("latest_forecasts").select("run_id", "cutoff").first()
    return None if row is None else _Published(row["run_id"], row["cutoff"])


def _latest(warehouse: Warehouse, config: Config, run: Run, cutoff: date, clock: Clock) -> DataFrame:
    valid_until = cutoff + timedelta(days=config.publish.valid_days)
    forecasts = warehouse.read("forecasts").where(F.col("run_id") == F.lit(run.run_id))
    return forecasts.withColumns({"published_at": F.lit(clock()), "valid_until": F.lit(valid_until)})
