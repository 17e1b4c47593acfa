"""A store with inputs beside its sales, for tests of what they do to forecasts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from pyspark.sql import SparkSession

from lepton_spark.config import Config
from lepton_spark.pipelines.context import SilentProgress
from lepton_spark.pipelines.forecast.forecast import ForecastResult, forecast
from lepton_spark.pipelines.ingest.ingest import ingest
from lepton_spark.pipelines.panel import update_panel
from lepton_spark.tables import Warehouse


def clock() -> datetime:
    return datetime(2024, 6, 1, tzinfo=UTC)


@dataclass(frozen=True)
class SideStore:
    """Its files and tables stand under `root`."""

    spark: SparkSession
    root: Path

    @property
    def config(self) -> Config:
        raise NotImplementedError

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.spark, self.config.warehouse.root)

    def ingest(self) -> None:
        ingest(self.spark, self.config, clock, None, SilentProgress())

    def forecast_at(self, cutoff: date) -> ForecastResult:
        """Of what is ingested."""
        update_panel(self.spark, self.config, clock, SilentProgress())
        return forecast(self.spark, self.config, cutoff, clock, SilentProgress())
