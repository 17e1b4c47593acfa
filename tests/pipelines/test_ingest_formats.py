"""JSON lines, typed Parquet and Delta give the same sales as CSV."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import ColumnNames, Config, InputSettings, WarehouseSettings
from lepton_spark.errors import InputError
from lepton_spark.pipelines.ingest.ingest import IngestResult, run_ingest
from lepton_spark.tables import Warehouse
from tests.pipelines.job_context import context_for
from tests.pipelines.shop import LOSE_ANYTHING

EXPECTED = {("7", "2017-01-01", 3.0), ("7", "2017-01-02", 2.0)}
"""04:59 UTC is still the previous day in New York; the third line is of the next day."""


def load(spark: SparkSession, root: Path, path: Path, **changes: Any) -> IngestResult:
    settings = {
        "path": str(path),
        "kind": "transactions",
        "columns": ColumnNames(product_id="sku", date="at", quantity="units"),
        "timezone": "America/New_York",
        **changes,
    }
    config = Config(
        warehouse=WarehouseSettings(root=str(root)), input=InputSettings(**settings), gates=LOSE_ANYTHING
    )
    return run_ingest(context_for(spark, config, privacy_key=b"key"))


def sales(spark: SparkSession, root: Path) -> set[tuple[str, str, float]]:
    rows = Warehouse(spark, str(root)).read("sales").collect()
    return {(row["product_id"], str(row["date"]), row["quantity"]) for row in rows}


def typed() -> pd.DataFrame:
    at = pd.to_datetime(["2017-01-01 11:53:26", "2017-01-02 04:59:59", "2017-01-02 05:00:00"])
    return pd.DataFrame({"sku": [7, 7, 7], "at": at, "units": [1, 2, 2]})


def test_json_lines_are_read_by_field_name(spark: SparkSession, tmp_path: Path) -> None:
    lines = [f'{{"units": {row.units}, "at": "{row.at}", "sku": {row.sku}}}' for row in typed().itertuples()]
    (tmp_path / "a.json").write_text("\n".join([*lines, "{cut"]))
    result = load(
        spark, tmp_path / "w", tmp_path / "a.json", format="json", date_formats=("yyyy-MM-dd HH:mm:ss",)
    )
    assert (result.counts["lines_read"], result.counts["rejected.malformed_line"]) == (4, 1)
    assert sales(spark, tmp_path / "w") == EXPECTED


def test_parquet_of_two_schemas_is_read_and_a_truncated_one_refused(
    spark: SparkSession, tmp_path: Path
) -> None:
    folder = tmp_path / "in [x]"
    folder.mkdir()
    typed().head(2).to_parquet(folder / "a 1.parquet")
    typed().tail(1).to_parquet(folder / "a 2.parquet", use_deprecated_int96_timestamps=True)
    days = pd.DataFrame({"units": [4.5], "sku": ["8"], "at": [date(2017, 1, 1)]})
    days.to_parquet(folder / "b.parquet")
    (folder / "c.parquet").write_bytes((folder / "b.parquet").read_bytes()[:-20])
    result = load(spark, tmp_path / "w", tmp_path / "in*", format="parquet")
    assert [(Path(one.name).name, one.reason) for one in result.refused] == [
        ("c.parquet", "unreadable_parquet")
    ]
    assert sales(spark, tmp_path / "w") == EXPECTED | {("8", "2017-01-01", 4.5)}


def test_files_of_two_layouts_share_a_warehouse(spark: SparkSession, tmp_path: Path) -> None:
    """The second file calls its columns otherwise, holds text, and repeats a line of the first."""
    days = ["2017-01-01 10:00:00", "2017-01-02 10:00:00"]
    columns = {"no": ["1", "2"], "sku": ["7", "7"], "at": days, "units": [3, 5], "Price": [2.5, 2.0]}
    pd.DataFrame({**columns, "Customer ID": [13085.0, None]}).to_parquet(tmp_path / "first.parquet")
    (tmp_path / "second.csv").write_text(
        "Order,sku,at,units,UnitPrice,Customer\n"
        "2,7,2017-01-02 10:00:00,5,2.00,\n"
        "C3,7,2017-01-03 10:00:00,-3,2.5,13085\n"
    )
    shared = {"product_id": "sku", "date": "at", "quantity": "units"}
    layouts = {
        "first.parquet": {"price": "Price", "transaction_id": "no", "customer_id": "Customer ID"},
        "second.csv": {"price": "UnitPrice", "transaction_id": "Order", "customer_id": "Customer"},
    }
    counts = [
        load(
            spark,
            tmp_path / "w",
            tmp_path / name,
            columns=ColumnNames(**shared, **layout),
            format="parquet" if name.endswith("parquet") else "csv",
            date_formats=("yyyy-MM-dd HH:mm:ss",),
            cancellation_pattern="^C",
            timezone="UTC",
        ).counts
        for name, layout in layouts.items()
    ]
    assert [(one["accepted"], one["already_loaded"]) for one in counts] == [(2, 0), (1, 1)]
    # the return cancels the order of the first file, which has the customer as a number
    by_day = {("7", "2017-01-01", 0.0), ("7", "2017-01-02", 5.0), ("7", "2017-01-03", 0.0)}
    assert sales(spark, tmp_path / "w") == by_day


def test_each_version_of_a_delta_table_is_loaded_once(spark: SparkSession, tmp_path: Path) -> None:
    source = str(tmp_path / "source")
    frame = spark.createDataFrame(
        [("7", datetime(2017, 1, 1, 11, tzinfo=UTC), 3.0)], "sku STRING, at TIMESTAMP, units DOUBLE"
    )
    frame.write.format("delta").save(source)
    assert load(spark, tmp_path / "w", tmp_path / "source", format="delta").counts["accepted"] == 1
    assert load(spark, tmp_path / "w", tmp_path / "source", format="delta").ingest_batch is None
    frame.union(
        spark.createDataFrame([("7", datetime(2017, 1, 2, 11, tzinfo=UTC), 2.0)], frame.schema)
    ).exceptAll(frame).write.format("delta").mode("append").save(source)
    counts = load(spark, tmp_path / "w", tmp_path / "source", format="delta").counts
    assert (counts["lines_read"], counts["already_loaded"], counts["accepted"]) == (2, 1, 1)
    assert sales(spark, tmp_path / "w") == EXPECTED


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "/nowhere/at/all",
            r"input\.path: found nothing at /nowhere/at/all; allowed: a file, a folder or a glob",
        ),
        ("package:no_such_package/a.csv", r"no package 'no_such_package'.*pip install '\.\[demo\]'"),
    ],
)
def test_path_without_files_is_an_error(spark: SparkSession, tmp_path: Path, path: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(spark, tmp_path / "w", Path(path))
