import json
import os
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import deltalake
import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.errors import InputError
from lepton_spark.tables import TABLES, Warehouse
from lepton_spark.tables.delta import atomic_create, jvm, log_truncation

WRITE_REFUSED = (PySparkException, Py4JJavaError)
SALES = (
    "product_id string, location_id string, date date, quantity double, sold_quantity double, "
    "cancelled_quantity double, returned_quantity double, n_transactions long, price double, "
    "ingest_batch string"
)


@pytest.fixture
def warehouse(spark: SparkSession, tmp_path: Path) -> Warehouse:
    return Warehouse(spark, str(tmp_path / "warehouse"))


def sales(spark: SparkSession, *rows: tuple[str, date, float]) -> DataFrame:
    full = [(product, "all", day, units, units, 0.0, 0.0, 1, None, "b1") for product, day, units in rows]
    return spark.createDataFrame(full, SALES)


def units(warehouse: Warehouse) -> dict[tuple[str, str], float]:
    rows = warehouse.read("sales").select("product_id", "date", "quantity").collect()
    return {(row.product_id, str(row.date)): row.quantity for row in rows}


def protocols(path: str) -> list[dict[str, object]]:
    lines = [
        line
        for log in sorted(Path(path, "_delta_log").glob("*.json"))
        for line in log.read_text().splitlines()
    ]
    return [json.loads(line)["protocol"] for line in lines if "protocol" in json.loads(line)]


def test_read_of_a_missing_table_has_its_columns_and_no_rows(warehouse: Warehouse) -> None:
    frame = warehouse.read("sales")
    assert tuple(frame.columns) == TABLES["sales"].column_names
    assert frame.count() == 0
    assert warehouse.version("sales") is None


def test_join_with_a_missing_table_is_dropped_from_the_plan(
    spark: SparkSession, warehouse: Warehouse
) -> None:
    rows = spark.range(3).selectExpr("string(id) AS product_id")
    joined = rows.join(warehouse.read("sales"), "product_id", "left_anti")
    plan = joined._jdf.queryExecution().optimizedPlan().toString()
    assert "Join" not in plan
    assert joined.count() == 3


@pytest.mark.parametrize("name", sorted(TABLES))
def test_table_is_created_in_one_commit_for_every_reader(warehouse: Warehouse, name: str) -> None:
    warehouse.append(name, warehouse.read(name))
    table = TABLES[name]
    outside = deltalake.DeltaTable(warehouse.path(name), version=0)
    assert [protocol["minReaderVersion"] for protocol in protocols(warehouse.path(name))] == [1]
    assert outside.protocol().reader_features is None
    assert outside.metadata().description == table.comment
    assert outside.metadata().partition_columns == list(table.partition_by)
    assert outside.metadata().configuration["delta.enableDeletionVectors"] == "false"
    fields = {field.name: field for field in outside.schema().fields}
    assert {name: field.metadata["comment"] for name, field in fields.items()} == {
        column.name: column.comment for column in table.columns
    }
    assert {name: field.nullable for name, field in fields.items()} == {
        column.name: column.nullable for column in table.columns
    }


def test_append_orders_columns_computes_the_partition_and_drops_unknown_columns(
    spark: SparkSession, warehouse: Warehouse
) -> None:
    frame = sales(spark, ("a", date(2021, 3, 4), 2.0)).withColumn("unknown", F.lit(1))
    warehouse.append("sales", frame.select(*reversed(frame.columns)))
    row = warehouse.read("sales").first()
    assert row is not None
    assert row.asDict() == {
        "product_id": "a", "location_id": "all", "date": date(2021, 3, 4), "quantity": 2.0,
        "sold_quantity": 2.0, "cancelled_quantity": 0.0, "returned_quantity": 0.0, "n_transactions": 1,
        "price": None, "ingest_batch": "b1", "year": 2021,
    }  # fmt: skip


def test_append_fills_absent_nullable_columns_with_null(spark: SparkSession, warehouse: Warehouse) -> None:
    warehouse.append("sales", sales(spark, ("a", date(2021, 3, 4), 2.0)).drop("price"))
    assert [row.price for row in warehouse.read("sales").collect()] == [None]


def test_append_rejects_a_frame_without_a_required_column(spark: SparkSession, warehouse: Warehouse) -> None:
    with pytest.raises(InputError, match="table sales: found no column 'sold_quantity'"):
        warehouse.append("sales", sales(spark, ("a", date(2021, 3, 4), 2.0)).drop("sold_quantity"))
    assert not warehouse.exists("sales")


@pytest.mark.parametrize(
    "bad", [-1.0, float("nan"), float("inf"), None], ids=["negative", "nan", "infinite", "null"]
)
def test_append_rejects_a_quantity_that_is_not_a_finite_number_from_zero(
    spark: SparkSession, warehouse: Warehouse, bad: float | None
) -> None:
    frame = sales(spark, ("a", date(2021, 3, 4), 2.0)).withColumn("sold_quantity", F.lit(bad).cast("double"))
    with pytest.raises(WRITE_REFUSED, match=r"CHECK constraint finite_sold_quantity|NOT NULL constraint"):
        warehouse.append("sales", frame)
    assert units(warehouse) == {}


