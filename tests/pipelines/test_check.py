"""`check` reports what would stop a run; `ingest` refuses a load of unusual volume."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import (
    Config,
    GateSettings,
    InputSettings,
    PriorSettings,
    StockSettings,
    WarehouseSettings,
)
from lepton_spark.errors import GatesError
from lepton_spark.pipelines.check import CheckResult, run_check
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_log import RunLog
from tests.pipelines.job_context import NOON, context_for
from tests.pipelines.shop import Shop, a_shop


def _lines(day: int, n_lines: int) -> str:
    return "".join(f"{day}{n},A,2021-01-0{day} 10:{n % 60:02d},1,5,c{n}\n" for n in range(n_lines))


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Three earlier loads of one line a day in `runs`, and a new file of twenty lines."""
    made = a_shop(spark, tmp_path_factory.mktemp("gated"), max_file_bytes=20_000)
    runs = RunLog(made.warehouse, lambda: NOON)
    for number in (1, 2, 3):
        counts = {"lines_read": 1, "product_codes_folded": 1, "days": 1}
        run = Run(f"load {number}", "ingest", ingest_batch=f"b{number}", load_number=number, counts=counts)
        runs.record(run, "complete", Config())
    made.deliver("4.csv", _lines(4, 20))
    return made


def _check(shop: Shop, **more: object) -> CheckResult:
    config = Config(
        warehouse=WarehouseSettings(root=str(shop.root)), input=InputSettings(**shop.settings), **more
    )
    return run_check(context_for(shop.spark, config, privacy_key=b"key"))


def test_check_evaluates_every_gate_of_a_run_and_writes_nothing(shop: Shop) -> None:
    before = shop.versions()
    result = _check(shop)
    assert [gate.name for gate in result.gates] == [
        *(
            "files",
            "lines_add_up",
            "lost_lines",
            "load_lines",
            "load_products",
            "load_days",
            "cutoff",
            "forecast",
        )
    ]
    assert [gate.name for gate in result.stopping] == ["load_lines", "cutoff"]  # there are no sales yet
    assert shop.versions() == before
    assert not (shop.root / "_lease").exists()


def test_check_reports_covariates(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "stock.csv").write_text("product_id,date,on_hand\nA,2021-01-04,3\nA,2021-01-04,3\nB,soon,1\n")
    before = shop.versions()
    stock, priors = (
        StockSettings(path=str(tmp_path / "stock.csv"), columns={"on_hand": "on_hand"}),
        PriorSettings(path=str(tmp_path / "none")),
    )
    gates = {gate.name: gate for gate in _check(shop, stock=stock, priors=priors).gates}
    assert gates["stock"].passed
    assert gates["stock"].found == "1 rows, 1 rejected: unparsable_date"
    assert not gates["priors"].passed
    assert "priors.path" in gates["priors"].found
    assert shop.versions() == before
    assert not shop.warehouse.exists("stock")


def test_load_of_unusual_volume_is_refused_unless_the_gates_are_disabled(shop: Shop) -> None:
    with pytest.raises(GatesError, match="load_lines: 20 lines a day"):
        shop.load()
    assert shop.warehouse.version("sales") is None
    assert shop.warehouse.read("runs").where("state = 'refused'").count() == 1
    allowed = replace(shop, gates=GateSettings(load_enabled=False, max_lost_share=1.0)).load()
    assert allowed.counts["accepted"] == 20
    assert shop.sales()["A", "2021-01-04"][0] == 20.0
    assert _check(shop).stopping == ()


def test_check_of_a_new_warehouse_creates_nothing(shop: Shop, tmp_path: Path) -> None:
    fresh = replace(shop, root=tmp_path / "warehouse")
    result = _check(fresh)
    assert {gate.name for gate in result.stopping} == {"cutoff"}
    assert not fresh.root.exists()
