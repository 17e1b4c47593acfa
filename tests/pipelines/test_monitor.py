"""Published runs against the sales of the weeks after them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from rich.console import Console

from lepton_spark.config import Config
from lepton_spark.errors import InputError, LeaseError
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.monitor.follow import follow_sales
from lepton_spark.pipelines.monitor.monitor import MonitorResult, run_monitor
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.report.monitoring import print_monitoring
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS
from tests.pipelines.job_context import NOON, context_for

FIRST = date(2021, 1, 3)
WEEK = timedelta(days=7)
SUMS = {f"sum_dispersion_{length}": 1.0 for length in (1, 7, 28)}
RIGHT, LOW, HIDDEN, FRACTION = "right", "low", "hidden", "fraction"
OTHERS = dict.fromkeys([f"other {number}" for number in range(6)], 2.0)
"""So many products that a day without lines is a day on which the shop was closed."""

ELSEWHERE = "other 5"
"""Sold in another location, which delivers every day."""

SOLD: Mapping[str, float | None] = {RIGHT: 2.0, LOW: 5.0, HIDDEN: None, FRACTION: 0.5, **OTHERS}
FORECAST = {RIGHT: 2.0, LOW: 1.0, HIDDEN: 3.0, FRACTION: 0.5, **OTHERS}


@dataclass(frozen=True)
class Shop:
    """Products of one location, forecast once a week: most right, one too low, one of unknown sales."""

    spark: SparkSession
    root: Path

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.spark, str(self.root))

    @property
    def context(self) -> JobContext:
        return context_for(self.spark, Config.model_validate({"warehouse": {"root": str(self.root)}}))

    def sell(self, n_days: int) -> None:
        """Sales of the days from the first on; nothing is delivered on the tenth."""
        same = {
            "cancelled_quantity": 0.0,
            "returned_quantity": 0.0,
            "n_transactions": 3,
            "ingest_batch": "one",
        }
        rows = [
            same
            | _series(name)
            | {"date": FIRST + timedelta(days=day), "quantity": units, "sold_quantity": units or 0.0}
            for day in range(n_days)
            for name, units in SOLD.items()
            if day != 9 or name == ELSEWHERE
        ]
        self.warehouse.overwrite("sales", self.warehouse.rows("sales", rows))

    def publish(self, week: int) -> str:
        """A published run with the cutoff after so many weeks."""
        cutoff, run_id = FIRST + week * WEEK - timedelta(days=1), f"abc{week}"
        series = [
            _series(name) | {"run_id": run_id, "model": "mean", "status": "fallback" if name == LOW else "ok"}
            for name in SOLD
        ]
        fits = [
            one
            | {
                "demand_class": "smooth",
                "parameters": SUMS,
                "reason": "two days" if one["status"] != "ok" else None,
            }
            | {"quantile_method": "gamma" if one["product_id"] == FRACTION else "negative_binomial"}
            for one in series
        ]
        self.warehouse.append("models", self.warehouse.rows("models", fits))
        ahead = [_ahead(one, cutoff, step) for one in series for step in range(1, 29)]
        self.warehouse.append("forecasts", self.warehouse.rows("forecasts", ahead))
        log, config = RunLog(self.warehouse, lambda: NOON), Config()
        log.record(Run(run_id, "forecast", cutoff=cutoff, horizon=28), "complete", config)
        published = Run(f"p{week}", "publish", cutoff=cutoff, input_fingerprint=run_id, horizon=28)
        log.record(published, "complete", config)
        return run_id

    def rows(self, run_id: str) -> dict[str, dict[str, Any]]:
        """The rows of a run by product, or by segment."""
        found = self.warehouse.read("monitoring").where(f"run_id = '{run_id}'").collect()
        return {
            row["product_id"] if row["segment"] == "product" else row["segment"]: row.asDict()
            for row in found
        }


def _series(name: str) -> dict[str, str]:
    return {"product_id": name, "location_id": "elsewhere" if name == ELSEWHERE else "here"}


def _ahead(series: Mapping[str, str], cutoff: date, step: int) -> dict[str, Any]:
    is_revised = series["product_id"] == ELSEWHERE and cutoff >= FIRST + timedelta(days=13)
    mean = 3.0 if is_revised else FORECAST[series["product_id"]]
    if series["product_id"] == ELSEWHERE and step > 7:
        mean = 1.5
    quantiles = dict.fromkeys(QUANTILE_LEVELS, mean)
    day = cutoff + timedelta(days=step)
    return {**series, **quantiles, "cutoff": cutoff, "date": day, "step": step, "forecast": mean}


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Runs after one, two and three weeks; the newest sees sales of three weeks."""
    shop = Shop(spark, tmp_path_factory.mktemp("shop") / "tables")
    shop.sell(21)
    for week in (1, 2, 3):
        shop.publish(week)
    return shop


