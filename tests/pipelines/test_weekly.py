"""Weekly forecasts, from a file to published tables, by the command with conf/weekly.yaml."""

from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import deltalake
import pytest
import yaml
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.cli import main
from lepton_spark.tables import Warehouse
from tests.pipelines.cluster import REPOSITORY

pytestmark = pytest.mark.slow

FIRST = date(2024, 1, 3)  # a Wednesday
N_DAYS = 160  # to Monday, 10 June
LAST_SUNDAY = date(2024, 6, 9)
WEEK = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 14.0]
"""Units by weekday, 35 a week."""
AFTER = 50.0
"""Units on the one day after the last complete week; they must have no effect."""


@dataclass(frozen=True)
class Outcome:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


def lepton(command: str, root: Path, *more: str, weekly: bool = True) -> Outcome:
    out, err = StringIO(), StringIO()
    files = [root / "mine.yaml", *([REPOSITORY / "conf" / "weekly.yaml"] if weekly else [])]
    with redirect_stdout(out), redirect_stderr(err):
        code = main([command, "--conf", *map(str, files), *more])
    return Outcome(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Shop:
    """A shop with two products, the second selling twice as much, after two runs; with their outcomes."""

    root: Path
    first: Outcome
    again: Outcome
    versions: tuple[dict[str, object], dict[str, object]]


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    assert spark is not None  # the command takes the running session
    root = tmp_path_factory.mktemp("weekly")
    days = [FIRST + timedelta(days=n) for n in range(N_DAYS)]
    sizes = (("a", 1), ("b", 2))
    units = {day: WEEK[day.weekday()] if day <= LAST_SUNDAY else AFTER for day in days}
    lines = [f"{item},{day},{size * units[day]}" for item, size in sizes for day in days]
    (root / "sales.csv").write_text("\n".join(["product_id,date,quantity", *lines, ""]))
    tree = {
        "warehouse": {"root": str(root / "tables")},
        "input": {"path": str(root / "sales.csv")},
        "panel": {"last_day": "complete"},
        "forecast": {"models": ["shrunk_weekday", "seasonal_naive"]},
    }
    (root / "mine.yaml").write_text(yaml.safe_dump(tree))
    first = lepton("run", root)
    assert first.code == 0, first.err
    before = _versions(root)
    again = lepton("run", root)
    return Shop(root, first, again, (before, _versions(root)))


@pytest.fixture(scope="module")
def root(shop: Shop) -> Path:
    return shop.root


def _versions(root: Path) -> dict[str, object]:
    """Versions of the tables that a run writes, `runs` included."""
    names = ("forecasts", "fits", "latest_forecasts", "runs")
    return {name: deltalake.DeltaTable(str(root / "tables" / name)).version() for name in names}


def _rows(root: Path, name: str) -> list[dict[str, object]]:
    return deltalake.DeltaTable(str(root / "tables" / name)).to_pyarrow_table().to_pylist()


def test_run_prints_its_last_week_and_its_horizon(shop: Shop) -> None:
    assert "cutoff: 2024-06-09, weeks end on sunday, 8 weeks ahead" in shop.first.out
    assert ", 8 weeks ahead. Tables: " in shop.first.out


def test_second_run_of_the_same_weeks_does_nothing(shop: Shop) -> None:
    assert shop.again.code == 0
    assert shop.versions[0] == shop.versions[1]


def test_forecasts_start_on_the_mondays_after_the_last_complete_week(root: Path) -> None:
    rows = _rows(root, "latest_forecasts")
    assert len(rows) == 2 * 8
    assert {row["cutoff"] for row in rows} == {LAST_SUNDAY}
    mine = sorted((row["step"], row["date"]) for row in rows if row["product_id"] == "a")
    assert mine == [(step, LAST_SUNDAY + timedelta(days=7 * step - 6)) for step in range(1, 9)]
    assert {row["valid_until"] for row in rows} == {LAST_SUNDAY + timedelta(days=7)}


def test_forecasts_and_quantiles_are_weekly_sums(root: Path) -> None:
    for row in _rows(root, "latest_forecasts"):
        expected = 35.0 if row["product_id"] == "a" else 70.0
        assert row["forecast"] == pytest.approx(expected, rel=1e-6)
        assert row["p10"] < row["p50"] < row["p90"]
        assert row["p05"] > expected / 2  # the quantile of a weekly sum, not seven daily quantiles


def test_metrics_count_weeks(root: Path) -> None:
    tested = [row for row in _rows(root, "metrics") if row["split"] == "test" and row["role"] == "chosen"]
    assert {row["n_obs"] for row in tested} == {8}
    assert {row["sum_actual"] for row in tested} == {8 * 35.0, 8 * 70.0}
    (run,) = (row for row in _rows(root, "runs") if row["job"] == "publish")
    (total,) = (gate for gate in run["gates"] if gate["name"] == "total_forecast")
    assert total["found"] == "15 units a day forecast, 15 sold recently"


def test_cutoff_within_a_week_is_moved_to_the_end_of_the_previous_week(root: Path) -> None:
    before = _versions(root)
    forecast = lepton("forecast", root, "--cutoff", "2024-06-10")
    assert (forecast.code, _versions(root)) == (0, before)
    assert lepton("publish", root, "--cutoff", "2024-06-12").code == 0


def test_cutoff_before_the_end_of_the_first_week_is_refused(root: Path) -> None:
    outcome = lepton("forecast", root, "--cutoff", "2024-01-05")
    assert outcome.code == 1
    assert "cutoff: found 2023-12-31; allowed: a week that ends on 2024-01-03" in outcome.err


def test_weekly_run_is_published_as_weekly_under_a_daily_configuration(
    root: Path, spark: SparkSession
) -> None:
    """Read as daily forecasts they would be 105 units a day after 15, and the gate would refuse them."""
    published = _rows(root, "latest_forecasts")
    Warehouse(spark, str(root / "tables")).delete("latest_forecasts", F.lit(True))
    outcome = lepton("publish", root, weekly=False)
    assert outcome.code == 0, outcome.err
    again = _rows(root, "latest_forecasts")
    assert len(again) == len(published)
    assert {row["run_id"] for row in again} == {row["run_id"] for row in published}
