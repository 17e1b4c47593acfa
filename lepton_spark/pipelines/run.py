"""The whole job: ingest, panel, forecast, publish, orders where they are configured, and monitoring."""

from collections.abc import Callable
from dataclasses import dataclass

from lepton_spark.errors import FilesError, LossError, explain
from lepton_spark.ingest.losses import TOO_MANY_LOST
from lepton_spark.language import Message
from lepton_spark.pipelines.challenge.contest import (
    ChallengeResult,
    Contest,
    compare_rivals,
    contest_of,
    run_challenger,
)
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.forecast.forecast import ForecastResult, run_forecast
from lepton_spark.pipelines.ingest.ingest import IngestResult, run_ingest
from lepton_spark.pipelines.inventory import InventoryResult, run_inventory
from lepton_spark.pipelines.monitor.monitor import MonitorResult, run_monitor
from lepton_spark.pipelines.panel import run_panel
from lepton_spark.pipelines.publish.publish import PublishResult, run_publish


@dataclass(frozen=True)
class RunResult:
    """The results of the stages; inventory: None without lead times, or if the run is not published.

    monitoring: None if it is not enabled. challenge: None without a challenger.
    """

    ingest: IngestResult
    forecast: ForecastResult
    publish: PublishResult
    inventory: InventoryResult | None = None
    monitoring: MonitorResult | None = None
    challenge: ChallengeResult | None = None

    @property
    def challenger_is_published(self) -> bool:
        """Whether the challenger's forecast of this run is published."""
        made = None if self.challenge is None else self.challenge.forecast
        return made is not None and self.publish.published and self.publish.run_id == made.run_id

    @property
    def shown(self) -> ForecastResult:
        """The forecast to show to people: the challenger's if it is published, else the champion's."""
        made = None if self.challenge is None else self.challenge.forecast
        return made if made is not None and self.challenger_is_published else self.forecast


def run_all(
    context: JobContext, *, force: bool = False, on_ingested: Callable[[IngestResult], None]
) -> RunResult:
    """Loads new files, packs the sales into series, forecasts, publishes and makes orders.

    A challenger forecasts after the champion is published, or before if its own forecasts are to be.

    force: publish even when a later cutoff is published, or the run was rolled back.
    on_ingested: called with the result of the load before the next stage starts.

    Raises: FilesError when files were refused and there are no sales; LeptonError of the stage that cannot
    continue. What earlier stages wrote is kept.
    """
    loaded = run_ingest(context)
    on_ingested(loaded)
    _require_sales(context, loaded)
    run_panel(context)
    made = run_forecast(context)
    contest = contest_of(context, made)
    challenge = run_challenger(contest) if contest is not None and contest.replaces else None
    published = _publish(context, made, contest, challenge, force=force)
    ordered = (
        run_inventory(context, loads_stock=False)
        if context.config.makes_orders and published.published
        else None
    )
    monitored = run_monitor(context, made.cutoff) if context.config.monitoring.enabled else None
    if contest is not None:
        challenge = challenge or run_challenger(contest)
        challenge = compare_rivals(contest, challenge)
    return RunResult(loaded, made, published, ordered, monitored, challenge)


def _publish(
    context: JobContext,
    made: ForecastResult,
    contest: Contest | None,
    challenge: ChallengeResult | None,
    *,
    force: bool,
) -> PublishResult:
    """Publishes the champion's run, or the challenger's where it replaces it and passes the gates."""
    if contest is not None and challenge is not None and challenge.forecast is not None:
        rival = challenge.forecast.run_id
        published = run_publish(context, rival, force=force, because=contest.gate)
        if not published.refused:
            return published
    return run_publish(context, made.run_id, force=force)


def _require_sales(context: JobContext, loaded: IngestResult) -> None:
    if loaded.refused and context.warehouse.read("sales").isEmpty():
        found = Message("no rows, {n} files refused", n=len(loaded.refused))
        remedy = Message("Correct the files or the configuration as explained for each file, and run again.")
        lossy = any(file.reason == TOO_MANY_LOST for file in loaded.refused)
        raise (LossError if lossy else FilesError)(
            explain(Message("table sales"), found, Message("at least one day of sales"), remedy)
        )
