"""The tables that each job reads and writes."""

from collections.abc import Mapping
from types import MappingProxyType

from lepton_spark.config import Config
from lepton_spark.tables.schemas.covariate_tables import COVARIATE_TABLES

_COVARIATES = tuple(table.name for table in COVARIATE_TABLES)

SOURCES = ("input", *(name for name in _COVARIATES if name in Config.model_fields))
"""The sections of the configuration whose `path` names source files."""

_FORECAST_READS = ("panel", "sales", "calendar", "plans", "products", "stock", "priors")
_FORECAST_WRITES = (
    *("pools", "pooled_trees", "candidates", "fits", "forecasts", "models", "adjustments"),
    *("explanations", "group_forecasts", "metrics", "metrics_summary"),
)

READS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ingest": ("files", "transactions", "rejects", "cancellations", "open_orders"),
        "panel": ("sales",),
        "forecast": (*_FORECAST_READS, "monitoring"),
        "challenger": _FORECAST_READS,
        "publish": ("panel", "fits", "forecasts", "models", "metrics", "metrics_summary", "overrides"),
        "inventory": ("latest_forecasts", "fits", "stock_levels"),
        "monitor": (
            *("sales", "calendar", "stock", "products"),
            *("forecasts", "models", "metrics", "metrics_summary", "applied_overrides"),
        ),
    }
)

WRITES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ingest": (
            *("files", "transactions", "rejects", "cancellations", "open_orders", "sales"),
            *_COVARIATES,
        ),
        "panel": ("panel",),
        "forecast": _FORECAST_WRITES,
        "challenger": (*_FORECAST_WRITES, "challenges"),
        "publish": ("latest_forecasts", "applied_overrides"),
        "inventory": ("inventory",),
        "monitor": ("monitoring", "health", "override_scores"),
    }
)
"""Every table but `runs`, which every job writes, is written by one of these jobs, forecasts by two."""
