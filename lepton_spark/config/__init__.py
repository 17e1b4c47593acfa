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
    PublishSettings,
    SparkSettings,
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
    "PublishSettings",
    "SparkSettings",
    "WarehouseSettings",
    "load_config",
]
