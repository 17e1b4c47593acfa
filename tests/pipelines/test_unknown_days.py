"""A product-day with a rejected line has an unknown demand until the line is loaded or replaced."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lepton_spark.pipelines.ingest.reingest import run_reingest
from lepton_spark.pipelines.runs.run_log import RunLog
from tests.pipelines.shop import Shop, a_shop

DAY = (
    "1,A,2021-01-01 10:00,2,5,c1\n2,A,2021-01-01 11:00,x,5,c2\n3,B,2021-01-01 11:00,3,6,c2\n"
    "4,C,2021-01-01 11:00,y,6,c2\n5,POST,2021-01-01 12:00,1,6,c2\n6,B,2021-01-02 12:00,0,6,c2\n"
)


def without_customers(shop: Shop) -> Shop:
    """A shop that does not know its customers, which makes its loads faster."""
    columns = shop.settings["columns"].model_copy(update={"customer_id": None})
    return replace(shop, settings=shop.settings | {"columns": columns})


@pytest.fixture(scope="module")
def loaded(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop with one loaded day."""
    shop = without_customers(a_shop(spark, tmp_path_factory.mktemp("loaded")))
    shop.deliver("day1.csv", DAY)
    shop.load()
    return shop


@pytest.fixture
def shop(loaded: Shop, tmp_path: Path) -> Iterator[Shop]:
    """The same with tables of its own; what a test delivers is removed after it."""
    yield loaded.copied_to(tmp_path / "warehouse")
    for file in loaded.folder.iterdir():
        if file.name != "day1.csv":
            file.unlink()


def demand(shop: Shop) -> dict[tuple[str, str], float | None]:
    return {key: figures[0] for key, figures in shop.sales().items()}


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_rejected_line_makes_its_product_day_unknown_until_it_is_corrected(shop: Shop) -> None:
    assert demand(shop) == {
        ("A", "2021-01-01"): None,
        ("B", "2021-01-01"): 3.0,  # an exclusion leaves it known
        ("C", "2021-01-01"): None,
    }
    assert shop.sales()["A", "2021-01-01"][1] == 2.0  # what was sold as far as it is known

    other_tickets = "7,A,2021-01-01 10:00,4,5,\n8,A,2021-01-02 10:00,4,5,\n9,C,2021-01-01 11:30,4,5,\n"
    shop.deliver("day2.csv", other_tickets)
    shop.load()
    assert demand(shop) == {
        ("A", "2021-01-01"): None,
        ("A", "2021-01-02"): 4.0,
        ("B", "2021-01-01"): 3.0,
        ("C", "2021-01-01"): None,  # its only line so far was the rejected one
    }
    assert shop.warehouse.read("sales").count() == 4  # one row each

    shop.deliver("day1_corrected.csv", DAY.replace(",x,", ",7,"))
    assert shop.load().counts["accepted"] == 1
    assert demand(shop)["A", "2021-01-01"] == 2.0 + 4.0 + 7.0
    assert demand(shop)["C", "2021-01-01"] is None
    assert sorted(row["reason"] for row in shop.warehouse.read("rejects").collect()) == [
        *("not_a_product", "unparsable_quantity", "zero_quantity"),
    ]


def test_day_is_known_once_its_line_is_loaded_or_excluded(spark: SparkSession, tmp_path: Path) -> None:
    shop = without_customers(a_shop(spark, tmp_path))
    units = {"x": "1.234,5", "y": "3-"}
    shop.deliver("day1.csv", DAY.replace(",x,", f',"{units["x"]}",').replace(",y,", f",{units['y']},"))
    shop.load()
    assert demand(shop)["A", "2021-01-01"] is demand(shop)["C", "2021-01-01"] is None
    forms = {"decimal": ",", "thousands": ".", "number_forms": ("trailing_minus",)}
    done = run_reingest(shop.context(path=None, **forms))
    assert (done.accepted, done.other_reasons) == (1, 1)  # 3- is a write-off
    assert demand(shop) == {("A", "2021-01-01"): 2.0 + 1234.5, ("B", "2021-01-01"): 3.0}


def test_interrupted_load_leaves_no_unknown_day(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    before = demand(shop)
    shop.deliver(
        "day2.csv", "7,B,2021-01-01 11:00,x,6,c2\n8,D,2021-01-01 11:00,y,6,c2\n9,B,2021-01-03 11:00,1,6,\n"
    )
    with monkeypatch.context() as patched:
        patched.setattr(RunLog, "complete", interrupt)
        with pytest.raises(KeyboardInterrupt):
            shop.load()
    assert demand(shop)["B", "2021-01-01"] is demand(shop)["D", "2021-01-01"] is None
    (shop.folder / "day2.csv").unlink()
    shop.load()
    assert demand(shop) == before
