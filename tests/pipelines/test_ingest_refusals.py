"""A file without an accepted line is refused, and read again when changed rules may accept one."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import ColumnNames, Config, InputSettings, WarehouseSettings
from lepton_spark.errors import InputError
from lepton_spark.pipelines.ingest.ingest import IngestResult, run_ingest
from lepton_spark.tables import Warehouse
from tests.pipelines.job_context import context_for
from tests.pipelines.shop import LOSE_ANYTHING

HEADER = "day,sku,units\n"
GERMAN = HEADER + "05.01.2021,2,7\n05.01.2021,2,7\n06.01.2021,3,4\n07.01.2021,,3\n"
"""A line, its repeat, another line, and one without a product."""
BOTH_FORMS = ("yyyy-MM-dd", "dd.MM.yyyy")
OUTCOMES = ("lines_read", "accepted", "already_loaded", "repeat", "rejected")


def load(spark: SparkSession, root: Path, month: int = 2, **changes: Any) -> IngestResult:
    columns = ColumnNames(product_id="sku", date="day", quantity="units")
    path = str(root / "data [2021]")
    settings = InputSettings(**{"path": path, "columns": columns, **changes})
    config = Config(warehouse=WarehouseSettings(root=str(root / "w")), input=settings, gates=LOSE_ANYTHING)
    return run_ingest(context_for(spark, config, lambda: datetime(2021, month, 1, tzinfo=UTC)))


def outcomes(result: IngestResult) -> tuple[int, ...]:
    return tuple(result.counts[name] for name in OUTCOMES)


def refused(result: IngestResult) -> list[tuple[str, str]]:
    return [(Path(one.name).name, one.reason) for one in result.refused]


@pytest.mark.slow
def test_file_without_an_accepted_line_is_refused_and_read_again_with_changed_rules(
    spark: SparkSession, tmp_path: Path
) -> None:
    folder, warehouse = tmp_path / "data [2021]", Warehouse(spark, str(tmp_path / "w"))
    folder.mkdir()
    (folder / "good.csv").write_text(HEADER + "2021-01-01,1,5\n")
    (folder / "german.csv").write_text(GERMAN)

    first = load(spark, tmp_path)
    assert outcomes(first) == (5, 1, 0, 1, 3)
    assert refused(first) == [("german.csv", "no_line_accepted")]
    assert first.refused[0].words == (
        "lines: found none accepted, 2 of 3 rejected as unparsable_date (such as day: found '05.01.2021'; "
        "allowed: dates of the form yyyy-MM-dd); allowed: at least one that the rules accept. "
        "Correct the rules under input, or have the file delivered again; it is then read anew; "
        "its dates fit d.M.yyyy or M.d.yyyy: set input.date_formats"
    )
    assert (first.counts["files_loaded"], first.counts["files_refused"]) == (1, 1)

    names = ("files", "transactions", "rejects", "sales", "runs")
    before = {name: warehouse.version(name) for name in names}
    again = load(spark, tmp_path)
    assert (again.ingest_batch, again.refused) == (None, first.refused)
    assert {name: warehouse.version(name) for name in names} == before

    (folder / "ahead.csv").write_text(HEADER + "2021-03-01,9,1\n")
    corrected = load(spark, tmp_path, date_formats=BOTH_FORMS)
    assert outcomes(corrected) == (5, 2, 0, 1, 2)
    assert refused(corrected) == [("ahead.csv", "no_line_accepted")]
    rejects = {(row["reason"], row["ingest_batch"]) for row in warehouse.read("rejects").collect()}
    assert rejects == {
        ("missing_product_id", corrected.ingest_batch),
        ("future_date", corrected.ingest_batch),
    }
    states = {Path(row["name"]).name: row["state"] for row in warehouse.read("files").collect()}
    assert states == {"good.csv": "loaded", "german.csv": "loaded", "ahead.csv": "refused"}

    later = load(spark, tmp_path, month=4, date_formats=BOTH_FORMS)
    assert (outcomes(later), refused(later)) == ((1, 1, 0, 0, 0), [])
    assert [row["reason"] for row in warehouse.read("rejects").collect()] == ["missing_product_id"]
    sold = {(row["product_id"], row["quantity"]) for row in warehouse.read("sales").collect()}
    assert sold == {("1", 5.0), ("2", 7.0), ("3", 4.0), ("9", 1.0)}


def test_folder_that_never_had_a_file_is_an_error(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "data [2021]").mkdir()
    (tmp_path / "data [2021]" / "_hidden.csv").write_text(GERMAN)
    with pytest.raises(InputError, match=r"input\.path: found no file at .*data \[2021\]; allowed: a file"):
        load(spark, tmp_path)