def test_overwrite_replaces_all_rows_in_one_commit(spark: SparkSession, warehouse: Warehouse) -> None:
    warehouse.append("sales", sales(spark, ("a", date(2021, 3, 4), 2.0)))
    before = warehouse.version("sales")
    warehouse.overwrite("sales", sales(spark, ("b", date(2022, 3, 4), 3.0)))
    assert units(warehouse) == {("b", "2022-03-04"): 3.0}
    assert before is not None
    assert warehouse.version("sales") == before + 1


def test_overwrite_creates_a_table_together_with_its_first_rows(
    spark: SparkSession, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table is complete before it is moved into place."""
    seen: list[tuple[str, bool, int]] = []
    move = atomic_create.BuildFolder.move

    def observed(folder: atomic_create.BuildFolder, built: str, target: str) -> None:
        seen.append((target, warehouse.exists("sales"), spark.read.format("delta").load(built).count()))
        move(folder, built, target)

    monkeypatch.setattr(atomic_create.BuildFolder, "move", observed)
    target = warehouse.path("sales")
    warehouse.overwrite("sales", sales(spark, ("a", date(2021, 3, 4), 2.0)))
    warehouse.overwrite("sales", sales(spark, ("b", date(2022, 3, 4), 3.0)))
    assert seen == [(target, False, 1)]
    assert units(warehouse) == {("b", "2022-03-04"): 3.0}
    first = deltalake.DeltaTable(target, version=1)
    assert first.to_pyarrow_table(columns=["product_id"]).to_pylist() == [{"product_id": "a"}]
    assert not {field.name: field for field in first.schema().fields}["sold_quantity"].nullable
    assert [path.name for path in Path(target).parent.iterdir()] == ["sales"]


def test_overwrite_repeats_an_interrupted_first_write(
    spark: SparkSession, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    build_folder = Path(warehouse.path("sales")).parent / "_aside"
    first = sales(spark, ("a", date(2021, 3, 4), 2.0))
    with monkeypatch.context() as patched:
        patched.setattr(atomic_create.BuildFolder, "move", killed)
        with pytest.raises(KeyboardInterrupt):
            warehouse.overwrite("sales", first)
    assert len(list(build_folder.iterdir())) == 1
    assert not warehouse.exists("sales")
    Path(warehouse.path("sales"), "_delta_log").mkdir(parents=True)
    warehouse.overwrite("sales", first)
    assert not build_folder.exists()
    assert units(warehouse) == {("a", "2021-03-04"): 2.0}


def test_overwrite_repeats_an_interrupted_move(spark: SparkSession, warehouse: Warehouse) -> None:
    """The data files were moved, the log was not."""
    days = {"end_date": date(2021, 3, 5), "known_at": date(2021, 3, 4)}
    prior = {"product_id": "a", "location_id": "all", "level": 2.0, "weight": 1.0}
    rows = warehouse.rows("priors", [prior | days])
    warehouse.overwrite("priors", rows)
    folder = Path(warehouse.path("priors"))
    left = set(folder.glob("*.parquet"))
    assert left
    shutil.rmtree(folder / "_delta_log")
    jvm.clear_cache(spark)  # as in a new process
    warehouse.overwrite("priors", rows)
    assert deltalake.DeltaTable(str(folder)).to_pyarrow_table().num_rows == 1
    assert left < set(folder.glob("*.parquet"))


@pytest.mark.parametrize("name", ["year=2021", "_delta_log"])
def test_overwrite_never_replaces_files_of_others_in_the_tables_folder(
    spark: SparkSession, warehouse: Warehouse, name: str
) -> None:
    """A damaged log is kept too: its owner may still recover data from it."""
    in_the_way = Path(warehouse.path("sales"), name, "mine.txt")
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("mine")
    with pytest.raises(InputError, match=f"found {name} in the way; allowed: an empty folder"):
        warehouse.overwrite("sales", sales(spark, ("a", date(2021, 3, 4), 2.0)))
    assert in_the_way.read_text() == "mine"
    assert not warehouse.exists("sales")


def test_replace_changes_only_rows_that_fulfil_its_condition(
    spark: SparkSession, warehouse: Warehouse
) -> None:
    warehouse.append("sales", sales(spark, ("a", date(2021, 3, 4), 2.0), ("a", date(2022, 3, 4), 5.0)))
    warehouse.replace("sales", sales(spark, ("b", date(2022, 1, 1), 7.0)), "year = 2022")
    assert units(warehouse) == {("a", "2021-03-04"): 2.0, ("b", "2022-01-01"): 7.0}


def test_replace_rejects_rows_outside_its_condition(spark: SparkSession, warehouse: Warehouse) -> None:
    with pytest.raises(WRITE_REFUSED, match=r"(?i)replace.?where|does not conform to partial table"):
        warehouse.replace("sales", sales(spark, ("b", date(2021, 1, 1), 7.0)), "year = 2022")


def test_delete_takes_ids_that_look_like_sql(spark: SparkSession, warehouse: Warehouse) -> None:
    wicked = "x' OR '1'='1"
    warehouse.append("sales", sales(spark, (wicked, date(2021, 3, 4), 2.0), ("a", date(2021, 3, 4), 5.0)))
    warehouse.delete("sales", F.col("product_id") == F.lit(wicked))
    assert units(warehouse) == {("a", "2021-03-04"): 5.0}


def test_merge_updates_inserts_and_deletes_by_key(spark: SparkSession, warehouse: Warehouse) -> None:
    day, later = date(2021, 3, 4), date(2021, 3, 5)
    warehouse.append("sales", sales(spark, ("a", day, 1.0), ("gone", day, 2.0), ("kept", later, 3.0)))
    frame = sales(spark, ("a", day, 10.0), ("new", day, 4.0))
    warehouse.merge("sales", frame, delete_unmatched=F.col("target.date") == F.lit(day))
    assert units(warehouse) == {
        ("a", "2021-03-04"): 10.0, ("new", "2021-03-04"): 4.0, ("kept", "2021-03-05"): 3.0
    }  # fmt: skip


def test_checkpoint_is_found_by_its_version(spark: SparkSession, tmp_path: Path) -> None:
    log = str(tmp_path)
    files = jvm.FileSystem(spark, log)
    for other in (f"{2:020d}.json", f"{12:020d}.checkpoint.parquet"):
        (tmp_path / other).touch()
    (tmp_path / f"{2:020d}.checkpoint.parquet").mkdir()
    with pytest.raises(InputError, match="found no checkpoint of version 2; allowed: one, before older log"):
        log_truncation._require_checkpoint(files, log, 2)
    log_truncation._require_checkpoint(files, log, 12)


def test_erase_history_deletes_the_log_only_after_a_checkpoint(
    spark: SparkSession, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_checkpoint(*_: object) -> None:
        raise InputError("no checkpoint")

    warehouse.append("sales", sales(spark, ("a", date(2021, 3, 4), 2.0)))
    log, now = Path(warehouse.path("sales"), "_delta_log"), datetime(2024, 1, 1, tzinfo=UTC)
    before = {path.name for path in log.glob("*.json")}
    monkeypatch.setattr(log_truncation, "_require_checkpoint", no_checkpoint)
    with pytest.raises(InputError, match="no checkpoint"):
        warehouse.erase_history("sales", now)
    monkeypatch.undo()
    assert before <= {path.name for path in log.glob("*.json")}
    warehouse.erase_history("sales", now)
    assert not before & {path.name for path in log.glob("*.json")}
    assert units(warehouse) == {("a", "2021-03-04"): 2.0}


def test_warehouse_lists_its_tables_for_an_unknown_name(warehouse: Warehouse) -> None:
    with pytest.raises(InputError, match="no table 'sale'; allowed: files, transactions"):
        warehouse.path("sale")


def test_warehouse_takes_a_relative_root(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    relative = Warehouse(spark, "output/shop")
    relative.append("sales", sales(spark, ("a", date(2021, 1, 1), 2.0)))
    assert (tmp_path / "output" / "shop" / "sales" / "_delta_log").is_dir()
    assert relative.read("sales").count() == 1


def test_vacuum_prints_nothing(spark: SparkSession, warehouse: Warehouse) -> None:
    warehouse.append("sales", sales(spark, ("a", date(2024, 1, 1), 1.0)))
    java = spark._jvm
    console = getattr(getattr(java.scala, "Console$"), "MODULE$")
    before, printed = console.out(), java.java.io.ByteArrayOutputStream()
    console.setOutDirect(java.java.io.PrintStream(printed))
    try:
        warehouse.vacuum("sales", hours=24 * 7)
        assert printed.toString() == ""
        java.scala.Predef.println("still printed")
        assert printed.toString() == "still printed\n"
    finally:
        console.setOutDirect(before)


def test_vacuum_deletes_files_without_a_commit(spark: SparkSession, warehouse: Warehouse) -> None:
    warehouse.append("sales", sales(spark, ("a", date(2024, 1, 1), 1.0)))
    warehouse.append("sales", sales(spark, ("b", date(2024, 1, 1), 2.0)))
    unused = Path(warehouse.path("sales"), "year=2024", "left-behind.parquet")
    unused.touch()
    os.utime(unused, (0, 0))
    options = ("spark.databricks.delta.vacuum.logging.enabled", "spark.sql.shuffle.partitions")
    version, before = warehouse.version("sales"), [spark.conf.get(name, None) for name in options]
    warehouse.vacuum("sales", hours=24 * 7)
    assert not unused.exists()
    assert warehouse.version("sales") == version
    assert [spark.conf.get(name, None) for name in options] == before
