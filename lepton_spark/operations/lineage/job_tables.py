"""The tables that each job reads and writes."""

from collections.abc import Mapping
from types import MappingProxyType

from lepton_spark.config import Config
from lepton_spark.tables.schemas.covariate_tables import COVARIATE_TABLES

_COVARIATES = tuple(table.name for table in COVARIATE_TABLES)

SOURCES = ("input", *(name for name in _COVARIATES if name in Config.model_fields))
"""The sections of the configuration whose `path` names source files."""

READS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ingest": ("files", "transactions", "rejects", "cancellations", "open_orders"),
        "panel": ("sales",),
        "forecast": ("panel", "sales", "calendar", "plans", "products", "stock", "priors"),
        "publish": ("panel", "fits", "forecasts", "models", "metrics", "metrics_summary"),
        "inventory": ("latest_forecasts", "fits", "stock_levels"),
        "monitor": (
            *("sales", "calendar", "stock", "products"),
            *("forecasts", "models", "metrics", "metrics_summary"),
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
        "forecast": (
            *("pools", "pooled_trees", "candidates", "fits", "forecasts", "models", "adjustments"),
            *("explanations", "group_forecasts", "metrics", "metrics_summary"),
        ),
        "publish": ("latest_forecasts",),
        "inventory": ("inventory",),
        "monitor": ("monitoring",),
    }
)
"""Every table but `runs` is written by one of these jobs."""
