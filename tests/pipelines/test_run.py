"""`lepton run`, from files to published forecasts; tests that need an earlier run copy it."""

import runpy
import shutil
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import deltalake
import pytest
import yaml
from pyspark.sql import SparkSession

from lepton_spark.cli import main
from lepton_spark.ingest.lines import load_report
from lepton_spark.tables import TABLES, Warehouse
from tests.pipelines.cluster import REPOSITORY

TIMES = {"started_at", "finished_at", "seconds", "loaded_at", "published_at"}
FIRST = date(2021, 1, 1)
PAST = "2021-01-03"


@dataclass(frozen=True)
class Shop:
    """A folder with Chinese CSV files in `in`, the tables of their warehouse and a configuration file."""

    folder: Path

    @property
    def conf(self) -> Path:
        return self.folder / "c.yaml"

    @property
    def tables(self) -> Path:
        return self.folder / "tables"

    def configure(self) -> None:
        settings = {
            "warehouse": {"root": str(self.tables)},
            "input": {
                "path": str(self.folder / "in"),
                "columns": {"date": "日期", "product_id": "商品ID", "quantity": "销售量"},
            },
            "forecast": {"models": ["linear_regression"], "horizon": 2},
            "publish": {"valid_days": 2},
        }
        self.conf.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")

    def deliver(self, name: str, first: date, *quantities: float) -> None:
        lines = [f"{first + timedelta(days=n)},1001,{units}" for n, units in enumerate(quantities)]
        content = "\n".join(["日期,商品ID,销售量", *lines, ""])
        (self.folder / "in" / name).write_text(content, encoding="utf-8")

    def deliver_broken(self) -> None:
        (self.folder / "in" / "bad.csv.gz").write_bytes(b"not gzip")

    def run(self, *arguments: str) -> int:
        return main(["run", "--conf", str(self.conf), *arguments])

    def forecasts(self, table: str = "latest_forecasts") -> list[dict[str, object]]:
        rows = deltalake.DeltaTable(str(self.tables / table)).to_pyarrow_table().to_pylist()
        return sorted(rows, key=lambda row: (str(row["cutoff"]), str(row["date"])))

    def published(self) -> list[object]:
        return [row["forecast"] for row in self.forecasts()]

    def contents(self, spark: SparkSession) -> dict[str, list[str]]:
        """The rows of every table, without times."""
        warehouse = Warehouse(spark, str(self.tables))
        rows = {name: warehouse.read(name).drop(*TIMES).collect() for name in TABLES}
        return {name: sorted(str(row) for row in found) for name, found in rows.items()}

    def copied_to(self, folder: Path) -> "Shop":
        """The same files and tables elsewhere, with a configuration of its own."""
        shutil.copytree(self.folder, folder)
        copy = Shop(folder)
        copy.configure()
        return copy


MakeShop = Callable[[str], Shop]


