"""The context that tests run pipelines in."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from pyspark.sql import SparkSession

from lepton_spark.config import Config
from lepton_spark.pipelines.context import JobContext
from lepton_spark.tables import Warehouse

NOON = datetime(2021, 2, 1, 12, tzinfo=UTC)


def context_for(
    spark: SparkSession,
    config: Config,
    clock: Callable[[], datetime] = lambda: NOON,
    **more: Any,
) -> JobContext:
    """Of the configuration's own warehouse; without progress and without a lease."""
    return JobContext(spark, Warehouse(spark, config.warehouse.root), config, clock, **more)


def with_cutoff(config: Config, cutoff: date | None) -> Config:
    """The configuration as `--cutoff` changes it."""
    forecast = config.forecast.model_copy(update={"cutoff": cutoff})
    return config.model_copy(update={"forecast": forecast})
