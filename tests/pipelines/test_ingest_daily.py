"""Loads of daily figures: equal ones count once, later ones replace, two in one load conflict or add up."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import ColumnNames, Config, InputSettings, WarehouseSettings
from lepton_spark.pipelines.ingest.ingest import IngestResult, run_ingest
from lepton_spark.tables import TABLES, Warehouse
from tests.pipelines.job_context import context_for
from tests.pipelines.shop import LOSE_ANYTHING

HEADER = "日期,商品ID,销售量\n"
DAY_1 = (
    HEADER
    + "2021-01-01,1001,150\n2021-01-01,1002,0\n2021-01-01,1003,-2\n2021-01-02,1001,7\n2021-01-02,1001,8\n"
    + "2020-12-31,1001,0.30000000000000004\n"
)
DAY_2 = HEADER + "2021-01-01,1001,150.0\n2021-01-01,1002,3\n2021-01-03,1004,5\n2021-01-03,1004,5\n"
DAY_2 += "2020-12-31,1001,0.30000000000000004\n"
DAY_3 = HEADER + "2021-01-01,1002,0\n"
SINGLE = HEADER + "2021-01-01,1001,4\n2021-01-01,1002,9\n2021-01-05,1005,4\n"


def load(spark: SparkSession, root: Path, *, verify: bool = False, **changes: Any) -> IngestResult:
    columns = ColumnNames(product_id="商品ID", date="日期", quantity="销售量")
    settings: dict[str, Any] = {"path": str(root / "in"), "columns": columns, **changes}
    config = Config(
        gates=LOSE_ANYTHING,
        warehouse=WarehouseSettings(root=str(root / "warehouse")),
        input=InputSettings(**settings),
    )
    return run_ingest(replace(context_for(spark, config), verify=verify))


def sales(spark: SparkSession, root: Path) -> dict[tuple[str, str], tuple[float, float, str]]:
    rows = Warehouse(spark, str(root / "warehouse")).read("sales").collect()
    return {
        (row["product_id"], str(row["date"])): (row["quantity"], row["returned_quantity"]) for row in rows
    }


@pytest.fixture(scope="module")
def loads(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[IngestResult], list[Any]]:
    """Three loads, one of them in GB18030, and the sales after each."""
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


def test_first_load_keeps_zeros_and_rejects_conflicting_figures(
    loads: tuple[Path, list[IngestResult], list[Any]],
) -> None:
    _, results, after = loads
    assert after[0] == {
        ("1001", "2021-01-01"): (150.0, 0.0),
        ("1002", "2021-01-01"): (0.0, 0.0),
        ("1003", "2021-01-01"): (0.0, 2.0),
        ("1001", "2020-12-31"): (0.3, 0.0),
        ("1001", "2021-01-02"): (None, 0.0),  # two figures, neither of which is known to be right
    }
    assert (results[0].counts["accepted"], results[0].counts["rejected.conflicting_day"]) == (4, 2)


def test_equal_figure_is_already_loaded_and_a_different_one_replaces(
    loads: tuple[Path, list[IngestResult], list[Any]],
) -> None:
    _, results, after = loads
    counts = results[1].counts
    found = (counts["already_loaded"], counts["replaced"], counts["accepted"], counts["repeat"])
    assert found == (2, 1, 2, 1)
    assert after[1]["1002", "2021-01-01"] == (3.0, 0.0)
    assert after[1]["1004", "2021-01-03"] == (5.0, 0.0)


def test_figure_may_return_to_an_earlier_value(loads: tuple[Path, list[IngestResult], list[Any]]) -> None:
    _, results, after = loads
    assert (results[2].counts["accepted"], results[2].counts["replaced"]) == (1, 1)
    assert after[2]["1002", "2021-01-01"] == (0.0, 0.0)


def test_figures_are_stored_once_for_each_key(
    spark: SparkSession, loads: tuple[Path, list[IngestResult], list[Any]]
) -> None:
    lines = Warehouse(spark, str(loads[0] / "warehouse")).read("transactions")
    by_key = lines.groupBy(*TABLES["transactions"].key).count()
    assert by_key.where("count > 1").isEmpty()
    assert lines.groupBy("line_hash", "occurrence").count().where("count > 1").count() == 1


def test_later_load_rewrites_only_the_files_of_its_years(
    loads: tuple[Path, list[IngestResult], list[Any]],
) -> None:
    log = loads[0] / "warehouse" / "sales" / "_delta_log"
    commits = [path.read_text().splitlines() for path in sorted(log.glob("*.json"))]
    removed = [
        action["remove"]["partitionValues"]["year"]
        for commit in commits
        for action in map(json.loads, commit)
        if "remove" in action
    ]
    assert removed
    assert set(removed) == {"2021"}


def test_daily_figures_are_kept_after_a_switch_to_transactions(
    spark: SparkSession, loads: tuple[Path, list[IngestResult], list[Any]]
) -> None:
    root, _, after = loads
    shutil.copytree(root, root.with_name("switched"))
    (root.with_name("switched") / "in" / "d.csv").write_text(SINGLE)
    options = {"encoding": "utf-8"}
    result = load(spark, root.with_name("switched"), kind="transactions", options=options)
    assert result.counts["accepted"] == 3
    assert sales(spark, root.with_name("switched")) == after[2] | {("1005", "2021-01-05"): (4.0, 0.0)}


def test_figures_of_one_day_are_summed_when_configured(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text(DAY_1)
    (tmp_path / "in" / "b.csv").write_text(HEADER + "2021-01-02,1001,7\n2021-01-02,1001,7\n")
    counts = load(spark, tmp_path, conflicts="sum").counts
    assert (counts["accepted"], counts["repeat"], counts["rejected"]) == (8, 0, 0)
    assert sales(spark, tmp_path)["1001", "2021-01-02"] == (7.0 + 8.0 + 7.0 + 7.0, 0.0)
    (tmp_path / "in" / "c.csv").write_text(HEADER + "2021-01-02,1001,29\n2021-01-01,1001,150\n")
    assert load(spark, tmp_path, conflicts="sum").counts["already_loaded"] == 2


def test_change_that_the_time_of_a_file_hides_is_found_by_verify(
    spark: SparkSession, loads: tuple[Path, list[IngestResult], list[Any]]
) -> None:
    root, _, after = loads
    file = root / "in" / "c.csv"
    times = file.stat()
    file.write_text(HEADER + "2021-01-01,1002,4\n")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    options = {"encoding": "utf-8"}
    assert load(spark, root, options=options).counts["files_known"] == 3
    assert sales(spark, root) == after[2]
    assert load(spark, root, verify=True, options=options).counts["replaced"] == 1
    assert sales(spark, root)["1002", "2021-01-01"] == (4.0, 0.0)


def test_a_few_days_are_not_searched_for_lines_of_totals(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("lepton_spark.pipelines.ingest.examination.product_of_totals")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text(DAY_1)
    assert load(spark, tmp_path).counts["accepted"] == 4
