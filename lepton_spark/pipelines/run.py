"""The whole job: ingest, panel, forecast, publish."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import SparkSession

from lepton_spark.config import Config
from lepton_spark.pipelines.forecast import ForecastResult, forecast
from lepton_spark.pipelines.ingest import IngestResult, ingest
from lepton_spark.pipelines.manifest import Clock
from lepton_spark.pipelines.panel import update_panel
from lepton_spark.pipelines.progress import Progress
from lepton_spark.pipelines.publish import PublishResult, publish


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
) -> RunResult:
    """Loads what is new, packs it, forecasts from the cutoff and publishes.

    cutoff: the last day a model may see; the configured one, else the last complete day, when None.
    force: publish although a later cutoff is published.

    Raises: LeptonError of the stage that cannot go on; what earlier stages wrote stays.
    """
    loaded = ingest(spark, config, clock, privacy_key, progress)
    update_panel(spark, config, clock, progress)
    made = forecast(spark, config, cutoff, clock, progress)
    published = publish(spark, config, made.run_id, clock, force=force, progress=progress)
    return RunResult(loaded, made, published)
