"""A store with covariates, for tests of their effect on forecasts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from pyspark.sql import SparkSession

from lepton_spark.config import Config
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.forecast.forecast import ForecastResult, run_forecast
from lepton_spark.pipelines.ingest.ingest import run_ingest
from lepton_spark.pipelines.panel import run_panel
from lepton_spark.tables import Warehouse
from tests.pipelines.job_context import context_for, with_cutoff


def clock() -> datetime:
    return datetime(2024, 6, 1, tzinfo=UTC)


@dataclass(frozen=True)
class CovariateStore:
    """Its files and tables are under `root`."""

    spark: SparkSession
    root: Path

    @property
    def config(self) -> Config:
        raise NotImplementedError

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.spark, self.config.warehouse.root)

    def ingest(self) -> None:
        run_ingest(self.context())

    def context(self, cutoff: date | None = None) -> JobContext:
        return context_for(self.spark, with_cutoff(self.config, cutoff), clock)

    def forecast_at(self, cutoff: date) -> ForecastResult:
        """Forecasts from the loaded sales."""
        run_panel(self.context())
        return run_forecast(self.context(cutoff))