@pytest.fixture(scope="module")
def make_shop(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> MakeShop:  # noqa: ARG001 - the command takes the running session
    def make(name: str) -> Shop:
        folder = tmp_path_factory.mktemp(name)
        (folder / "in").mkdir()
        shop = Shop(folder)
        shop.configure()
        return shop

    return make


@dataclass(frozen=True)
class Ran:
    """A shop after a run: the run's exit code and what it printed."""

    shop: Shop
    code: int
    out: str
    err: str


def ran(shop: Shop) -> Ran:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = shop.run()
    return Ran(shop, code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def first_run(make_shop: MakeShop) -> Ran:
    """Three days of sales, loaded, forecast and published."""
    shop = make_shop("shop")
    shop.deliver("a.csv", FIRST, 150, 200, 250)
    return ran(shop)


@pytest.fixture(scope="module")
def later_run(first_run: Ran, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Three more days and a broken file, after the first run."""
    shop = first_run.shop.copied_to(tmp_path_factory.mktemp("later") / "shop")
    shop.deliver("b.csv", date(2021, 1, 4), 9, 9, 9)
    shop.deliver_broken()
    return ran(shop)


def test_run_publishes_its_forecasts(first_run: Ran) -> None:
    assert first_run.code == 0
    rows = first_run.shop.forecasts()
    assert [row["date"] for row in rows] == [date(2021, 1, 4), date(2021, 1, 5)]
    assert {(row["model"], row["status"]) for row in rows} == {("linear_regression", "short_history")}
    assert first_run.shop.published() == pytest.approx([300, 350])


def test_run_prints_its_counts_and_how_to_read_the_forecasts(first_run: Ran, spark: SparkSession) -> None:
    lines = [line.split() for line in first_run.out.splitlines()]
    for expected in ("total 1", "forecast by a chosen model 1", "forecast by a fallback 0", "accepted 3"):
        assert expected.split() in lines
    marked = [line for line in first_run.out.splitlines() if line.startswith("SQL:")]
    (query,) = [line.removeprefix("SQL:").strip() for line in marked]
    assert len(spark.sql(query).collect()) == 2
    assert "deltalake.DeltaTable" in first_run.out


def test_run_without_new_files_changes_nothing(first_run: Ran, spark: SparkSession, tmp_path: Path) -> None:
    shop = first_run.shop.copied_to(tmp_path / "shop")
    before = shop.contents(spark)
    assert shop.run() == 0
    assert shop.contents(spark) == before


def test_check_evaluates_the_gates_and_changes_nothing(
    first_run: Ran, spark: SparkSession, capsys: pytest.CaptureFixture[str]
) -> None:
    before = first_run.shop.contents(spark)
    assert main(["check", "--conf", str(first_run.shop.conf)]) == 0
    printed = capsys.readouterr().out.split()
    assert "total_forecast" in printed
    assert "FAILED" not in printed
    assert first_run.shop.contents(spark) == before


def test_run_with_a_broken_file_publishes_the_others_and_ends_with_4(later_run: Ran) -> None:
    assert later_run.code == 4
    assert "bad.csv.gz: bad_gzip" in later_run.err
    assert {row["cutoff"] for row in later_run.shop.forecasts()} == {date(2021, 1, 6)}


def test_run_for_a_past_cutoff_replaces_later_forecasts_only_with_publish(
    later_run: Ran, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = later_run.shop.copied_to(tmp_path / "shop")
    assert shop.run("--cutoff", PAST) == 4
    assert "--publish replaces them" in capsys.readouterr().err
    assert shop.published() == later_run.shop.published()
    assert shop.run("--cutoff", PAST, "--publish") == 4
    assert shop.published() == pytest.approx([300, 350])


def submit(monkeypatch: pytest.MonkeyPatch, job: str, *arguments: str) -> object:
    """Runs a file of `jobs` as spark-submit does; returns its exit code."""
    path = str(REPOSITORY / "jobs" / f"{job}.py")
    monkeypatch.setattr(sys, "argv", [path, *arguments])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(path, run_name="__main__")
    return ended.value.code


@pytest.mark.slow
def test_stages_run_by_spark_submit_forecast_from_a_past_cutoff(
    make_shop: MakeShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later days are in the tables and do not change the forecasts from the past cutoff."""
    shop = make_shop("stages")
    shop.deliver("a.csv", FIRST, 150, 200, 250)
    shop.deliver("b.csv", date(2021, 1, 4), 9, 9, 9)
    conf, cutoff = ("--conf", str(shop.conf)), ("--cutoff", PAST)
    assert submit(monkeypatch, "ingest", *conf) == 0
    assert submit(monkeypatch, "panel", *conf) == 0
    assert submit(monkeypatch, "forecast", *conf, *cutoff) == 0
    assert submit(monkeypatch, "publish", *conf, *cutoff) == 0
    assert [row["cutoff"] for row in shop.forecasts("forecasts")] == [date(2021, 1, 3)] * 2
    assert shop.published() == pytest.approx([300, 350])


def test_one_spark_submit_entry_point_serves_every_command(
    first_run: Ran, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    conf = ("--conf", str(first_run.shop.conf))
    assert submit(monkeypatch, "lepton", "config", *conf) == 0
    assert "forecast.horizon: 2  # " in capsys.readouterr().out
    assert submit(monkeypatch, "lepton", "publish", *conf) == 0
    assert submit(monkeypatch, "lepton", "no-such-command") == 2


def test_run_ends_with_3_when_a_gate_refuses_it_and_names_refused_files_too(
    make_shop: MakeShop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = make_shop("gate")
    shop.deliver("a.csv", FIRST, *range(100, 140))
    shop.deliver_broken()
    assert shop.run("--set", "gates.max_total_factor=1.001") == 3
    printed = capsys.readouterr().err
    assert "refused by total_forecast" in printed
    assert "; of product '" in printed
    assert "; largest day 2021-" in printed
    assert "bad.csv.gz: bad_gzip" in printed
    assert not (shop.tables / "latest_forecasts").exists()
    assert len(shop.forecasts("forecasts")) == 2


def test_run_ends_with_4_when_every_file_is_refused(
    make_shop: MakeShop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = make_shop("refused")
    (shop.folder / "in" / "other.csv").write_text("shop,turnover\n1,2\n", encoding="utf-8")
    assert shop.run() == 4
    printed = capsys.readouterr().err
    assert "other.csv: wrong_header" in printed
    assert "table sales: found no rows, 1 files refused" in printed


def test_run_ends_with_1_and_publishes_nothing_when_lines_do_not_add_up(
    make_shop: MakeShop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_shop("balance")
    shop.deliver("a.csv", FIRST, 150, 200, 250)
    exact = load_report.summarize

    def one_too_few(*given: object) -> load_report.LoadReport:
        report = exact(*given)  # type: ignore[arg-type]
        return replace(report, total=report.total | {"accepted": 2})

    monkeypatch.setattr(load_report, "summarize", one_too_few)
    assert shop.run() == 1
    assert "allowed: 3 lines read" in capsys.readouterr().err
    assert sorted(path.name for path in shop.tables.iterdir()) == ["_lease", "runs"]


def test_run_without_any_file_ends_with_1_and_writes_no_table(
    make_shop: MakeShop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = make_shop("nothing")
    assert shop.run("--set", "input.path=/nowhere/*.csv") == 1
    assert "/nowhere" in capsys.readouterr().err
    assert not shop.tables.exists()
