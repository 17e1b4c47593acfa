"""Lines that are taken back leave no trace in sales, and loading their files again restores it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import ColumnNames
from lepton_spark.errors import InputError
from lepton_spark.pipelines.ingest import unload as pipeline
from lepton_spark.pipelines.ingest.repair.recovery import roll_back_incomplete
from lepton_spark.pipelines.ingest.unload import UnloadResult, run_unload
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse
from tests.pipelines.job_context import NOON
from tests.pipelines.shop import Shop, a_shop

pytestmark = pytest.mark.slow

MONDAY = "1,A,2021-01-04 10:00,2,5,c1\n2,B,2021-01-04 11:00,x,5,c1\n"
TUESDAY = "1,A,2021-01-04 10:00,2,5,c1\n3,A,2021-01-05 10:00,4,5,c1\n"


TUESDAY_ONLY: dict[tuple[str, str], float | None] = {("A", "2021-01-05"): 4.0}
BOTH = TUESDAY_ONLY | {("A", "2021-01-04"): 2.0, ("B", "2021-01-04"): None}


def unload(shop: Shop, *patterns: str) -> UnloadResult:
    return run_unload(shop.context(), patterns)


def units(shop: Shop) -> dict[tuple[str, str], float | None]:
    return {key: figures[0] for key, figures in shop.sales().items()}


@pytest.fixture(scope="module")
def loaded(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = a_shop(spark, tmp_path_factory.mktemp("loaded"))
    shop.deliver("monday.csv", MONDAY)
    shop.load()
    shop.deliver("tuesday.csv", TUESDAY)
    shop.load()
    assert units(shop) == BOTH
    return shop


@pytest.fixture
def shop(loaded: Shop, tmp_path: Path) -> Shop:
    return loaded.copied_to(tmp_path / "warehouse")


def test_lines_are_taken_back_and_loading_the_file_again_restores_them(shop: Shop) -> None:
    done = unload(shop, "mon*")
    assert [Path(name).name for name in (*done.files, *done.overlapping)] == ["monday.csv", "tuesday.csv"]
    assert done.n_lines == 1
    assert units(shop) == TUESDAY_ONLY
    assert shop.warehouse.read("rejects").isEmpty()
    assert shop.load().counts["files_loaded"] == 1
    assert units(shop) == BOTH
    assert unload(shop, "*.csv").n_lines == 2
    assert units(shop) == {}


def test_name_that_was_not_loaded_is_refused(shop: Shop) -> None:
    before = shop.versions()
    with pytest.raises(InputError, match=r"found friday.csv; allowed: loaded files, such as .*day.csv"):
        unload(shop, "monday.csv", "friday.csv")
    assert shop.versions() == before


def interrupt(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("module", "name", "left", "state"),
    [
        (Warehouse, "update", BOTH, "loaded"),
        (pipeline, "delete_unloaded_lines", TUESDAY_ONLY, "refused"),
        (pipeline, "recompute_sales", TUESDAY_ONLY, "refused"),
    ],
    ids=["before the files are marked", "before lines are deleted", "before sales are computed"],
)
def test_interrupted_run_is_finished_or_undone_by_the_next_job(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    name: str,
    left: dict[Any, Any],
    state: str,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, name, interrupt)
        with pytest.raises(KeyboardInterrupt):
            unload(shop, "monday.csv")
    roll_back_incomplete(shop.warehouse, RunLog(shop.warehouse, lambda: NOON))
    assert units(shop) == left
    assert shop.warehouse.read("transactions").count() == (2 if state == "loaded" else 1)
    files = shop.warehouse.read("files").where("name LIKE '%monday.csv'")
    assert [row["state"] for row in files.collect()] == [state]


def test_cancelled_sale_and_its_return_are_only_taken_back_together(
    spark: SparkSession, tmp_path: Path
) -> None:
    shop = a_shop(spark, tmp_path)
    shop.deliver("sale.csv", "1,A,2021-01-04 10:00,2,5,c1\n3,A,2021-01-04 10:00,1,5,c2\n")
    shop.load()
    shop.deliver("return.csv", "C1,A,2021-01-05 10:00,-2,5,c1\n")
    shop.load()
    assert units(shop) == {("A", "2021-01-04"): 1.0, ("A", "2021-01-05"): 0.0}
    for one, other in (("sale.csv", "return.csv"), ("return.csv", "sale.csv")):
        with pytest.raises(InputError, match=rf"found lines matched with lines of .*{other}"):
            unload(shop, one)
    assert unload(shop, "*").n_lines == 3
    for name in ("transactions", "cancellations", "open_orders", "sales"):
        assert shop.warehouse.read(name).isEmpty()


@pytest.fixture
def daily(spark: SparkSession, tmp_path: Path) -> Callable[..., Shop]:
    def of_columns(**columns: str) -> Shop:
        names = ColumnNames(product_id="sku", date="at", quantity="units", **columns)
        how = {"cancellation_pattern": None, "date_formats": ("yyyy-MM-dd",)}
        folder = tmp_path / "in"
        return Shop(
            spark,
            folder,
            tmp_path / "warehouse",
            {"path": str(folder), "kind": "daily", "columns": names, **how},
        )

    return of_columns


def test_corrected_mapping_is_pointed_out_until_the_files_are_loaded_by_it(
    daily: Callable[..., Shop],
) -> None:
    shop, corrected = daily(), daily(location_id="client")
    shop.deliver("a.csv", "1,A,2021-01-04,2,5,north\n2,B,2021-01-04,3,5,south\n")
    assert shop.load().warnings == ()
    (warning,) = corrected.load().warnings
    assert "input.columns.location_id was unset and is client" in warning
    assert "`lepton unload`" in warning
    unload(corrected, "a.csv")
    assert corrected.load().warnings == ()
    rows = corrected.warehouse.read("sales").select("product_id", "location_id").collect()
    assert sorted((row[0], row[1]) for row in rows) == [("A", "north"), ("B", "south")]
