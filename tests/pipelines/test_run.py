"""The command from files to published forecasts, in few whole runs: each takes half a minute."""

import runpy
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import deltalake
import pytest
import yaml
from pyspark.sql import SparkSession

from lepton_spark.cli import main
from lepton_spark.ingest.lines import load_report
from lepton_spark.tables import TABLES, Warehouse
from tests.pipelines.cluster import REPOSITORY

INSTANTS = {"started_at", "finished_at", "seconds", "loaded_at", "published_at"}
FIRST = date(2021, 1, 1)
PAST = "2021-01-03"


@dataclass(frozen=True)
class Shop:
    """A configuration file for a warehouse of its own, over a folder `in` of Chinese CSV files."""

    conf: Path

    @property
    def tables(self) -> Path:
        return self.conf.parent / "tables"

    def deliver(self, name: str, first: date, *quantities: float) -> None:
        lines = [f"{first + timedelta(days=n)},1001,{units}" for n, units in enumerate(quantities)]
        content = "\n".join(["日期,商品ID,销售量", *lines, ""])
        (self.conf.parent / "in" / name).write_text(content, encoding="utf-8")

    def deliver_broken(self) -> None:
        (self.conf.parent / "in" / "bad.csv.gz").write_bytes(b"not gzip")

    def run(self, *arguments: str) -> int:
        return main(["run", "--conf", str(self.conf), *arguments])

    def forecasts(self, table: str = "latest_forecasts") -> list[dict[str, object]]:
        rows = deltalake.DeltaTable(str(self.tables / table)).to_pyarrow_table().to_pylist()
        return sorted(rows, key=lambda row: (str(row["cutoff"]), str(row["date"])))

    def published(self) -> list[object]:
        return [row["forecast"] for row in self.forecasts()]

    def contents(self, spark: SparkSession) -> dict[str, list[str]]:
        warehouse = Warehouse(spark, str(self.tables))
        return {
            name: sorted(str(row) for row in warehouse.read(name).drop(*INSTANTS).collect())
            for name in TABLES
        }


MakeShop = Callable[[str], Shop]


@pytest.fixture(scope="module")
def make_shop(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> MakeShop:  # noqa: ARG001 - the command takes the running session
    def make(name: str) -> Shop:
        folder = tmp_path_factory.mktemp(name)
        (folder / "in").mkdir()
        columns = {"date": "日期", "product_id": "商品ID", "quantity": "销售量"}
        settings = {
            "warehouse": {"root": str(folder / "tables")},
            "input": {"path": str(folder / "in"), "columns": columns},
            "forecast": {"models": ["linear_regression"], "horizon": 2},
            "publish": {"valid_days": 2},
        }
        path = folder / "c.yaml"
        path.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        return Shop(path)

    return make


def test_run_goes_on_from_day_to_day(
    spark: SparkSession, make_shop: MakeShop, capsys: pytest.CaptureFixture[str]
) -> None:
    """One shop's life: a first run, the same again, a new day with a broken file, a look back."""
    shop = make_shop("shop")
    shop.deliver("a.csv", FIRST, 150, 200, 250)
    assert shop.run() == 0
    assert [row["date"] for row in shop.forecasts()] == [date(2021, 1, 4), date(2021, 1, 5)]
    assert shop.published() == pytest.approx([300, 350])
    _said_what_a_person_needs(capsys.readouterr().out, spark)

    once = shop.contents(spark)
    assert shop.run() == 0
    assert shop.contents(spark) == once
    assert main(["check", "--conf", str(shop.conf)]) == 0
    said = capsys.readouterr().out.split()
    assert "total_forecast" in said
    assert "FAILED" not in said
    assert shop.contents(spark) == once

    shop.deliver("b.csv", date(2021, 1, 4), 9, 9, 9)
    shop.deliver_broken()
    capsys.readouterr()
    assert shop.run() == 4
    assert "bad.csv.gz: bad_gzip" in capsys.readouterr().err
    newer = shop.published()
    assert newer != pytest.approx([300, 350])

    assert shop.run("--cutoff", PAST) == 4
    assert "--publish replaces it" in capsys.readouterr().err
    assert shop.published() == newer
    assert shop.run("--cutoff", PAST, "--publish") == 4
    assert shop.published() == pytest.approx([300, 350])


def _said_what_a_person_needs(said: str, spark: SparkSession) -> None:
    lines = [line.split() for line in said.splitlines()]
    assert ["in", "1"] in lines
    assert ["forecast", "by", "a", "chosen", "model", "1"] in lines
    assert ["fallen", "back", "0"] in lines
    assert ["accepted", "3"] in lines
    (query,) = [line.removeprefix("SQL:").strip() for line in said.splitlines() if line.startswith("SQL:")]
    assert len(spark.sql(query).collect()) == 2
    assert "deltalake.DeltaTable" in said


def test_stages_one_by_one_give_a_past_cutoff_the_numbers_of_its_day(
    make_shop: MakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the entry points of spark-submit; the later days are in the tables, and change nothing."""
    shop = make_shop("stages")
    shop.deliver("a.csv", FIRST, 150, 200, 250)
    shop.deliver("b.csv", date(2021, 1, 4), 9, 9, 9)
    for stage in ("ingest", "panel", "forecast", "publish"):
        job = str(REPOSITORY / "jobs" / f"{stage}.py")
        monkeypatch.setattr(sys, "argv", [job, "--conf", str(shop.conf), "--cutoff", PAST])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(job, run_name="__main__")
        assert ended.value.code == 0
    assert [row["cutoff"] for row in shop.forecasts("forecasts")] == [date(2021, 1, 3)] * 2
    assert shop.published() == pytest.approx([300, 350])


def test_run_ends_with_3_when_a_gate_refuses_it_and_names_refused_files_too(
    make_shop: MakeShop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = make_shop("gate")
    shop.deliver("a.csv", FIRST, *range(100, 140))
    shop.deliver_broken()
    assert shop.run("--set", "gates.max_total_factor=1.001") == 3
    said = capsys.readouterr().err
    assert "refused by total_forecast" in said
    assert "bad.csv.gz: bad_gzip" in said
    assert not (shop.tables / "latest_forecasts").exists()
    assert len(shop.forecasts("forecasts")) == 2


def test_run_ends_with_4_when_every_file_is_refused(
    make_shop: MakeShop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = make_shop("refused")
    (shop.conf.parent / "in" / "other.csv").write_text("shop,turnover\n1,2\n", encoding="utf-8")
    assert shop.run() == 4
    said = capsys.readouterr().err
    assert "other.csv: wrong_header" in said
    assert "table sales: found no rows, 1 files refused" in said


def test_run_ends_with_1_and_publishes_nothing_when_lines_do_not_add_up(
    make_shop: MakeShop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_shop("balance")
    shop.deliver("a.csv", FIRST, 150, 200, 250)
    exact = load_report.summarize

    def one_too_few(*given: object) -> load_report.LoadReport:
        ended = exact(*given)  # type: ignore[arg-type]
        return replace(ended, total=ended.total | {"accepted": 2})

    monkeypatch.setattr(load_report, "summarize", one_too_few)
    assert shop.run() == 1
    assert "allowed: 3 lines read" in capsys.readouterr().err
    assert sorted(path.name for path in shop.tables.iterdir()) == ["runs"]


def test_run_on_nothing_ends_with_1_and_writes_no_table(
    make_shop: MakeShop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = make_shop("nothing")
    assert shop.run("--set", "input.path=/nowhere/*.csv") == 1
    assert "/nowhere" in capsys.readouterr().err
    assert not shop.tables.exists()
