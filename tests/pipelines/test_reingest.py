"""Changed rules applied again to what was refused; every line still ends in one place."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import ColumnNames, Config, InputSettings, WarehouseSettings
from lepton_spark.pipelines.context import SilentProgress
from lepton_spark.pipelines.ingest import reingest as pipeline
from lepton_spark.pipelines.ingest.reingest import ReingestResult, reingest
from tests.pipelines.shop import NOON, Shop, a_shop
from tests.pipelines.test_ingest_recovery import dies_before_settling

DAY_1 = (
    "1,A,2021-01-01 10:00,2,5,c1\n2,B,2021-01-01 11:00,3,0,c2\n3,POST,2021-01-01 11:00,3,6,c2\n"
    "4,A,01/01/2021,7,5,c3\n5,A,2021-01-01 12:00,x,5,c3\nbroken\n"
)


def again(shop: Shop, **changes: object) -> ReingestResult:
    settings = InputSettings(**{**shop.settings, "path": None, **changes})
    config = Config(warehouse=WarehouseSettings(root=str(shop.root)), input=settings)
    return reingest(shop.spark, config, lambda: NOON, SilentProgress())


def reasons(shop: Shop) -> list[str]:
    return sorted(row["reason"] for row in shop.warehouse.read("rejects").collect())


def balance(shop: Shop) -> tuple[int, int]:
    """Lines of all files as delivered; lines where they are now."""
    files = shop.warehouse.read("files").agg(F.sum("lines")).first()
    now = sum(shop.warehouse.read(name).count() for name in ("transactions", "rejects"))
    return (files[0] if files else 0), now


def units(shop: Shop) -> dict[tuple[str, str], float]:
    return {key: figures[0] for key, figures in shop.sales().items()}


def test_changed_rules_load_what_they_accept_and_the_balance_holds(
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
    assert (done.accepted, done.other_reasons, done.as_before, done.not_judged) == (1, 3, 0, 1)
    assert units(shop) == {("A", "2021-01-01"): 2.0, ("B", "2021-01-01"): 3.0}
    assert reasons(shop) == ["malformed_line", "not_units", "not_units", "unparsable_quantity"]
    assert balance(shop) == (6, 6)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "settle", dies_before_settling)
        with pytest.raises(KeyboardInterrupt):
            again(shop, **changed)
    done = again(shop, **changed)  # settles what was complete, and finds nothing more
    assert done == ReingestResult(None, 0, 0, 1, 1)
    assert units(shop) == {
        ("A", "2021-01-01"): 9.0,
        ("B", "2021-01-01"): 3.0,
        ("POST", "2021-01-01"): 3.0,
    }
    assert balance(shop) == (6, 6)
    file = shop.warehouse.read("files").first()
    assert file is not None
    assert (file["counts"]["accepted"], file["counts"]["rejected"], file["counts"]["reingested"]) == (1, 5, 3)


def test_a_rejected_figure_does_not_overwrite_a_later_one(spark: SparkSession, tmp_path: Path) -> None:
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
    assert (done.accepted, done.not_judged) == (2, 1)  # A's figure of the first day was overtaken
    assert units(shop) == {
        ("A", "2021-01-01"): 9.0,
        ("B", "2021-01-01"): 5.0,
        ("B", "2021-01-02"): 8.0,
        ("C", "2021-01-01"): 1.0,
    }