@pytest.fixture(scope="module")
def result(shop: Shop) -> MonitorResult:
    return run_monitor(shop.context)


def test_runs_are_scored_once_their_week_is_over(result: MonitorResult) -> None:
    assert result.scored == ("abc1", "abc2")
    assert sum(result.counts.values()) == len(SOLD)
    assert result.next_day == FIRST + 4 * WEEK - timedelta(days=1)


def test_errors_are_sums_of_the_days_with_known_sales(shop: Shop, result: MonitorResult) -> None:
    rows = shop.rows(result.scored[0])
    right, low = rows[RIGHT], rows[LOW]
    assert (right["n_obs"], right["forecast"], right["actual"]) == (6, 12.0, 12.0)  # one day without lines
    assert (right["wape"], right["bias"], right["coverage"], right["score"]) == (
        0.0,
        0.0,
        1.0,
        right["score"],
    )
    assert abs(right["score"]) < 0.2
    assert (low["actual"], low["abs_error"], low["bias"], low["coverage"]) == (30.0, 24.0, -0.8, 0.0)
    assert (low["last_day"], low["cutoff"]) == (
        FIRST + 2 * WEEK - timedelta(days=1),
        FIRST + timedelta(days=6),
    )


def test_unknown_sales_are_a_state_of_their_own(shop: Shop, result: MonitorResult) -> None:
    hidden = shop.rows(result.scored[0])[HIDDEN]
    assert (hidden["n_obs"], hidden["state"], hidden["actual"]) == (0, "rejected", None)
    assert hidden["reason"] == "rejected lines on all days"


def test_drift_grows_from_week_to_week_and_has_a_reason(shop: Shop, result: MonitorResult) -> None:
    one, two = (shop.rows(run_id)[LOW] for run_id in result.scored)
    assert (one["up"], two["up"]) == (3.5, 7.0)  # a score of 4, the largest, less the allowance of 0.5
    assert one["up_since"] == two["up_since"] == two["since"] == FIRST + 2 * WEEK - timedelta(days=1)
    assert two["state"] == "alarm"
    assert two["reason"] == (
        "more sold than forecast since the week to 2021-01-16: "
        "35.0 instead of 7.0 units in the week to 2021-01-23"
    )
    assert shop.rows(result.scored[1])[RIGHT]["state"] == "ok"


def test_segments_are_the_sums_of_their_products(shop: Shop, result: MonitorResult) -> None:
    rows = shop.rows(result.scored[0])
    total = rows["all"]
    assert total == rows["demand_class=smooth"] | {"segment": "all"}
    assert (total["n_series"], total["n_obs"], total["actual"], total["forecast"]) == (9, 55, 119.0, 95.0)
    assert (total["wape"], total["coverage"]) == (pytest.approx(24.0 / 119.0), pytest.approx(49.0 / 55.0))
    assert (total["product_id"], total["state"]) == ("*", "unknown")
    # seasonal naive repeats the first week, which sold the same
    assert total["naive_abs_error"] == 0.0


def test_a_silent_location_is_an_outage(shop: Shop, result: MonitorResult) -> None:
    rows = shop.rows(result.scored[0])
    here, elsewhere = rows["location=here"], rows["location=elsewhere"]
    assert (here["state"], here["since"]) == ("outage", FIRST + timedelta(days=9))
    assert here["reason"] == "no sales on 2021-01-12, though usually open"
    assert (elsewhere["state"], elsewhere["forecast"]) == ("unknown", 14.0)
    assert shop.rows(result.scored[1])["location=here"]["state"] == "unknown"


