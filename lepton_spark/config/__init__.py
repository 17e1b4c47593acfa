"""The typed, frozen configuration: one tree, read from overlaid YAML files, every fault reported at once."""

from lepton_spark.config.load import LoadedConfig, load_config
from lepton_spark.config.tree import (
    BacktestSettings,
    ColumnNames,
    Config,
    ForecastSettings,
    GateSettings,
    InputSettings,
    PanelSettings,
    PlanSettings,
    PriorSettings,
    ProductSettings,
    PublishSettings,
    RetentionSettings,
    SideSettings,
    SparkSettings,
    StockSettings,
    WarehouseSettings,
)

__all__ = [
    "BacktestSettings",
    "ColumnNames",
    "Config",
    "ForecastSettings",
    "GateSettings",
    "InputSettings",
    "LoadedConfig",
    "PanelSettings",
    "PlanSettings",
    "PriorSettings",
    "ProductSettings",
    "PublishSettings",
    "RetentionSettings",
    "SideSettings",
    "SparkSettings",
    "StockSettings",
    "WarehouseSettings",
    "load_config",
]
