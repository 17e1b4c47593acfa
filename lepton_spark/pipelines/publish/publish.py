"""The publish job: evaluates the gates, then replaces `latest_forecasts` in one commit."""

import logging
from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lepton_spark.errors import InputError, explain
from lepton_spark.forecasting.output.overridden import with_overrides
from lepton_spark.gates import Gate
from lepton_spark.language import Message
from lepton_spark.panel.cutoff import end_of_period
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.publish.evidence import evaluate_gates
from lepton_spark.pipelines.publish.overrides import are_published, store_overrides
from lepton_spark.pipelines.publish.published_state import was_rolled_back
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_id import run_id_for
from lepton_spark.pipelines.runs.run_log import FORECASTS, RunLog
from lepton_spark.tables import Warehouse

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PublishResult:
    """Whether the run is published now, and why or why not; refused: whether a gate refused it."""

    run_id: str
    published: bool
    why: str
    gates: tuple[Gate, ...] = ()
    refused: bool = False


@dataclass(frozen=True)
class _Published:
    run_id: str
    cutoff: date


def run_publish(
    context: JobContext, run_id: str | None = None, *, force: bool = False, because: Gate | None = None
) -> PublishResult:
    """Replaces the published forecasts by those of a run, unless a gate or a later published cutoff forbids.

    run_id: a complete run; None: the latest one for `forecast.cutoff`, or of all when that is not set.
    force: publish even when a later cutoff is published, or the run was rolled back. because: why a
    challenger is published, recorded with the gates.

    Raises: InputError when there is no such complete run.
    """
    runs = context.runs
    settings = context.config.forecast
    wanted = None if settings.cutoff is None else end_of_period(settings.cutoff, settings)
    run, cutoff = complete_run(runs, run_id, wanted)
    with context.stage("publish") as stage:
        result = _publish(context, run, cutoff, force=force, because=because)
        if not result.published:
            _renew_overrides(context, runs)
        stage.note(result.why)
    log.info("run %s, cutoff %s: %s", run.run_id, cutoff, result.why)
    return result


def _publish(
    context: JobContext, run: Run, cutoff: date, *, force: bool, because: Gate | None
) -> PublishResult:
    runs = context.runs
    published = _published(context.warehouse)
    if published is not None and published.run_id == run.run_id:
        changed = _renew_overrides(context, runs)
        state = "published with changed overrides" if changed else "already published"
        return PublishResult(run.run_id, True, f"run {run.run_id} is {state}")
    unchanged = _reason_to_keep(published, run, cutoff, runs, force=force)
    if unchanged is not None:
        return unchanged
    config, started_at = context.config, context.clock()
    gates = evaluate_gates(context, run, cutoff, runs)
    if because is not None:
        gates = (*gates, because)
    record = Run(
        run_id_for("publish", cutoff, config, run.run_id),
        "publish",
        cutoff=cutoff,
        input_fingerprint=run.run_id,
        horizon=run.horizon or config.forecast.horizon,
        gates=gates,
        started_at=started_at,
    )
    failed = [gate for gate in gates if gate.withholds]
    if failed and config.gates.enabled:
        runs.record(record, "refused", config)
        text = "; ".join(f"{gate.name}: found {gate.found}; allowed: {gate.allowed}" for gate in failed)
        return PublishResult(run.run_id, False, f"refused by {text}", gates, refused=True)
    runs.record(record, "complete", config)
    latest = _latest(context, run, cutoff, store_overrides(context, run))
    context.warehouse.overwrite("latest_forecasts", latest)
    return PublishResult(run.run_id, True, f"run {run.run_id} is published", gates)


def _renew_overrides(context: JobContext, runs: RunLog) -> bool:
    """Applies the overrides that planners have changed since to the published run; whether there are any."""
    published = _published(context.warehouse)
    run = None if published is None else runs.find(published.run_id)
    if published is None or run is None:
        return False
    applied = store_overrides(context, run)
    if are_published(context, applied):
        return False
    context.warehouse.overwrite("latest_forecasts", _latest(context, run, published.cutoff, applied))
    return True


def _reason_to_keep(
    published: _Published | None, run: Run, cutoff: date, runs: RunLog, *, force: bool
) -> PublishResult | None:
    """The result when the published forecasts stay as they are; None when the run may be published."""
    if force:
        return None
    if published is not None and published.cutoff > cutoff:
        why = (
            f"not published: forecasts from the later cutoff {published.cutoff} are; --publish replaces them"
        )
        return PublishResult(run.run_id, False, why)
    present = None if published is None else runs.find(published.run_id)
    is_challenged = present is not None and present.job == "challenger" and run.job == "forecast"
    if is_challenged and published is not None and published.cutoff == cutoff:
        why = "not published: the challenger's run of this cutoff is; --publish replaces it"
        return PublishResult(run.run_id, False, why)
    if was_rolled_back(runs, run.run_id):
        why = "not published: it was rolled back; --publish publishes it again"
        return PublishResult(run.run_id, False, why)
    return None


def complete_run(runs: RunLog, run_id: str | None, cutoff: date | None) -> tuple[Run, date]:
    """A complete forecast run and its cutoff: the named one, else the latest (for the cutoff, if given).

    Raises: InputError when there is none.
    """
    run = runs.latest("forecast", cutoff) if run_id is None else runs.find(run_id)
    if run is None or run.job not in FORECASTS or run.state != "complete" or run.cutoff is None:
        found = Message("none") if run is None else f"{run_id}: {run.job}, {run.state}"
        remedy = Message("Run `lepton forecast` first.")
        raise InputError(
            explain(Message("run to publish"), found, Message("a complete forecast run"), remedy)
        )
    return run, run.cutoff


def _published(warehouse: Warehouse) -> _Published | None:
    row = warehouse.read("latest_forecasts").select("run_id", "cutoff").first()
    return None if row is None else _Published(row["run_id"], row["cutoff"])


def _latest(context: JobContext, run: Run, cutoff: date, applied: DataFrame | None) -> DataFrame:
    valid_until = cutoff + timedelta(days=context.config.publish.valid_days)
    forecasts = context.warehouse.read("forecasts").where(F.col("run_id") == F.lit(run.run_id))
    rows = with_overrides(forecasts, applied)
    return rows.withColumns({"published_at": F.lit(context.clock()), "valid_until": F.lit(valid_until)})
