"""The schemas of all tables, and the only code that reads and writes Delta."""

from lepton_spark.tables.catalog import TABLES
from lepton_spark.tables.schemas.schema import Column, Table
from lepton_spark.tables.warehouse import Warehouse

__all__ = ["TABLES", "Column", "Table", "Warehouse"]
