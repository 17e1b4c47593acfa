"""The typed, frozen configuration, read from layers of YAML; reports all invalid settings at once."""

from lepton_spark.config.load import LoadedConfig, load_config
from lepton_spark.config.sections.backtest_settings import BacktestSettings
from lepton_spark.config.sections.choice.segment_settings import SegmentSettings
from lepton_spark.config.sections.forecast_settings import ForecastSettings
from lepton_spark.config.sections.gate_settings import GateSettings
from lepton_spark.config.sections.inputs.covariate_settings import (
    CalendarSettings,
    CovariateSettings,
    PlanSettings,
    PriorSettings,
    ProductSettings,
    StockSettings,
)
from lepton_spark.config.sections.inputs.input_settings import ColumnNames, InputSettings
from lepton_spark.config.sections.inputs.override_settings import OverrideSettings
from lepton_spark.config.sections.inventory_settings import InventorySettings, StockLevelSettings
from lepton_spark.config.sections.monitoring_settings import MonitoringSettings
from lepton_spark.config.sections.operations_settings import (
    AlertSettings,
    LineageSettings,
    PrometheusSettings,
)
from lepton_spark.config.sections.panel_settings import PanelSettings
from lepton_spark.config.sections.publish_settings import PublishSettings
from lepton_spark.config.sections.retention_settings import RetentionSettings
from lepton_spark.config.sections.spark_settings import SparkSettings
from lepton_spark.config.sections.warehouse_settings import WarehouseSettings
from lepton_spark.config.tree import Config

__all__ = [
    "AlertSettings",
    "BacktestSettings",
    "CalendarSettings",
    "ColumnNames",
    "Config",
    "CovariateSettings",
    "ForecastSettings",
    "GateSettings",
    "InputSettings",
    "InventorySettings",
    "LineageSettings",
    "LoadedConfig",
    "MonitoringSettings",
    "OverrideSettings",
    "PanelSettings",
    "PlanSettings",
    "PriorSettings",
    "ProductSettings",
    "PrometheusSettings",
    "PublishSettings",
    "RetentionSettings",
    "SegmentSettings",
    "SparkSettings",
    "StockLevelSettings",
    "StockSettings",
    "WarehouseSettings",
    "load_config",
]
