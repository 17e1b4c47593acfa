"""Loads of transactions, one after another: nothing counted twice, nothing half read."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import ColumnNames, Config, InputSettings, WarehouseSettings
from lepton_spark.errors import BalanceError
from lepton_spark.ingest import counting
from lepton_spark.pipelines import ingest as pipeline
from lepton_spark.pipelines.ingest import IngestResult, ingest
from lepton_spark.pipelines.progress import SilentProgress
from lepton_spark.tables import Warehouse

HEADER = "id,sku,at,units,price,client\n"
DAY_1 = HEADER + (
    "1,A,2021-01-01 10:00,2,5,c1\n"
    "1,A,2021-01-01 10:00,2,5,c1\n"  # a repeat
    "2,A,2021-01-01 11:00,3,6,c2\n"
    "3,a,2021-01-01 12:00,10,5,c3\n"
    "4,B,2021-01-01 12:00,1,1,\n"
    "5,POST,2021-01-01 12:00,1,1,c9\n"
    "6,B,2021-01-01 12:30,-4,1,c9\n"
)
DAY_2 = HEADER + (
    "4,B,2021-01-01 12:00,1,1,\n"  # overlaps day 1
    "5,POST,2021-01-01 12:00,1,1,c9\n"
    "C3,A,2021-01-02 09:00,-10,5,c3\n"
    "C9,A,2021-01-02 09:00,-1,5,c9\n"
    "7,A,2021-01-02 10:00,1,8,c1\n"
)


@dataclass(frozen=True)
class Shop:
    """A folder of deliveries, its warehouse, and a way to load what is there."""

    folder: Path
    warehouse: Warehouse
    load: Callable[[], IngestResult]

    def sales(self) -> dict[tuple[str, str], tuple[float, ...]]:
        rows = self.warehouse.read("sales").collect()
        names = (
            "quantity",
            "sold_quantity",
            "cancelled_quantity",
            "returned_quantity",
            "n_transactions",
            "price",
        )
        return {(row["product_id"], str(row["date"])): tuple(row[name] for name in names) for row in rows}


def a_shop(spark: SparkSession, root: Path) -> Shop:
    folder = root / "in [box]"
    folder.mkdir(parents=True)
    settings = InputSettings(
        path=str(folder.parent / "in*"),
        kind="transactions",
        columns=ColumnNames(
            product_id="sku",
            date="at",
            quantity="units",
            price="price",
            transaction_id="id",
            customer_id="client",
        ),
        date_formats=("yyyy-MM-dd HH:mm",),
        product_case="upper",
        product_pattern="[A-Z]",
        cancellation_pattern="^C",
        max_file_bytes=2_000,
    )
    config = Config(warehouse=WarehouseSettings(root=str(root / "warehouse")), input=settings)
    clock = lambda: datetime(2021, 2, 1, 12, tzinfo=UTC)  # noqa: E731 - a constant clock
    warehouse = Warehouse(spark, config.warehouse.root)
    return Shop(folder, warehouse, lambda: ingest(spark, config, clock, b"key", SilentProgress()))


@pytest.fixture(scope="module")
def first(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, IngestResult]:
    """Day 1 with a copy of it under another name, and every kind of file that cannot be read."""
    shop = a_shop(spark, tmp_path_factory.mktemp("shop"))
    (shop.folder / "day1.csv").write_text(DAY_1)
    (shop.folder / "day1 again.csv").write_text(DAY_1)
    (shop.folder / "_hidden.csv").write_text("none of our business")
    (shop.folder / "broken.csv.gz").write_bytes(gzip.compress(DAY_2.encode())[:-9])
    (shop.folder / "other.csv").write_text("shop,turnover\n1,2\n")
    (shop.folder / "huge.csv").write_text(DAY_1 + "x" * 2_000)
    return shop, shop.load()


@pytest.fixture(scope="module")
def second(first: tuple[Shop, IngestResult]) -> tuple[Shop, IngestResult]:
    """One more day, whose file overlaps the first and cancels one of its orders."""
    shop, _ = first
    with gzip.open(shop.folder / "day2.csv.gz", "wt") as file:
        file.write(DAY_2)
    return shop, shop.load()


def test_first_load_balances_names_refused_files_and_keeps_the_others(
    first: tuple[Shop, IngestResult],
) -> None:
    _, result = first
    assert {
        name: result.counts[name]
        for name in ("lines_read", "accepted", "already_loaded", "repeat", "rejected")
    } == {
        "lines_read": 14,
        "accepted": 4,
        "already_loaded": 7,
        "repeat": 1,
        "rejected": 2,
    }
    assert (result.counts["rejected.not_a_product"], result.counts["rejected.stock_adjustment"]) == (1, 1)
    assert {(Path(one.name).name, one.reason) for one in result.refused} == {
        ("broken.csv.gz", "bad_gzip"),
        ("other.csv", "wrong_header"),
        ("huge.csv", "file_too_large"),
    }


def test_second_load_reads_the_new_file_alone(second: tuple[Shop, IngestResult]) -> None:
    shop, result = second
    assert (result.counts["files_loaded"], result.counts["files_known"]) == (1, 2)
    assert {
        name: result.counts[name]
        for name in ("lines_read", "accepted", "already_loaded", "repeat", "rejected")
    } == {
        "lines_read": 5,
        "accepted": 3,
        "already_loaded": 2,
        "repeat": 0,
        "rejected": 0,
    }
    assert len(result.refused) == 3
    states = shop.warehouse.read("files").groupBy("state").count().collect()
    assert {row["state"]: row["count"] for row in states} == {"loaded": 2, "refused": 3}


def test_cancelled_order_leaves_demand_and_other_returns_stand_on_their_day(
    second: tuple[Shop, IngestResult],
) -> None:
    shop, _ = second
    assert shop.sales() == {
        ("A", "2021-01-01"): (5.0, 15.0, 10.0, 0.0, 3, (2 * 5 + 3 * 6 + 10 * 5) / 15),
        ("A", "2021-01-02"): (1.0, 1.0, 0.0, 1.0, 1, 8.0),
        ("B", "2021-01-01"): (1.0, 1.0, 0.0, 0.0, 1, 1.0),
    }
    row = shop.warehouse.read("cancellations").collect()[0]
    assert (row["product_id"], row["date"], row["cancelled_on"], row["quantity"]) == (
        "A",
        date(2021, 1, 1),
        date(2021, 1, 2),
        10.0,
    )


def test_customers_stand_nowhere_but_as_tokens_of_open_orders(second: tuple[Shop, IngestResult]) -> None:
    shop, _ = second
    stored = [
        str(shop.warehouse.read(name).collect())
        for name in ("transactions", "rejects", "cancellations", "files")
    ]
    assert not any(
        f"'c{number}'" in text or f'"c{number}"' in text for text in stored for number in (1, 2, 3, 9)
    )
    assert "***" in stored[1]
    orders = (
        shop.warehouse.read("open_orders")
        .select("quantity", F.length("customer_token").alias("size"))
        .collect()
    )
    assert sorted((row["quantity"], row["size"]) for row in orders) == [
        (1.0, 64),
        (1.0, 64),
        (2.0, 64),
        (3.0, 64),
    ]


def test_nothing_new_writes_nothing(second: tuple[Shop, IngestResult]) -> None:
    shop, _ = second
    names = ("files", "transactions", "rejects", "cancellations", "open_orders", "sales", "runs")
    before = {name: shop.warehouse.version(name) for name in names}
    result = shop.load()
    assert (result.ingest_batch, result.counts["lines_read"], len(result.refused)) == (None, 0, 3)
    assert {name: shop.warehouse.version(name) for name in names} == before


def test_load_cut_short_is_taken_back_and_loaded_as_if_new(
    second: tuple[Shop, IngestResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, _ = second
    before = shop.sales()
    (shop.folder / "day3.csv").write_text(
        HEADER + "C2,A,2021-01-03 09:00,-3,6,c2\n8,D,2021-01-03 09:00,4,2,c4\n"
    )
    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "_record_files", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            shop.load()
    assert shop.sales()["A", "2021-01-01"][:3] == (2.0, 15.0, 13.0)
    (shop.folder / "day3.csv").rename(shop.folder / "_day3.csv")
    shop.load()
    assert shop.sales() == before
    assert shop.warehouse.read("cancellations").count() == 1
    (shop.folder / "_day3.csv").rename(shop.folder / "day3.csv")
    assert shop.load().counts["accepted"] == 2
    assert shop.sales()["A", "2021-01-01"][:3] == (2.0, 15.0, 13.0)
    assert (
        shop.warehouse.read("transactions")
        .groupBy("line_hash", "occurrence")
        .count()
        .where("count > 1")
        .isEmpty()
    )


def test_lines_that_do_not_add_up_stop_the_load_before_anything_is_written(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = a_shop(spark, tmp_path)
    (shop.folder / "day1.csv").write_text(DAY_1)
    places = counting.places
    monkeypatch.setattr(counting, "places", lambda placed, copies: places(placed.limit(6), copies))
    with pytest.raises(BalanceError, match=r"lines of this load: found .* = 6; allowed: 7 lines read"):
        shop.load()
    assert [row["state"] for row in shop.warehouse.read("runs").collect()] == ["failed"]
    assert not any(shop.warehouse.exists(name) for name in ("transactions", "sales", "files"))
