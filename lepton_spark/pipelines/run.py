"""The whole job: ingest, panel, forecast, publish, orders where they are configured, and monitoring."""

from collections.abc import Callable
from dataclasses import dataclass

from lepton_spark.errors import FilesError, LossError, explain
from lepton_spark.ingest.losses import TOO_MANY_LOST
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

    monitoring: None if it is not enabled.
    """

    ingest: IngestResult
    forecast: ForecastResult
    publish: PublishResult
    inventory: InventoryResult | None = None
    monitoring: MonitorResult | None = None


def run_all(
    context: JobContext, *, force: bool = False, on_ingested: Callable[[IngestResult], None]
) -> RunResult:
    """Loads new files, packs the sales into series, forecasts, publishes and makes orders.

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
    published = run_publish(context, made.run_id, force=force)
    ordered = (
        run_inventory(context, loads_stock=False)
        if context.config.makes_orders and published.published
        else None
    )
    monitored = run_monitor(context, made.cutoff) if context.config.monitoring.enabled else None
    return RunResult(loaded, made, published, ordered, monitored)


def _require_sales(context: JobContext, loaded: IngestResult) -> None:
    if loaded.refused and context.warehouse.read("sales").isEmpty():
        found = f"no rows, {len(loaded.refused)} files refused"
        remedy = "Correct the files or the configuration as explained for each file, and run again."
        lossy = any(file.reason == TOO_MANY_LOST for file in loaded.refused)
        raise (LossError if lossy else FilesError)(
            explain("table sales", found, "at least one day of sales", remedy)
        )
