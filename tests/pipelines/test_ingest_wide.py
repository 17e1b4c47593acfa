"""Wide files and workbooks, loaded: a new column of a day adds its figures; a hostile workbook is refused."""

from datetime import date
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from lepton_spark.config import Config, InputSettings, WarehouseSettings
from lepton_spark.pipelines.ingest.ingest import IngestResult, run_ingest
from lepton_spark.tables import Warehouse
from tests.pipelines.job_context import context_for
from tests.pipelines.shop import LOSE_ANYTHING
from tests.workbook_file import Raw, sheet_xml, workbook

YESTERDAY = "product_id;store;2021-01-01;2021-01-02\n007;A;3;0\n007;B;;2,5\n8;A;x;5\n"
TODAY = "product_id;store;2021-01-01;2021-01-02;2021-01-03\n007;A;3;1;4\n007;B;;2,5;\n8;A;6;5;0\n"
"""As yesterday with one more day; 007 in A sold 1 instead of 0, and 8 in A has a number."""


def load(spark: SparkSession, root: Path, **changes: Any) -> IngestResult:
    settings = InputSettings(path=str(root / "in"), **changes)
    config = Config(
        gates=LOSE_ANYTHING, warehouse=WarehouseSettings(root=str(root / "tables")), input=settings
    )
    return run_ingest(context_for(spark, config))


def outcomes(result: IngestResult) -> tuple[int, ...]:
    names = ("lines_read", "accepted", "already_loaded", "replaced", "rejected")
    return tuple(result.counts.get(name, 0) for name in names)


def test_file_with_one_more_day_adds_what_is_new(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    settings = {
        "layout": "wide",
        "decimal": ",",
        "columns": {"location_id": "store"},
        "options": {"separator": ";"},
    }
    (tmp_path / "in" / "yesterday.csv").write_text(YESTERDAY)
    assert outcomes(load(spark, tmp_path, **settings)) == (5, 4, 0, 0, 1)
    warehouse = Warehouse(spark, str(tmp_path / "tables"))
    (reject,) = warehouse.read("rejects").collect()
    assert (reject["line_number"], reject["reason"]) == (400_003, "unparsable_quantity")
    assert reject["line"] == '{"date":"2021-01-01","product_id":"8","quantity":"x","store":"A"}'

    (tmp_path / "in" / "today.csv").write_text(TODAY)
    assert outcomes(load(spark, tmp_path, **settings)) == (7, 4, 3, 1, 0)
    rows = warehouse.read("sales").collect()
    assert {(row["product_id"], row["location_id"], row["date"].day): row["quantity"] for row in rows} == {
        ("007", "A", 1): 3.0,
        ("007", "A", 2): 1.0,
        ("007", "A", 3): 4.0,
        ("007", "B", 2): 2.5,
        ("8", "A", 1): 6.0,
        ("8", "A", 2): 5.0,
        ("8", "A", 3): 0.0,
    }


def test_workbook_is_loaded_beside_one_that_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    """Line 4 has no stored quantity; the second book has two cells far apart."""
    header = ["product_id", "date", "quantity"]
    rows = [header, ["007", date(2021, 1, 1), 3], ["8", "2021-01-02", 2.25]]
    rows.append(["8", date(2021, 1, 3), Raw("|<f>C2*2</f>")])
    bomb = sheet_xml(rows).replace('r="C3"', 'r="XFD1048576"')
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.xlsx").write_bytes(workbook({"Sales": rows}))
    (tmp_path / "in" / "b.xlsx").write_bytes(workbook({"S": rows}, more={"xl/worksheets/sheet1.xml": bomb}))

    result = load(spark, tmp_path, format="excel")

    assert outcomes(result) == (3, 2, 0, 0, 1)
    assert [(Path(one.name).name, one.reason) for one in result.refused] == [("b.xlsx", "unpacks_too_large")]
    warehouse = Warehouse(spark, str(tmp_path / "tables"))
    sold = warehouse.read("sales").collect()
    assert {(row["product_id"], row["date"].day, row["quantity"]) for row in sold} == {
        ("007", 1, 3.0),
        ("8", 2, 2.25),
    }
    (reject,) = warehouse.read("rejects").collect()
    assert (reject["line_number"], reject["reason"]) == (4, "malformed_line")
    assert "found a formula without a stored value in column quantity" in reject["words"]
