"""Successive loads of transactions: no line counts twice, no file is half loaded."""

import gzip
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import ColumnNames
from lepton_spark.errors import BalanceError
from lepton_spark.ingest.lines import load_report
from lepton_spark.pipelines.ingest.ingest import IngestResult
from lepton_spark.pipelines.ingest.unload import run_unload
from tests.pipelines.shop import HEADER, Shop, a_shop

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


@pytest.fixture(scope="module")
def first(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, IngestResult]:
    """Day 1, a copy of it under another name, and every kind of unreadable file."""
    root = tmp_path_factory.mktemp("shop")
    shop = a_shop(spark, root, path=str(root / "in*"))
    (shop.folder / "day1.csv").write_text(DAY_1)
    (shop.folder / "day1 again.csv").write_text(DAY_1)
    (shop.folder / "_hidden.csv").write_text("a hidden file")
    (shop.folder / "broken.csv.gz").write_bytes(gzip.compress(DAY_2.encode())[:-9])
    (shop.folder / "other.csv").write_text("shop,turnover\n1,2\n")
    (shop.folder / "headless.csv").write_text(
        "1,A,2021-01-01 10:00,2,5,Planted\n2,A,2021-01-01,2,5,Planted\n"
    )
    (shop.folder / "huge.csv").write_text(DAY_1 + "x" * 2_000)
    return shop, shop.load()


@pytest.fixture(scope="module")
def second(first: tuple[Shop, IngestResult]) -> tuple[Shop, IngestResult]:
    """Day 2, whose file overlaps the first and cancels one of its orders."""
    shop, _ = first
    with gzip.open(shop.folder / "day2.csv.gz", "wt") as file:
        file.write(DAY_2)
    return shop, shop.load()


def test_first_load_accounts_for_every_line_and_refuses_unreadable_files(
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
        ("headless.csv", "wrong_header"),
        ("huge.csv", "file_too_large"),
    }


def test_refusal_of_a_file_without_header_quotes_no_personal_data(first: tuple[Shop, IngestResult]) -> None:
    shop, result = first
    words = {Path(one.name).name: one.words for one in result.refused}["headless.csv"]
    assert words.startswith("columns: found 6 names (without sku, at, units, price, id, client); allowed: ")
    assert "Planted" not in str(result) + str(shop.warehouse.read("files").collect())


def test_second_load_reads_only_the_new_file(second: tuple[Shop, IngestResult]) -> None:
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
    assert len(result.refused) == 4
    states = shop.warehouse.read("files").groupBy("state").count().collect()
    assert {row["state"]: row["count"] for row in states} == {"loaded": 2, "refused": 4}


def test_cancelled_order_is_removed_from_demand_and_other_returns_are_not(
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


def test_customers_are_stored_only_as_tokens_of_open_orders(second: tuple[Shop, IngestResult]) -> None:
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


def test_load_without_new_files_writes_nothing(second: tuple[Shop, IngestResult]) -> None:
    shop, _ = second
    before = shop.versions()
    result = shop.load()
    assert (result.ingest_batch, result.counts["lines_read"], len(result.refused)) == (None, 0, 4)
    assert shop.versions() == before


def test_load_whose_lines_do_not_add_up_writes_nothing(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = a_shop(spark, tmp_path)
    (shop.folder / "day1.csv").write_text(DAY_1)
    summarize = load_report.summarize
    monkeypatch.setattr(load_report, "summarize", lambda lines, *more: summarize(lines.limit(6), *more))
    with pytest.raises(BalanceError, match=r"lines of this load: found .* = 6; allowed: 7 lines read"):
        shop.load()
    assert [row["state"] for row in shop.warehouse.read("runs").collect()] == ["failed"]
    assert not any(shop.warehouse.exists(name) for name in ("transactions", "sales", "files"))


@pytest.mark.slow
def test_order_that_a_later_file_shows_as_cancelled_is_withdrawn_until_that_file_is_taken_back(
    spark: SparkSession, tmp_path: Path
) -> None:
    columns = ColumnNames(product_id="sku", date="at", quantity="units", price="price", transaction_id="id")
    shop = a_shop(spark, tmp_path, columns=columns, skip_where={"client": ("cancelled",)})
    lines = "1,A,2021-01-01 10:00,2,5,{}\n2,A,2021-01-01 10:00,3,5,paid\n"
    shop.deliver("monday.csv", lines.format("paid"))
    assert shop.load().counts["withdrawn"] == 0
    sold = (5.0, 5.0, 0.0, 0.0, 2, 5.0)
    assert shop.sales() == {("A", "2021-01-01"): sold}
    shop.deliver("tuesday.csv", lines.format("cancelled") + "3,A,2021-01-02 10:00,1,5,paid\n")
    counts = shop.load().counts
    assert (counts["skipped"], counts["already_loaded"], counts["withdrawn"]) == (1, 1, 1)
    assert shop.sales()["A", "2021-01-01"] == (3.0, 5.0, 2.0, 0.0, 2, 5.0)
    run_unload(shop.context(), ["tuesday.csv"])
    assert shop.sales() == {("A", "2021-01-01"): sold}


@pytest.mark.slow
def test_order_with_another_quantity_is_pointed_out(spark: SparkSession, tmp_path: Path) -> None:
    shop = a_shop(spark, tmp_path)
    shop.deliver("monday.csv", "1,A,2021-01-01 10:00,2,5,c1\n1,A,2021-01-01 10:00,1,5,c1\n")
    assert shop.load().warnings == ()
    again = "1,A,2021-01-01 10:00,2,5,c1\nC1,A,2021-01-01 11:00,-2,5,c1\n2,A,2021-01-01 10:00,2,5,c1\n"
    shop.deliver("tuesday.csv", again + "1,A,2021-01-01 10:00,4,5,c1\n1,B,2021-01-01 10:00,4,5,c1\n")
    (warning,) = shop.load().warnings
    assert "lines with the ticket, product and day of lines loaded before, but other figures: 1" in warning
    assert "such as product 'A' of ticket '1'" in warning
    assert "set input.identity: [id]" in warning
