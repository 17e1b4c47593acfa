"""A load cut short at any point, run again, leaves every table as a load never cut does."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lepton_spark.pipelines.ingest import ingest as pipeline
from lepton_spark.tables import TABLES, Warehouse
from tests.pipelines.shop import LOADED, Shop, a_shop

DAY_1 = "1,A,2021-01-01 10:00,2,5,c1\n2,A,2021-01-01 11:00,3,6,c2\n3,POST,2021-01-01 11:00,3,6,c2\n"
DAY_2 = "C2,A,2021-01-02 09:00,-3,6,c2\n4,B,2021-01-02 09:00,1,1,\n5,POST,2021-01-02 09:00,1,1,\n"
DAY_3 = "C1,A,2021-01-03 09:00,-2,5,c1\n6,B,2021-01-02 10:00,1,1,c6\n"
pytestmark = pytest.mark.kills

NOT_COMPARED = {"loaded_at", "started_at", "finished_at", "seconds", "config"}
"""Instants, and the configuration for the warehouse's own path in it."""

Contents = dict[str, list[str]]


def contents(shop: Shop) -> Contents:
    found = {}
    for name in LOADED:
        kept = [column for column in TABLES[name].column_names if column not in NOT_COMPARED]
        found[name] = sorted(str(row) for row in shop.warehouse.read(name).select(*kept).collect())
    return found


def cut_after(monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    """The process dies right after the load has written this table."""

    def dies(write: Callable[..., None]) -> Callable[..., None]:
        def written(warehouse: Warehouse, name: str, *rest: Any, **more: Any) -> None:
            write(warehouse, name, *rest, **more)
            if name == point:
                raise KeyboardInterrupt

        return written

    for method in ("append", "merge"):
        monkeypatch.setattr(Warehouse, method, dies(getattr(Warehouse, method)))


def dies_before_settling(*_: Any) -> None:
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def begun(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """One day loaded; the second, which cancels an order of the first, delivered."""
    shop = a_shop(spark, tmp_path_factory.mktemp("begun"))
    shop.deliver("day1.csv", DAY_1)
    shop.load()
    shop.deliver("day2.csv", DAY_2)
    return shop


@pytest.fixture(scope="module")
def never_cut(begun: Shop, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, Contents]:
    shop = begun.copied_to(tmp_path_factory.mktemp("whole") / "warehouse")
    shop.load()
    assert len(contents(shop)["open_orders"]) == 1
    return shop, contents(shop)


EVERY_POINT = ("transactions", "cancellations", "sales", "files", "settling")
POINTS = EVERY_POINT if os.environ.get("LEPTON_FAULTS") else ("settling",)
"""`make test-faults` goes through all of them; every test run kills a real load besides (tests/faults)."""


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_load_cut_short_and_run_again_equals_a_load_never_cut(
    begun: Shop,
    never_cut: tuple[Shop, Contents],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
) -> None:
    shop = begun.copied_to(tmp_path / "warehouse")
    with monkeypatch.context() as patched:
        if point == "settling":
            patched.setattr(pipeline, "settle", dies_before_settling)
        else:
            cut_after(patched, point)
        with pytest.raises(KeyboardInterrupt):
            shop.load()
    shop.load()
    assert contents(shop) == never_cut[1]


def test_load_cut_short_and_withdrawn_leaves_no_trace(
    never_cut: tuple[Shop, Contents], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, before = never_cut
    shop = whole.copied_to(tmp_path / "warehouse")
    shop.deliver("day3.csv", DAY_3)
    with monkeypatch.context() as patched:
        cut_after(patched, "files")
        with pytest.raises(KeyboardInterrupt):
            shop.load()
    (shop.folder / "day3.csv").unlink()
    assert shop.sales()["A", "2021-01-01"][:3] == (0.0, 5.0, 5.0)
    shop.load()
    after = contents(shop)
    assert [row for row in after.pop("runs") if "state='failed'" not in row] == before["runs"]
    assert after == {name: rows for name, rows in before.items() if name != "runs"}
