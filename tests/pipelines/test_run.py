from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import deltalake
import pytest
import yaml
from pyspark.sql import SparkSession

from lepton_spark.cli import main
from lepton_spark.tables import TABLES, Warehouse

INSTANTS = {"started_at", "finished_at", "seconds", "loaded_at", "published_at"}
FIRST = date(2021, 1, 1)

Shop = Callable[..., Path]


@pytest.fixture
def shop(tmp_path: Path, spark: SparkSession) -> Shop:  # noqa: ARG001 - the command takes the running session
    """A configuration file for a new warehouse, over a folder `in` of Chinese CSV files."""

    def make(name: str) -> Path:
        folder = tmp_path / name
        (folder / "in").mkdir(parents=True)
        columns = {"date": "日期", "product_id": "商品ID", "quantity": "销售量"}
        settings = {
            "warehouse": {"root": str(folder / "tables")},
            "input": {"path": str(folder / "in"), "columns": columns},
            "forecast": {"models": ["linear_regression"], "horizon": 2},
        }
        path = folder / "c.yaml"
        path.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        return path

    return make


def deliver(conf: Path, name: str, first: date, *quantities: float) -> None:
    lines = [f"{first + timedelta(days=n)},1001,{units}" for n, units in enumerate(quantities)]
    (conf.parent / "in" / name).write_text("\n".join(["日期,商品ID,销售量", *lines, ""]), encoding="utf-8")


def forecasts(conf: Path, table: str = "latest_forecasts") -> list[dict[str, object]]:
    rows = deltalake.DeltaTable(str(conf.parent / "tables" / table)).to_pyarrow_table().to_pylist()
    return sorted(rows, key=lambda row: str(row["date"]))


def contents(spark: SparkSession, conf: Path) -> dict[str, list[str]]:
    warehouse = Warehouse(spark, str(conf.parent / "tables"))
    return {
        name: sorted(str(row) for row in warehouse.read(name).drop(*INSTANTS).collect()) for name in TABLES
    }


def test_run_forecasts_300_after_150_200_250_and_twice_is_as_once(
    spark: SparkSession, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    conf = shop("shop")
    deliver(conf, "a.csv", FIRST, 150, 200, 250)
    assert main(["run", "--conf", str(conf)]) == 0
    said = capsys.readouterr().out
    assert "latest_forecasts" in said
    rows = forecasts(conf)
    assert [row["date"] for row in rows] == [date(2021, 1, 4), date(2021, 1, 5)]
    assert [row["forecast"] for row in rows] == pytest.approx([300, 350])
    once = contents(spark, conf)
    assert main(["run", "--conf", str(conf)]) == 0
    assert contents(spark, conf) == once


def test_run_for_a_past_cutoff_sees_nothing_later_and_publishes_nothing_older(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    small, full = shop("small"), shop("full")
    for conf in (small, full):
        deliver(conf, "a.csv", FIRST, 150, 200, 250)
    deliver(full, "b.csv", date(2021, 1, 4), 9, 9, 9)
    assert main(["run", "--conf", str(small)]) == 0
    assert main(["run", "--conf", str(full)]) == 0
    published = forecasts(full)
    capsys.readouterr()
    assert main(["run", "--conf", str(full), "--cutoff", "2021-01-03"]) == 0
    assert "--publish replaces it" in capsys.readouterr().err
    assert forecasts(full) == published
    past = [row for row in forecasts(full, "forecasts") if row["cutoff"] == date(2021, 1, 3)]
    assert [row | {"run_id": ""} for row in past] == [
        row | {"run_id": ""} for row in forecasts(small, "forecasts")
    ]


def test_run_ends_with_4_when_a_file_is_refused(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    conf = shop("shop")
    deliver(conf, "a.csv", FIRST, 150, 200, 250)
    (conf.parent / "in" / "bad.csv.gz").write_bytes(b"not gzip")
    assert main(["run", "--conf", str(conf)]) == 4
    assert "bad.csv.gz" in capsys.readouterr().err
    assert [row["forecast"] for row in forecasts(conf)] == pytest.approx([300, 350])


def test_run_ends_with_3_when_a_gate_refuses_it(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    conf = shop("shop")
    deliver(conf, "a.csv", FIRST, *range(1, 41))
    assert main(["run", "--conf", str(conf), "--set", "gates.max_total_factor=1.01"]) == 3
    assert "refused by total_forecast" in capsys.readouterr().err
    assert not (conf.parent / "tables" / "latest_forecasts").exists()
    assert len(forecasts(conf, "forecasts")) == 2


def test_run_on_nothing_ends_with_1_and_writes_no_table(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    conf = shop("shop")
    assert main(["run", "--conf", str(conf), "--set", "input.path=/nowhere/*.csv"]) == 1
    assert "/nowhere" in capsys.readouterr().err
    assert not (conf.parent / "tables").exists()
