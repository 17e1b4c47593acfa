"""Loads of daily figures: equal ones are known, newer ones replace, two at once conflict or are summed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import ColumnNames, Config, InputSettings, WarehouseSettings
from lepton_spark.pipelines.ingest import IngestResult, ingest
from lepton_spark.pipelines.progress import SilentProgress
from lepton_spark.tables import Warehouse

HEADER = "日期,商品ID,销售量\n"
DAY_1 = (
    HEADER
    + "2021-01-01,1001,150\n2021-01-01,1002,0\n2021-01-01,1003,-2\n2021-01-02,1001,7\n2021-01-02,1001,8\n"
)
DAY_2 = HEADER + "2021-01-01,1001,150.0\n2021-01-01,1002,3\n2021-01-03,1004,5\n2021-01-03,1004,5\n"
DAY_3 = HEADER + "2021-01-01,1002,0\n"


def load(spark: SparkSession, root: Path, **changes: Any) -> IngestResult:
    columns = ColumnNames(product_id="商品ID", date="日期", quantity="销售量")
    settings: dict[str, Any] = {"path": str(root / "in"), "columns": columns, **changes}
    config = Config(
        warehouse=WarehouseSettings(root=str(root / "warehouse")), input=InputSettings(**settings)
    )
    return ingest(spark, config, lambda: datetime(2021, 2, 1, tzinfo=UTC), None, SilentProgress())


def sales(spark: SparkSession, root: Path) -> dict[tuple[str, str], tuple[float, float, str]]:
    rows = Warehouse(spark, str(root / "warehouse")).read("sales").collect()
    return {
        (row["product_id"], str(row["date"])): (row["quantity"], row["returned_quantity"]) for row in rows
    }


@pytest.fixture(scope="module")
def loads(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[IngestResult], list[Any]]:
    """Three loads, a GB18030 one among them, with the sales after each."""
    root = tmp_path_factory.mktemp("daily")
    (root / "in").mkdir()
    results, after = [], []
    for name, text, encoding in (
        ("a.csv", DAY_1, "utf-8"),
        ("b.csv", DAY_2, "gb18030"),
        ("c.csv", DAY_3, "utf-8"),
    ):
        (root / "in" / name).write_text(text, encoding=encoding)
        results.append(load(spark, root, options={"encoding": encoding}))
        after.append(sales(spark, root))
    return root, results, after


def test_first_figures_are_facts_zero_included_and_conflicting_days_are_rejected(
    loads: tuple[Path, list[IngestResult], list[Any]],
) -> None:
    _, results, after = loads
    assert after[0] == {
        ("1001", "2021-01-01"): (150.0, 0.0),
        ("1002", "2021-01-01"): (0.0, 0.0),
        ("1003", "2021-01-01"): (0.0, 2.0),
    }
    assert (results[0].counts["accepted"], results[0].counts["rejected.conflicting_day"]) == (3, 2)


def test_equal_figure_is_known_and_newer_one_replaces(
    loads: tuple[Path, list[IngestResult], list[Any]],
) -> None:
    _, results, after = loads
    counts = results[1].counts
    found = (counts["already_loaded"], counts["replaced"], counts["accepted"], counts["repeat"])
    assert found == (1, 1, 2, 1)
    assert after[1]["1002", "2021-01-01"] == (3.0, 0.0)
    assert after[1]["1004", "2021-01-03"] == (5.0, 0.0)


def test_figure_may_return_to_an_earlier_value(loads: tuple[Path, list[IngestResult], list[Any]]) -> None:
    _, results, after = loads
    assert (results[2].counts["accepted"], results[2].counts["replaced"]) == (1, 1)
    assert after[2]["1002", "2021-01-01"] == (0.0, 0.0)


def test_figures_of_one_day_are_summed_when_configured(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text(DAY_1)
    assert load(spark, tmp_path, conflicts="sum").counts["rejected"] == 0
    assert sales(spark, tmp_path)["1001", "2021-01-02"] == (15.0, 0.0)
    (tmp_path / "in" / "b.csv").write_text(DAY_1 + "\n")
    assert load(spark, tmp_path, conflicts="sum").counts["already_loaded"] == 5
