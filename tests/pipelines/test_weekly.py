"""Sums of weeks, from a file to what is published, by the command with the overlay that is shipped."""

from datetime import date, timedelta
from pathlib import Path

import deltalake
import pytest
import yaml
from pyspark.sql import SparkSession

from lepton_spark.cli import main
from tests.spark.cluster import REPOSITORY

FIRST = date(2024, 1, 3)  # a Wednesday
N_DAYS = 160  # to Monday, 10 June
LAST_SUNDAY = date(2024, 6, 9)
WEEK = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 14.0]
"""Units by weekday, 35 a week."""


@pytest.fixture(scope="module")
def root(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop whose second product sells twice the first's, run twice."""
    assert spark is not None  # the command takes the running session
    root = tmp_path_factory.mktemp("weekly")
    days = [FIRST + timedelta(days=n) for n in range(N_DAYS)]
    sizes = (("a", 1), ("b", 2))
    lines = [f"{item},{day},{size * WEEK[day.weekday()]}" for item, size in sizes for day in days]
    (root / "sales.csv").write_text("\n".join(["product_id,date,quantity", *lines, ""]))
    tree = {
        "warehouse": {"root": str(root / "tables")},
        "input": {"path": str(root / "sales.csv")},
        "panel": {"last_day": "complete"},
        "forecast": {"models": ["shrunk_weekday", "seasonal_naive"]},
    }
    (root / "mine.yaml").write_text(yaml.safe_dump(tree))
    arguments = ["run", "--conf", str(root / "mine.yaml"), str(REPOSITORY / "conf" / "weekly.yaml")]
    assert main(arguments) == 0
    versions = _versions(root)
    assert main(arguments) == 0
    assert _versions(root) == versions
    return root


def _versions(root: Path) -> dict[str, int]:
    names = ("forecasts", "fits", "latest_forecasts", "runs")
    return {name: deltalake.DeltaTable(str(root / "tables" / name)).version() for name in names}


def _rows(root: Path, name: str) -> list[dict[str, object]]:
    return deltalake.DeltaTable(str(root / "tables" / name)).to_pyarrow_table().to_pylist()


def test_eight_weeks_ahead_begin_on_mondays_after_the_last_whole_week(root: Path) -> None:
    rows = _rows(root, "latest_forecasts")
    assert len(rows) == 2 * 8
    assert {row["cutoff"] for row in rows} == {LAST_SUNDAY}
    mine = sorted((row["step"], row["date"]) for row in rows if row["product_id"] == "a")
    assert mine == [(step, LAST_SUNDAY + timedelta(days=7 * step - 6)) for step in range(1, 9)]
    assert {row["valid_until"] for row in rows} == {LAST_SUNDAY + timedelta(days=7)}


def test_forecasts_and_their_quantiles_are_of_whole_weeks(root: Path) -> None:
    for row in _rows(root, "latest_forecasts"):
        expected = 35.0 if row["product_id"] == "a" else 70.0
        assert row["forecast"] == pytest.approx(expected, rel=1e-6)
        assert row["p10"] < row["p50"] < row["p90"]
        assert row["p05"] > expected / 2  # of a week's sum, not of a day's times seven


def test_errors_are_counted_in_weeks(root: Path) -> None:
    tested = [row for row in _rows(root, "metrics") if row["split"] == "test" and row["role"] == "chosen"]
    assert {row["n_obs"] for row in tested} == {8}
    assert {row["sum_actual"] for row in tested} == {8 * 35.0, 8 * 70.0}
    (run,) = (row for row in _rows(root, "runs") if row["job"] == "publish")
    (total,) = (gate for gate in run["gates"] if gate["name"] == "total_forecast")
    assert total["found"] == "15 units a day after 15"
