"""All gates without a write: what is delivered, what may be loaded, what is complete and publishable."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pyspark.sql import SparkSession

from lepton_spark.config import Config
from lepton_spark.errors import LeptonError
from lepton_spark.ingest.covariates.definitions import covariate_sources
from lepton_spark.ingest.covariates.source import CovariateSource
from lepton_spark.ingest.files.delivery import files_frame
from lepton_spark.ingest.lines import deduplication
from lepton_spark.panel.calendar import EPOCH, day_volumes
from lepton_spark.panel.cutoff import choose_cutoff
from lepton_spark.pipelines.context import Progress
from lepton_spark.pipelines.ingest import load_gates
from lepton_spark.pipelines.ingest.covariates import examine_side
from lepton_spark.pipelines.ingest.delivery import batch_of, look_for_files
from lepton_spark.pipelines.ingest.ingest import RefusedFile, examine, next_number, refused_files
from lepton_spark.pipelines.ingest.privacy_key import require_same_key
from lepton_spark.pipelines.ingest.writing import Load
from lepton_spark.pipelines.publish import gates
from lepton_spark.pipelines.runs.run_log import Clock, Gate, Run, RunLog
from lepton_spark.tables import Warehouse

FILES = "files"


@dataclass(frozen=True)
class CheckResult:
    """Every gate in the order of a run's stages, and files that would be refused."""

    gates: tuple[Gate, ...]
    refused: tuple[RefusedFile, ...]

    @property
    def stopping(self) -> tuple[Gate, ...]:
        """Gates that would stop a run; refused files only end it with another exit code."""
        return tuple(gate for gate in self.gates if not gate.passed and gate.name != FILES)


def check(
    spark: SparkSession, config: Config, clock: Clock, privacy_key: bytes | None, progress: Progress
) -> CheckResult:
    """Judges what a run would meet now, and the last complete forecast.

    Raises: InputError for a path that cannot be worked with; ConfigError for another privacy key.
    """
    warehouse = Warehouse(spark, config.warehouse.root)
    require_same_key(warehouse, config.input, privacy_key)
    with progress.stage("look for new files") as stage:
        delivery = look_for_files(spark, warehouse, config)
        stage.note(f"{len(delivery.readable)} new, {delivery.n_known} known, {len(delivery.refused)} refused")
    found: list[Gate] = [_files(len(delivery.readable), len(delivery.refused))]
    if delivery.readable:
        number = next_number(warehouse)
        run = Run("check", "ingest", ingest_batch=batch_of(delivery, config, number), load_number=number)
        load = Load(spark, warehouse, config, privacy_key, run, files_frame(spark, delivery.readable))
        with progress.stage("read and judge lines"), examine(load, delivery, clock()) as seen:
            balanced = sum(seen.ended.total.get(place, 0) for place in deduplication.OUTCOMES)
            found.append(_balance(balanced, delivery.lines_read))
            found += load_gates.judge_load(seen.volume, load_gates.recent_volumes(warehouse), config.gates)
    for side in covariate_sources(config):
        with progress.stage(side.name):
            found.append(_side(spark, side))
    with progress.stage("complete days and the last forecast"):
        found += _cutoff(warehouse, config)
        found += _last_forecast(warehouse, config, clock)
    return CheckResult(tuple(found), refused_files(delivery))


def _files(n_new: int, n_refused: int) -> Gate:
    return Gate(FILES, n_refused == 0, f"{n_new} new, {n_refused} refused", "0 refused")


def _side(spark: SparkSession, side: CovariateSource) -> Gate:
    """Rows that are refused stop no run; a source that cannot be read does."""
    try:
        return Gate(side.name, True, examine_side(spark, side), "a source that can be read")
    except LeptonError as fault:
        return Gate(side.name, False, str(fault), "a source that can be read")


def _balance(ended: int, read: int) -> Gate:
    return Gate("lines_add_up", ended == read, f"{ended} lines accounted for", f"{read} lines read")


def _cutoff(warehouse: Warehouse, config: Config) -> Sequence[Gate]:
    """The last complete day of what is loaded; what is only delivered is not in it."""
    volumes = day_volumes(warehouse.read("sales"))
    try:
        asked = config.forecast.cutoff
        day = choose_cutoff(volumes, config.panel, by_lines=config.input.kind == "transactions", asked=asked)
    except LeptonError as fault:
        return (Gate("cutoff", False, str(fault), "a complete day of sales"),)
    delivered = EPOCH + timedelta(days=max(volume.day for volume in volumes))
    return (Gate("cutoff", True, f"{day}; sales reach to {delivered}", "a complete day of sales"),)


def _last_forecast(warehouse: Warehouse, config: Config, clock: Clock) -> Sequence[Gate]:
    runs = RunLog(warehouse, clock)
    run = runs.latest("forecast")
    if run is None or run.cutoff is None:
        return (Gate("forecast", True, "none yet", "the last complete one"),)
    horizon = run.horizon or config.forecast.horizon
    evidence = gates.collect_evidence(warehouse, run.run_id, run.cutoff, horizon, runs.period(run))
    return gates.judge(evidence, config.gates)