def test_revision_compares_with_the_run_before(shop: Shop, result: MonitorResult) -> None:
    one, two = (shop.rows(run_id) for run_id in result.scored)
    assert (one["all"]["earlier_forecast"], one["all"]["revision"]) == (None, None)
    # the second run forecasts 3 units a day where the first forecast 1.5
    assert (two[ELSEWHERE]["earlier_forecast"], two[ELSEWHERE]["revision"]) == (10.5, 1.0)
    assert two[RIGHT]["revision"] == 0.0
    assert two["all"]["revision"] == pytest.approx(10.5 / two["all"]["earlier_forecast"])


def test_measures_of_the_whole_shop_are_kept(shop: Shop, result: MonitorResult) -> None:
    rows = shop.warehouse.read("health").where(f"run_id = '{result.scored[1]}'").collect()
    values = {row["measure"]: row["value"] for row in rows}
    total = shop.rows(result.scored[1])["all"]
    assert (values["coverage"], values["revision"]) == (total["coverage"], total["revision"])
    assert (values["mix"], values["fallbacks"]) == (0.0, 0.1)  # one class; one of ten products
    scores = [row["score"] for row in shop.rows(result.scored[1]).values() if row["score"] is not None]
    assert values["variance"] == pytest.approx(sum(score * score for score in scores) / 9.0)
    assert values["volume"] is None  # fewer than four periods before
    assert {row["state"] for row in rows} == {"unknown"}


def test_page_shows_alarms_and_what_is_not_as_before(shop: Shop, result: MonitorResult) -> None:
    console = Console(file=StringIO(), width=160)
    print_monitoring(console, shop.warehouse, result.scored[0], {"ok": 8, "alarm": 1, "rejected": 1}, 0.1)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    row = next(line for line in text.splitlines() if "location=here" in line)
    assert all(part in row for part in ("outage", "2021-01-12", "no sales on 2021-01-12"))
    assert "location=elsewhere" not in text  # unknown, which is no news
    summary = "1 alarms (10% of them are expected to be false), 0 products to watch, 1 with rejected lines."
    assert summary in text


def test_scored_runs_are_not_scored_again(shop: Shop, result: MonitorResult) -> None:
    assert result.scored
    version = shop.warehouse.version("monitoring")
    again = run_monitor(shop.context)
    assert (again.scored, again.counts) == ((), {})
    assert shop.warehouse.version("monitoring") == version


def test_monitoring_follows_changes_of_sales(spark: SparkSession, tmp_path: Path) -> None:
    """A stream: all sales at first, then only what has changed."""
    shop, scored = Shop(spark, tmp_path / "tables"), list[tuple[str, ...]]()

    def monitor() -> None:
        scored.append(run_monitor(shop.context).scored)

    with pytest.raises(InputError, match="Run `lepton ingest` first"):
        follow_sales(shop.context, monitor)
    shop.sell(14)
    shop.publish(1)
    follow_sales(shop.context, monitor)
    assert scored == [("abc1",)]
    follow_sales(shop.context, monitor)
    assert len(scored) == 1
    shop.publish(2)
    shop.sell(21)  # now the last complete day, though no forecast was made since
    follow_sales(shop.context, monitor)
    assert scored[1:] == [("abc2",)]


def test_following_waits_for_the_lease_and_raises_other_errors(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shop = Shop(spark, tmp_path / "tables")
    shop.sell(2)
    monkeypatch.setattr("lepton_spark.pipelines.monitor.follow.LEASE_SECONDS", 0.0)
    failures = [LeaseError("held"), InputError("table stock: none")]

    def monitor() -> None:
        raise failures.pop(0)

    with pytest.raises(InputError, match="table stock: none"):
        follow_sales(shop.context, monitor)
    assert failures == []


def test_following_after_changes_were_deleted_says_how_to_begin_again(
    spark: SparkSession, tmp_path: Path
) -> None:
    shop = Shop(spark, tmp_path / "tables")
    shop.sell(2)
    follow_sales(shop.context, lambda: None)
    shop.sell(3)
    for file in (tmp_path / "tables" / "sales").rglob("*.parquet"):
        file.unlink()
    with pytest.raises(InputError, match=r"Delete .*_checkpoints/monitor"):
        follow_sales(shop.context, lambda: None)


def test_nothing_is_scored_without_a_published_run(spark: SparkSession, tmp_path: Path) -> None:
    shop = Shop(spark, tmp_path / "tables")
    assert run_monitor(shop.context) == MonitorResult()
    assert not shop.warehouse.exists("monitoring")
