"""Sources with layouts of their own: a line that two of them deliver counts once, whatever their order."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import Config, WarehouseSettings, load_config
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.ingest.ingest import run_ingest
from lepton_spark.pipelines.ingest.reingest import run_reingest
from lepton_spark.tables import Warehouse
from tests.pipelines.job_context import context_for
from tests.pipelines.shop import LOSE_ANYTHING

CONF = Path(__file__).parents[2] / "conf"

GERMAN = (
    "Bon;Artikel;Zeit;Menge;Preis;Kunde\n"
    "7;a;01.02.2020 09:30;1.200;2,50;c1\n"
    "8;B;02.02.2020 10:00;3;1,00;c2\n"
    "9;?;02.02.2020 10:00;5;1,00;c2\n"
)
ENGLISH = (
    "till,invoice,sku,at,units,value,client\n"
    "x,8.0,b,2020-02-02 10:00:00,3.0,3,c2\n"
    "x,C10,B,2020-02-03 08:00:00,-3,-3,c2\n"
    "x,11,A,2020-02-03 08:00:00,4,10,c1\n"
    "x,12,!,2020-02-03 08:00:00,2,10,c1\n"
)
COMMON = {
    "kind": "transactions",
    "product_case": "upper",
    "product_pattern": "[A-Z]",
    "cancellation_pattern": "^C",
}


def two_tills(folder: Path, **changes: str) -> list[dict[str, Any]]:
    """The layouts of two tills; the second one gives the price of the line, not of a unit."""
    german = {"product_id": "Artikel", "date": "Zeit", "quantity": "Menge", "price": "Preis"}
    english = {"product_id": "sku", "date": "at", "quantity": "units", "price": "value"}
    common = COMMON | changes
    return [
        common
        | {
            "path": str(folder / "z"),
            "columns": german | {"transaction_id": "Bon", "customer_id": "Kunde"},
            "options": {"separator": ";"},
            "decimal": ",",
            "thousands": ".",
            "date_formats": ["dd.MM.yyyy HH:mm"],
        },
        common
        | {
            "path": str(folder / "a"),
            "columns": english | {"transaction_id": "invoice", "customer_id": "client"},
            "date_formats": ["yyyy-MM-dd HH:mm:ss"],
            "price_is": "line_total",
            "personal_columns": ["till"],
        },
    ]


def context_of(spark: SparkSession, root: Path, sources: list[dict[str, Any]]) -> JobContext:
    given = {"warehouse": WarehouseSettings(root=str(root)), "input": sources, "gates": LOSE_ANYTHING}
    return context_for(spark, Config.model_validate(given), privacy_key=b"key")


def rows(warehouse: Warehouse, name: str) -> list[tuple[Any, ...]]:
    return sorted(map(tuple, warehouse.read(name).drop("loaded_at").collect()), key=str)


@pytest.mark.slow
def test_an_order_of_two_tills_counts_once_in_either_order(spark: SparkSession, tmp_path: Path) -> None:
    for name, text in {"z": GERMAN, "a": ENGLISH}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "sales.csv").write_text(text)
    tills = two_tills(tmp_path)
    first = context_of(spark, tmp_path / "first", tills)
    counts = run_ingest(first).counts
    assert {name: counts[name] for name in ("lines_read", "accepted", "already_loaded", "rejected")} == {
        "lines_read": 7,
        "accepted": 4,
        "already_loaded": 1,
        "rejected": 2,
    }
    figures = {
        (row["product_id"], str(row["date"])): (row["sold_quantity"], row["cancelled_quantity"], row["price"])
        for row in first.warehouse.read("sales").where("sold_quantity > 0").collect()
    }
    assert figures == {
        ("A", "2020-02-01"): (1200.0, 0.0, 2.5),
        ("B", "2020-02-02"): (3.0, 3.0, 1.0),
        ("A", "2020-02-03"): (4.0, 0.0, 2.5),
    }
    turned = context_of(spark, tmp_path / "turned", tills[::-1])
    assert dict(run_ingest(turned).counts) == dict(counts)
    for name in ("transactions", "rejects", "cancellations", "open_orders", "sales", "files"):
        assert rows(turned.warehouse, name) == rows(first.warehouse, name)
    assert run_ingest(first).counts["files_known"] == 2
    lines = " ".join(row["line"] for row in first.warehouse.read("rejects").collect())
    assert ("c1" in lines, "c2" in lines, '"till":"***"' in lines) == (False, False, True)

    again = context_of(spark, tmp_path / "first", two_tills(tmp_path, product_pattern="[A-Z!?]"))
    assert run_reingest(again).accepted == 2
    added = again.warehouse.read("transactions").where("product_id IN ('?', '!')").orderBy("date").collect()
    assert [(row["product_id"], row["quantity"], row["price"]) for row in added] == [("?", 5, 1), ("!", 2, 5)]


SHARED_FROM, SHARED_TO = "2010-12-01", "2010-12-10"
RENAMED = {"Invoice": "InvoiceNo", "Price": "UnitPrice", "Customer ID": "CustomerID"}
LINE = ["InvoiceNo", "product_id", "at", "Quantity", "UnitPrice"]
"""What a line of Online Retail is known by."""


def goods(raw: pd.DataFrame) -> pd.DataFrame:
    """Lines of a file without repeats, as conf/online_retail.yaml defines products, sales and returns."""
    lines = raw.rename(columns=RENAMED).drop_duplicates()
    code, invoice = (lines[name].astype("string") for name in ("StockCode", "InvoiceNo"))
    lines = lines.assign(
        InvoiceNo=invoice,
        product_id=code.str.strip().str.upper(),
        at=pd.to_datetime(lines["InvoiceDate"]),
        Quantity=lines["Quantity"].astype(float),
        UnitPrice=lines["UnitPrice"].astype(float),
    )
    is_good = lines["product_id"].str.fullmatch("[0-9]{5}[A-Z]*") & (lines["UnitPrice"] > 0)
    kept = lines[is_good & ((lines["Quantity"] > 0) | invoice.str.startswith("C"))][LINE]
    return kept.assign(number=kept.groupby(LINE).cumcount())


@pytest.mark.slow
def test_two_real_years_of_one_shop_count_their_common_lines_once(
    spark: SparkSession,
    compiled: None,  # noqa: ARG001
    shared_data: Path,
    tmp_path: Path,
) -> None:
    """The last days of the first year, and the days of the second one that both hold."""
    (delivered,) = (shared_data / "online_retail_2009").glob("*.parquet")
    table = pq.read_table(delivered)
    table = table.filter(pc.greater_equal(table["InvoiceDate"], "2010-11-29"))
    pq.write_table(table, tmp_path / "first_year.parquet")
    days = sorted((shared_data / "online_retail").glob("2010-12-0*.csv.gz"))
    overrides = [
        f"warehouse.root={tmp_path}/tables",
        f"input.0.path={tmp_path}/first_year.parquet",
        f"input.1.path={shared_data}/online_retail/2010-12-0*.csv.gz",
    ]
    files = [CONF / f"{name}.yaml" for name in ("base", "online_retail", "online_retail_years")]
    config = load_config(files, overrides).config
    context = context_for(spark, config, lambda: datetime(2012, 1, 1, tzinfo=UTC), privacy_key=b"key")
    counts = run_ingest(context).counts

    first, second = table.to_pandas(), [pd.read_csv(day, dtype={"CustomerID": "string"}) for day in days]
    shared = first[first["InvoiceDate"] >= SHARED_FROM]
    assert len(shared) == sum(map(len, second)) == 22_523  # the README of the data
    earlier, later = goods(first), pd.concat(map(goods, second))
    both = earlier.merge(later, on=[*LINE, "number"])
    expected = pd.concat([earlier, later]).drop_duplicates([*LINE, "number"])
    repeats = sum(len(lines) - len(lines.drop_duplicates()) for lines in (first, *second))
    assert counts["repeat"] == repeats
    assert counts["already_loaded"] == len(shared.drop_duplicates()) == 22_202
    assert counts["accepted"] == len(expected) == len(earlier) + len(later) - len(both)
    sold = expected[expected["Quantity"] > 0]
    assert sold["Quantity"].sum() == context.warehouse.read("sales").groupBy().sum("sold_quantity").first()[0]
    assert counts["files_loaded"] == len(days) + 1
