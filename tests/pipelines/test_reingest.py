"""Rejected lines are validated again by changed rules; every line still has one outcome."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import ColumnNames
from lepton_spark.pipelines.ingest import reingest as pipeline
from lepton_spark.pipelines.ingest.reingest import ReingestResult, run_reingest
from tests.pipelines.shop import Shop, a_shop
from tests.pipelines.test_ingest_recovery import interrupted_clean_up

DAY_1 = (
    "1,A,2021-01-01 10:00,2,5,c1\n2,B,2021-01-01 11:00,3,0,c2\n3,POST,2021-01-01 11:00,3,6,c2\n"
    "4,A,01/01/2021,7,5,c3\n5,A,2021-01-01 12:00,x,5,c3\nbroken\n"
)


def again(shop: Shop, **changes: object) -> ReingestResult:
    return run_reingest(shop.context(path=None, **changes))


def reasons(shop: Shop) -> list[str]:
    return sorted(row["reason"] for row in shop.warehouse.read("rejects").collect())


def balance(shop: Shop) -> tuple[int, int]:
    """The number of delivered lines, and of lines in `transactions` and `rejects`."""
    files = shop.warehouse.read("files").agg(F.sum("lines")).first()
    stored = sum(shop.warehouse.read(name).count() for name in ("transactions", "rejects"))
    return (files[0] if files else 0), stored


def units(shop: Shop) -> dict[tuple[str, str], float | None]:
    return {key: figures[0] for key, figures in shop.sales().items()}


@pytest.mark.slow
def test_lines_that_pass_changed_rules_are_loaded_and_no_line_is_lost(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = a_shop(spark, tmp_path)
    shop.deliver("day1.csv", DAY_1)
    shop.load()
    assert reasons(shop) == [
        *("malformed_line", "non_positive_price", "not_a_product"),
        *("unparsable_date", "unparsable_quantity"),
    ]
    assert balance(shop) == (6, 6)
    before = shop.versions()
    assert again(shop) == ReingestResult(None, 0, 0, 4, 1)
    assert shop.versions() == before  # the same rules change nothing

    forms = ("yyyy-MM-dd HH:mm", "dd/MM/yyyy")
    changed = {"date_formats": forms, "non_positive_price": "keep", "product_pattern": "[A-Z]{1,4}"}
    done = again(shop, **changed, min_unit_price=10.0)
    assert (done.accepted, done.other_reasons, done.as_before, done.not_validated) == (1, 3, 0, 1)
    assert units(shop) == {("A", "2021-01-01"): None, ("B", "2021-01-01"): 3.0}  # x units of A are unknown
    assert reasons(shop) == ["malformed_line", "not_units", "not_units", "unparsable_quantity"]
    assert balance(shop) == (6, 6)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "clean_up", interrupted_clean_up)
        with pytest.raises(KeyboardInterrupt):
            again(shop, **changed)
    done = again(shop, **changed)  # cleans up after the complete load, and finds nothing more
    assert done == ReingestResult(None, 0, 0, 1, 1)
    assert units(shop) == {
        ("A", "2021-01-01"): None,
        ("B", "2021-01-01"): 3.0,
        ("POST", "2021-01-01"): 3.0,
    }
    assert shop.sales()["A", "2021-01-01"][1] == 9.0
    assert balance(shop) == (6, 6)
    file = shop.warehouse.read("files").first()
    assert file is not None
    assert (file["counts"]["accepted"], file["counts"]["rejected"], file["counts"]["reingested"]) == (1, 5, 3)


@pytest.mark.slow
def test_rejected_figure_does_not_overwrite_a_later_one(spark: SparkSession, tmp_path: Path) -> None:
    shop = a_shop(spark, tmp_path)
    daily = {
        "kind": "daily",
        "columns": ColumnNames(product_id="sku", date="at", quantity="units", price="price"),
        "date_formats": ("yyyy-MM-dd",),
        "cancellation_pattern": None,
    }
    shop = replace(shop, settings={**shop.settings, **daily})
    shop.deliver("one.csv", "1,A,2021-01-01,5,0,\n2,B,2021-01-01,5,0,\n3,C,2021-01-01,1,1,\n")
    shop.load()
    shop.deliver("two.csv", "1,A,2021-01-01,9,1,\n2,B,2021-01-02,8,0,\n")
    shop.load()
    assert units(shop) == {("A", "2021-01-01"): 9.0, ("C", "2021-01-01"): 1.0}
    done = again(shop, non_positive_price="keep")
    assert (done.accepted, done.not_validated) == (2, 1)  # A has a later figure for the first day
    assert units(shop) == {
        ("A", "2021-01-01"): 9.0,
        ("B", "2021-01-01"): 5.0,
        ("B", "2021-01-02"): 8.0,
        ("C", "2021-01-01"): 1.0,
    }


@pytest.mark.slow
def test_figures_that_are_added_stay_together_when_one_is_loaded_later(
    spark: SparkSession, tmp_path: Path
) -> None:
    shop = a_shop(spark, tmp_path)
    daily = {
        "kind": "daily",
        "columns": ColumnNames(product_id="sku", date="at", quantity="units"),
        "date_formats": ("yyyy-MM-dd",),
        "cancellation_pattern": None,
        "conflicts": "sum",
    }
    shop = replace(shop, settings={**shop.settings, **daily})
    shop.deliver("one.csv", '1,A,2021-01-01,5,,\n2,A,2021-01-01,"5,0",,\n3,B,2021-01-01,"5,0",,\n')
    shop.load()
    assert units(shop) == {("A", "2021-01-01"): None, ("B", "2021-01-01"): None}
    assert again(shop, decimal=",").accepted == 2
    assert units(shop) == {("A", "2021-01-01"): 10.0, ("B", "2021-01-01"): 5.0}
    shop.deliver("two.csv", "1,A,2021-01-01,7,,\n")
    shop.load()
    assert units(shop) == {("A", "2021-01-01"): 7.0, ("B", "2021-01-01"): 5.0}


@pytest.mark.slow
def test_a_line_of_a_file_of_midnights_keeps_its_day_when_it_is_loaded_later(
    spark: SparkSession, tmp_path: Path
) -> None:
    shop = a_shop(spark, tmp_path, timezone="America/New_York")
    shop.deliver("days.csv", "1,A,2021-01-02 00:00,2,5,\n2,B,2021-01-02 00:00,3,0,\n")
    assert shop.load().counts["days_as_written"] == 2
    assert again(shop, non_positive_price="keep").accepted == 1
    assert units(shop) == {("A", "2021-01-02"): 2.0, ("B", "2021-01-02"): 3.0}
    file = shop.warehouse.read("files").first()
    assert file is not None
    assert file["counts"]["days_as_written"] == 2
