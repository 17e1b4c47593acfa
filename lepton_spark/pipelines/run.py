"""The whole job: ingest, panel, forecast, publish."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pyspark.sql import SparkSession

from lepton_spark.config import Config
from lepton_spark.errors import FilesError, explain
from lepton_spark.pipelines.context import Progress
from lepton_spark.pipelines.forecast.forecast import ForecastResult, forecast
from lepton_spark.pipelines.ingest.ingest import IngestResult, ingest
from lepton_spark.pipelines.panel import update_panel
from lepton_spark.pipelines.publish.publish import PublishResult, publish
from lepton_spark.pipelines.runs.run_log import Clock
from lepton_spark.tables import Warehouse


@dataclass(frozen=True)
class RunResult:
    """What the stages came to."""

    ingest: IngestResult
    forecast: ForecastResult
    publish: PublishResult


def run(
    spark: SparkSession,
    config: Config,
    cutoff: date | None,
    clock: Clock,
    privacy_key: bytes | None,
    *,
    force: bool,
    progress: Progress,
    tell: Callable[[IngestResult], None],
) -> RunResult:
    """Loads what is new, packs it, forecasts from the cutoff and publishes.

    cutoff: the last day a model may see; the configured one, else the last complete day, when None.
    force: publish although a later cutoff is published.
    tell: is given what the load came to before the next stage begins.

    Raises: FilesError when files were refused and there are no sales; LeptonError of the stage that cannot
    go on; what earlier stages wrote stays.
    """
    loaded = ingest(spark, config, clock, privacy_key, progress)
    tell(loaded)
    _require_sales(spark, config, loaded)
    update_panel(spark, config, clock, progress)
    made = forecast(spark, config, cutoff, clock, progress)
    published = publish(spark, config, made.run_id, clock, force=force, progress=progress)
    return RunResult(loaded, made, published)


def _require_sales(spark: SparkSession, config: Config, loaded: IngestResult) -> None:
    if loaded.refused and Warehouse(spark, config.warehouse.root).read("sales").isEmpty():
        found = f"no rows, {len(loaded.refused)} files refused"
        remedy = "Mend the files or the configuration as said of each, and run it again."
        raise FilesError(explain("table sales", found, "at least one day of sales", remedy))
