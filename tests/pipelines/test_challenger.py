"""A challenger that forecasts beside the champion, and replaces it where it wins."""

from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from pyspark.sql import Row, SparkSession

from lepton_spark.cli import main
from lepton_spark.config import Config
from lepton_spark.errors import LeaseError
from lepton_spark.monitoring.policy.challenge import verdict
from lepton_spark.pipelines.challenge import contest as contest_module
from lepton_spark.pipelines.challenge.compare import Rivals
from lepton_spark.pipelines.challenge.contest import Contest, run_challenger
from lepton_spark.tables import Warehouse
from tests.pipelines.job_context import context_for

FIRST = date(2021, 3, 1)  # a Monday
WEEK = timedelta(days=7)
START = FIRST + 5 * WEEK - timedelta(days=1)
SUNDAY, OTHER_DAY = 40, 5
PRODUCTS = ("a", "b")


@dataclass(frozen=True)
class Shop:
    """Two products that sell most on Sundays: the champion forecasts their mean, the challenger last week."""

    spark: SparkSession
    folder: Path

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.spark, str(self.folder / "tables"))

    def configure(self) -> None:
        settings = {
            "warehouse": {"root": str(self.folder / "tables")},
            "input": {"path": str(self.folder / "sales.csv")},
            "forecast": {"models": ["mean"], "horizon": 7},
            "challenger": {"forecast": {"models": ["seasonal_naive"]}, "min_weeks": 2},
            "retention": {"runs": 2},
        }
        (self.folder / "c.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        days = [FIRST + timedelta(days=n) for n in range(8 * 7)]
        lines = [
            f"{name},{day},{SUNDAY if day.weekday() == 6 else OTHER_DAY}" for day in days for name in PRODUCTS
        ]
        text = "\n".join(["product_id,date,quantity", *lines, ""])
        (self.folder / "sales.csv").write_text(text, encoding="utf-8")

    def call(self, command: str, *arguments: str) -> tuple[int, str]:
        """The exit code, and what was printed."""
        out = StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            code = main([command, "--conf", str(self.folder / "c.yaml"), *arguments])
        return code, out.getvalue()

    def run(self, cutoff: date) -> tuple[int, str]:
        return self.call("run", "--cutoff", str(cutoff))

    def runs(self, job: str) -> dict[date, Row]:
        return {row["cutoff"]: row for row in self.warehouse.read("runs").where(f"job = '{job}'").collect()}

    def published(self) -> str:
        row = self.warehouse.read("latest_forecasts").select("run_id").first()
        assert row is not None
        return str(row["run_id"])

    def weeks(self) -> list[Row]:
        return self.warehouse.read("challenges").orderBy("cutoff").collect()


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = Shop(spark, tmp_path_factory.mktemp("challenged"))
    made.configure()
    return made


@pytest.fixture(scope="module")
def beside(shop: Shop) -> str:
    """What the first run prints; then an earlier week, which the challenger won, is written by hand."""
    code, text = shop.run(START)
    assert code == 0
    champion, challenger = shop.runs("forecast")[START], shop.runs("challenger")[START]
    assert shop.published() == champion["run_id"]
    week = {"cutoff": START - 2 * WEEK, "last_day": START - WEEK, "n_obs": 14, "actual": 140.0}
    week |= {"champion_settings": champion["settings_id"], "challenger_settings": challenger["settings_id"]}
    week |= {"champion_run_id": "old", "challenger_run_id": "older"}
    losses = {"champion_loss": 60.0, "challenger_loss": 10.0}
    shop.warehouse.append("challenges", shop.warehouse.rows("challenges", [week | losses]))
    return text


@pytest.fixture(scope="module")
def compared(shop: Shop, beside: str) -> str:  # noqa: ARG001 - must have run
    code, text = shop.run(START + WEEK)
    assert (code, shop.published()) == (0, shop.runs("forecast")[START + WEEK]["run_id"])
    return text


@pytest.fixture(scope="module")
def replaced(shop: Shop, compared: str) -> str:  # noqa: ARG001 - must have run
    code, text = shop.run(START + 2 * WEEK)
    assert code == 0
    return text


def test_challenger_forecasts_beside_the_champion_and_is_not_published(shop: Shop, beside: str) -> None:
    assert "Challenger: it runs beside the champion; 0 weeks compared." in beside
    champion, challenger = shop.runs("forecast")[START], shop.runs("challenger")[START]
    models = shop.warehouse.read("models").select("run_id", "model").distinct().collect()
    assert {tuple(row) for row in models} == {
        (champion["run_id"], "mean"),
        (challenger["run_id"], "seasonal_naive"),
    }
    assert challenger["state"] == "complete"


def test_week_that_is_over_is_compared_on_the_same_days(shop: Shop, compared: str) -> None:
    assert "1 weeks compared" in compared
    week = shop.weeks()[1]
    champion, challenger = shop.runs("forecast")[START], shop.runs("challenger")[START]
    assert (week["champion_run_id"], week["challenger_run_id"]) == (champion["run_id"], challenger["run_id"])
    assert (week["cutoff"], week["last_day"], week["n_obs"]) == (START, START + WEEK, 14)
    assert week["actual"] == 2 * (6 * OTHER_DAY + SUNDAY)
    assert week["challenger_loss"] < week["champion_loss"]


def test_challenger_that_wins_is_published_with_the_reason(shop: Shop, replaced: str) -> None:
    assert "Challenger: its forecasts are published; gain over the champion +" in replaced
    published = shop.published()
    assert published == shop.runs("challenger")[START + 2 * WEEK]["run_id"]
    assert f"Run {published}, 7 days ahead." in replaced
    publication = shop.runs("publish")[START + 2 * WEEK]
    assert publication["gates"][-1]["name"] == "challenger"
    assert publication["gates"][-1]["found"].endswith("in 2 weeks")
    assert START + 2 * WEEK in shop.runs("forecast")  # the champion still runs


def test_repeated_run_changes_nothing(shop: Shop, replaced: str) -> None:  # noqa: ARG001 - must have run
    names = ("forecasts", "latest_forecasts", "challenges", "runs")
    before = [shop.warehouse.version(name) for name in names]
    code, _ = shop.run(START + 2 * WEEK)
    assert code == 0
    assert [shop.warehouse.version(name) for name in names] == before
    code, text = shop.call("publish")
    assert (code, "not published: the challenger's run of this cutoff is" in text) == (0, True)
    assert shop.published() == shop.runs("challenger")[START + 2 * WEEK]["run_id"]


@pytest.mark.slow
def test_maintenance_keeps_as_many_runs_of_the_challenger(shop: Shop, replaced: str) -> None:  # noqa: ARG001
    assert shop.call("maintain")[0] == 0
    kept = {row[0] for row in shop.warehouse.read("forecasts").select("run_id").distinct().collect()}
    of_both = (
        shop.runs(job)[START + n * WEEK]["run_id"] for job in ("forecast", "challenger") for n in (1, 2)
    )
    assert kept == set(of_both)


@pytest.fixture
def contest(spark: SparkSession, tmp_path: Path) -> Contest:
    config = Config.model_validate({"warehouse": {"root": str(tmp_path)}})
    nothing = verdict(np.array([]), np.array([]), 2)
    return Contest(Rivals("one", "two"), context_for(spark, config), START, nothing, False, False)


def test_failure_of_the_challenger_is_reported_and_fails_nothing(
    contest: Contest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> None:
        raise ValueError("no room\nat all")

    monkeypatch.setattr(contest_module, "run_forecast", failing)
    result = run_challenger(contest)
    assert (result.forecast, result.failure) == (None, "ValueError: no room")


def test_lost_lease_ends_the_job(contest: Contest, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(*_: Any) -> None:
        raise LeaseError("taken over")

    monkeypatch.setattr(contest_module, "run_forecast", taken)
    with pytest.raises(LeaseError, match="taken over"):
        run_challenger(contest)
