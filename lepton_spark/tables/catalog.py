"""The tables of the warehouse by name."""

from collections.abc import Mapping
from types import MappingProxyType

from lepton_spark.tables.schemas.challenge_tables import CHALLENGE_TABLES
from lepton_spark.tables.schemas.covariate_tables import COVARIATE_TABLES
from lepton_spark.tables.schemas.error_tables import ERROR_TABLES
from lepton_spark.tables.schemas.forecast_tables import FORECAST_TABLES
from lepton_spark.tables.schemas.ingest_tables import INGEST_TABLES
from lepton_spark.tables.schemas.inventory_tables import INVENTORY_TABLES
from lepton_spark.tables.schemas.monitoring_tables import MONITORING_TABLES
from lepton_spark.tables.schemas.override_tables import OVERRIDE_TABLES
from lepton_spark.tables.schemas.run_tables import RUN_TABLES
from lepton_spark.tables.schemas.schema import Table
from lepton_spark.tables.schemas.staged_tables import STAGED_TABLES

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            *INGEST_TABLES,
            *COVARIATE_TABLES,
            *STAGED_TABLES,
            *FORECAST_TABLES,
            *ERROR_TABLES,
            *INVENTORY_TABLES,
            *MONITORING_TABLES,
            *CHALLENGE_TABLES,
            *OVERRIDE_TABLES,
            *RUN_TABLES,
        )
    }
)
"""All tables by name, read-only."""
