"""The check job: evaluates all gates on new files, loaded sales and the last forecast; writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from lepton_spark.errors import LeptonError
from lepton_spark.gates import FRESHNESS, Gate
from lepton_spark.ingest.covariates.definitions import covariate_sources
from lepton_spark.ingest.covariates.source import CovariateSource
from lepton_spark.ingest.lines import deduplication
from lepton_spark.ingest.losses import loss_gate
from lepton_spark.panel.calendar import EPOCH, day_volumes
from lepton_spark.panel.cutoff import cutoff_of_run
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.covariates import examine_covariate
from lepton_spark.pipelines.ingest.delivery import Delivery, find_delivery
from lepton_spark.pipelines.ingest.examination import examine
from lepton_spark.pipelines.ingest.ingest import RefusedFile, planned_load, refused_files, volume_gates
from lepton_spark.pipelines.ingest.privacy_key import require_same_key
from lepton_spark.pipelines.publish.evidence import evaluate_gates
from lepton_spark.pipelines.runs.run_log import RunLog

FILES = "files"


@dataclass(frozen=True)
class CheckResult:
    """Every gate, in the order of a run's stages, and the files that would be refused."""

    gates: tuple[Gate, ...]
    refused: tuple[RefusedFile, ...]

    @property
    def stopping(self) -> tuple[Gate, ...]:
        """The gates that would stop a run; refused files and old sales only change its exit code."""
        return tuple(gate for gate in self.gates if gate.withholds and gate.name != FILES)

    @property
    def stale(self) -> bool:
        """Whether the newest sales are older than allowed."""
        return any(gate.failed and gate.name == FRESHNESS for gate in self.gates)


def run_check(context: JobContext) -> CheckResult:
    """Evaluates the gates that a run would meet now, and those of the last complete forecast run.

    Raises: InputError for a path that cannot be used; ConfigError when the privacy key differs from earlier
    loads'.
    """
    require_same_key(context)
    runs = context.runs
    with context.stage("find new files") as stage:
        delivery = find_delivery(context)
        stage.note(delivery.summary)
    gates: list[Gate] = [_files(len(delivery.readable), len(delivery.refused))]
    if delivery.readable:
        with context.stage("read and validate lines"):
            gates += _load(context, delivery, runs)
    for source in covariate_sources(context.config):
        with context.stage(source.name):
            gates.append(_covariate(context, source))
    with context.stage("complete days and the last forecast"):
        gates += _cutoff(context)
        gates += _last_forecast(context, runs)
    return CheckResult(tuple(gates), refused_files(delivery))


def _files(n_new: int, n_refused: int) -> Gate:
    return Gate(FILES, n_refused == 0, f"{n_new} new, {n_refused} refused", "0 refused")


def _load(context: JobContext, delivery: Delivery, runs: RunLog) -> Sequence[Gate]:
    load = planned_load(context, delivery, runs.next_load_number())
    with examine(load, delivery, context.clock()) as examined:
        accounted = sum(examined.report.total.get(outcome, 0) for outcome in deduplication.OUTCOMES)
        lost = loss_gate(examined.losses, context.config.gates.max_lost_share, context.accepted)
        return (_balance(accounted, delivery.lines_read), lost, *volume_gates(load, examined, runs))


def _balance(accounted: int, read: int) -> Gate:
    return Gate("lines_add_up", accounted == read, f"{accounted} lines accounted for", f"{read} lines read")


def _covariate(context: JobContext, source: CovariateSource) -> Gate:
    """Rejected rows do not stop a run; a source that cannot be read does."""
    allowed = "a source that can be read"
    try:
        return Gate(source.name, True, examine_covariate(context.spark, source), allowed)
    except LeptonError as fault:
        return Gate(source.name, False, str(fault), allowed)


def _cutoff(context: JobContext) -> Sequence[Gate]:
    """The last complete day of the loaded sales; files that are only delivered do not count."""
    config, allowed = context.config, "a complete day of sales"
    volumes = day_volumes(context.warehouse.read("sales"))
    by_lines = config.input.kind == "transactions"
    try:
        day = cutoff_of_run(volumes, config.panel, config.forecast, by_lines=by_lines)
    except LeptonError as fault:
        return (Gate("cutoff", False, str(fault), allowed),)
    last = EPOCH + timedelta(days=max(volume.day for volume in volumes))
    return (Gate("cutoff", True, f"{day}; the last day of sales is {last}", allowed),)


def _last_forecast(context: JobContext, runs: RunLog) -> Sequence[Gate]:
    run = runs.latest("forecast")
    if run is None or run.cutoff is None:
        return (Gate("forecast", True, "none yet", "the last complete one"),)
    return evaluate_gates(context, run, run.cutoff, runs)
