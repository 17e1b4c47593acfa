"""A load that is interrupted at any point and run again leaves the tables of an uninterrupted load."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lepton_spark.pipelines.ingest import ingest as pipeline
from lepton_spark.tables import TABLES, Warehouse
from tests.pipelines.shop import LOADED, Shop, a_shop

pytestmark = [pytest.mark.slow, pytest.mark.kills]

DAY_1 = "1,A,2021-01-01 10:00,2,5,c1\n2,A,2021-01-01 11:00,3,6,c2\n3,POST,2021-01-01 11:00,3,6,c2\n"
DAY_2 = "C2,A,2021-01-02 09:00,-3,6,c2\n4,B,2021-01-02 09:00,1,1,\n5,POST,2021-01-02 09:00,1,1,\n"
DAY_3 = "C1,A,2021-01-03 09:00,-2,5,c1\n6,B,2021-01-02 10:00,1,1,c6\n"

NOT_COMPARED = {"loaded_at", "started_at", "finished_at", "seconds", "config"}
"""Times, and the configuration, which contains the path of the warehouse."""

Contents = dict[str, list[str]]


def contents(shop: Shop) -> Contents:
    found = {}
    for name in LOADED:
        kept = [column for column in TABLES[name].column_names if column not in NOT_COMPARED]
        found[name] = sorted(str(row) for row in shop.warehouse.read(name).select(*kept).collect())
    return found


def interrupt_after(monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    """Interrupts a load right after it has written this table."""

    def interrupting(write: Callable[..., None]) -> Callable[..., None]:
        def written(warehouse: Warehouse, name: str, *rest: Any, **more: Any) -> None:
            write(warehouse, name, *rest, **more)
            if name == point:
                raise KeyboardInterrupt

        return written

    for method in ("append", "merge"):
        monkeypatch.setattr(Warehouse, method, interrupting(getattr(Warehouse, method)))


def interrupted_clean_up(*_: Any) -> None:
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def one_day(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The first day is loaded; the second, which cancels an order of the first, is delivered."""
    shop = a_shop(spark, tmp_path_factory.mktemp("one_day"))
    shop.deliver("day1.csv", DAY_1)
    shop.load()
    shop.deliver("day2.csv", DAY_2)
    return shop


@pytest.fixture(scope="module")
def uninterrupted(one_day: Shop, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, Contents]:
    shop = one_day.copied_to(tmp_path_factory.mktemp("uninterrupted") / "warehouse")
    shop.load()
    assert len(contents(shop)["open_orders"]) == 1
    return shop, contents(shop)


EVERY_POINT = ("transactions", "cancellations", "files", "sales", "clean_up")
POINTS = EVERY_POINT if os.environ.get("LEPTON_FAULTS") else ("clean_up",)
"""`make test-faults` tests all points; every test run also kills a real load (tests/faults)."""


@pytest.mark.parametrize("point", POINTS)
def test_interrupted_load_that_is_run_again_equals_an_uninterrupted_one(
    one_day: Shop,
    uninterrupted: tuple[Shop, Contents],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
) -> None:
    shop = one_day.copied_to(tmp_path / "warehouse")
    with monkeypatch.context() as patched:
        if point == "clean_up":
            patched.setattr(pipeline, "clean_up", interrupted_clean_up)
        else:
            interrupt_after(patched, point)
        with pytest.raises(KeyboardInterrupt):
            shop.load()
    shop.load()
    assert contents(shop) == uninterrupted[1]


def test_interrupted_load_whose_file_is_removed_leaves_no_trace(
    uninterrupted: tuple[Shop, Contents], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete, before = uninterrupted
    shop = complete.copied_to(tmp_path / "warehouse")
    shop.deliver("day3.csv", DAY_3)
    with monkeypatch.context() as patched:
        interrupt_after(patched, "sales")
        with pytest.raises(KeyboardInterrupt):
            shop.load()
    (shop.folder / "day3.csv").unlink()
    assert shop.sales()["A", "2021-01-01"][:3] == (0.0, 5.0, 5.0)
    shop.load()
    after = contents(shop)
    assert [row for row in after.pop("runs") if "state='failed'" not in row] == before["runs"]
    assert after == {name: rows for name, rows in before.items() if name != "runs"}
