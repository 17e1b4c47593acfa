"""A small shop that delivers its transactions as CSV files, for tests of successive loads."""

import shutil
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from lepton_spark.config import ColumnNames, Config, GateSettings, InputSettings, WarehouseSettings
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.ingest import IngestResult, run_ingest
from lepton_spark.tables import Warehouse
from tests.pipelines.job_context import NOON, context_for

HEADER = "id,sku,at,units,price,client\n"
FIGURES = ("quantity", "sold_quantity", "cancelled_quantity", "returned_quantity", "n_transactions", "price")
LOADED = ("files", "transactions", "rejects", "cancellations", "open_orders", "sales", "runs")


LOSE_ANYTHING = GateSettings(max_lost_share=1.0)
"""Tests of single lines deliver few of them."""


@dataclass(frozen=True)
class Shop:
    """A folder of delivered files and its warehouse."""

    spark: SparkSession
    folder: Path
    root: Path
    settings: dict[str, Any] = field(default_factory=dict)
    gates: GateSettings = LOSE_ANYTHING

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.spark, str(self.root))

    def context(self, key: bytes | None = b"key", now: datetime = NOON, **changes: Any) -> JobContext:
        settings = InputSettings(**{**self.settings, **changes})
        config = Config(warehouse=WarehouseSettings(root=str(self.root)), input=settings, gates=self.gates)
        return context_for(self.spark, config, lambda: now, privacy_key=key)

    def load(self, key: bytes | None = b"key", now: datetime = NOON, **changes: Any) -> IngestResult:
        return run_ingest(self.context(key, now, **changes))

    def deliver(self, name: str, lines: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(HEADER + lines)

    def sales(self) -> dict[tuple[str, str], tuple[float, ...]]:
        rows = self.warehouse.read("sales").collect()
        return {(row["product_id"], str(row["date"])): tuple(row[name] for name in FIGURES) for row in rows}

    def versions(self) -> dict[str, int | None]:
        return {name: self.warehouse.version(name) for name in LOADED}

    def copied_to(self, root: Path) -> "Shop":
        """The same shop with a copy of its warehouse."""
        shutil.copytree(self.root, root)
        return replace(self, root=root)


def a_shop(spark: SparkSession, root: Path, **changes: Any) -> Shop:
    folder = root / "in [box]"
    folder.mkdir(parents=True)
    columns = ColumnNames(
        product_id="sku",
        date="at",
        quantity="units",
        price="price",
        transaction_id="id",
        customer_id="client",
    )
    settings = {
        "path": str(folder),
        "kind": "transactions",
        "columns": columns,
        "date_formats": ("yyyy-MM-dd HH:mm",),
        "product_case": "upper",
        "product_pattern": "[A-Z]",
        "cancellation_pattern": "^C",
        "max_file_bytes": 2_000,
    }
    return Shop(spark, folder, root / "warehouse", settings | changes)
