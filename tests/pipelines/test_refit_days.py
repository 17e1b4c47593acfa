"""Runs between two full ones: they keep trees and models, and are full again when these are too old."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import (
    BacktestSettings,
    Config,
    ForecastSettings,
    PanelSettings,
    RetentionSettings,
    WarehouseSettings,
)
from lepton_spark.pipelines.forecast.forecast import run_forecast
from lepton_spark.pipelines.forecast.plan import plan_run
from lepton_spark.pipelines.forecast.run_rows import RunRows
from lepton_spark.pipelines.maintenance.maintain import run_maintain
from lepton_spark.pipelines.panel import run_panel
from lepton_spark.pipelines.publish.publish import run_publish
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse
from tests.pipelines.job_context import context_for, with_cutoff

FIRST = date(2023, 1, 2)
N_DAYS = 140
FULL = FIRST + timedelta(days=N_DAYS - 1)
REFIT_DAYS = 3
OBSOLETE_DAYS = 28
LATER = 8
N_PRODUCTS = 24
WEIGHED, NEW, CHANGED = "p000", "new", "p001"


def clock() -> datetime:
    return datetime(2023, 6, 1, tzinfo=UTC)


@dataclass
class Store:
    """A shop with one sale per product and day; `new` begins after the full run, `p001` stops being sold."""

    spark: SparkSession
    config: Config

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.spark, self.config.warehouse.root)

    @property
    def runs(self) -> RunLog:
        return RunLog(self.warehouse, clock)

    def load(self) -> None:
        units = np.random.default_rng(8).poisson(9.0, (N_PRODUCTS, N_DAYS + LATER)).astype(float)
        units[0] += 0.5
        rows = [
            (f"p{product:03}", "all", FIRST + timedelta(days=day), float(sold))
            for (product, day), sold in np.ndenumerate(units)
            if not (product == 1 and day >= N_DAYS + 1 - OBSOLETE_DAYS)
        ]
        rows += [(NEW, "all", FULL + timedelta(days=1 + day), 5.0) for day in range(LATER)]
        columns = "product_id string, location_id string, date date, quantity double"
        sales = self.spark.createDataFrame(rows, columns).withColumns(
            {
                "sold_quantity": F.col("quantity"),
                "cancelled_quantity": F.lit(0.0),
                "returned_quantity": F.lit(0.0),
                "n_transactions": F.lit(1).cast("bigint"),
                "price": F.lit(2.0),
                "ingest_batch": F.lit("b1"),
            }
        )
        self.warehouse.append("sales", sales)
        run = Run("load", "ingest", ingest_batch="b1", load_number=1, min_date=FIRST, max_date=FULL)
        self.runs.record(run, "complete", self.config)
        run_panel(context_for(self.spark, self.config, clock))

    def run(self, cutoff: date, **forecast: Any) -> Run:
        """The run of a day, forecast and recorded."""
        config = with_cutoff(self.config, cutoff)
        changed = config.forecast.model_copy(update=forecast)
        config = config.model_copy(update={"forecast": changed})
        made = run_forecast(context_for(self.spark, config, clock))
        run = self.runs.find(made.run_id)
        assert run is not None
        return run

    def models(self, run: Run) -> dict[str, dict[str, Any]]:
        rows = self.warehouse.read("models").where(F.col("run_id") == run.run_id).collect()
        return {row["product_id"]: row.asDict(recursive=True) for row in rows}

    def count(self, name: str, run: Run) -> int:
        return self.warehouse.read(name).where(F.col("run_id") == run.run_id).count()


@pytest.fixture(scope="module")
def store(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Store:
    root = str(tmp_path_factory.mktemp("refit") / "tables")
    config = Config(
        warehouse=WarehouseSettings(root=root),
        forecast=ForecastSettings(
            horizon=7,
            models=("pooled", "mean", "seasonal_naive"),
            refit_days=REFIT_DAYS,
            series_per_batch=8,
        ),
        backtest=BacktestSettings(validation_windows=3, stride=7, min_train_days=28),
        panel=PanelSettings(obsolete_days=OBSOLETE_DAYS),
        retention=RetentionSettings(runs=2),
    )
    made = Store(spark, config)
    made.load()
    return made


@pytest.fixture(scope="module")
def full(store: Store) -> Run:
    return store.run(FULL)


@pytest.fixture(scope="module")
def daily(store: Store, full: Run) -> Run:  # noqa: ARG001  must exist first
    return store.run(FULL + timedelta(days=2))


def test_a_run_within_the_days_keeps_the_models_of_the_full_run(store: Store, full: Run, daily: Run) -> None:
    assert (full.refit_run_id, daily.refit_run_id) == (None, full.run_id)
    before, now = store.models(full), store.models(daily)
    kept = set(before) - {CHANGED}
    for column in ("model", "runner_up", "margin", "choice_level", "quantile_method"):
        assert [now[name][column] for name in sorted(kept)] == [before[name][column] for name in sorted(kept)]
    assert all(now[name]["forecast_hash"] != before[name]["forecast_hash"] for name in kept)
    assert daily.class_models == full.class_models
    assert (store.count("candidates", daily), store.count("pooled_trees", daily)) == (0, 0)
    assert store.count("pools", daily) > 0
    assert daily.counts["series_out"] == N_PRODUCTS + 1


def test_new_and_changed_series_choose_anew(store: Store, full: Run, daily: Run) -> None:
    scored = store.warehouse.read("metrics").where(F.col("run_id") == daily.run_id)
    assert {row[0] for row in scored.select("product_id").distinct().collect()} == {CHANGED}
    before, now = store.models(full), store.models(daily)
    assert (before[CHANGED]["status"], now[CHANGED]["status"]) == ("ok", "obsolete")
    assert now[NEW]["status"] == "short_history"


def test_quantiles_of_fractions_keep_their_errors(store: Store, full: Run, daily: Run) -> None:
    assert store.models(daily)[WEIGHED]["quantile_method"] == "backtest_errors"
    widths = []
    for run in (full, daily):
        rows = store.warehouse.read("forecasts").where(
            (F.col("run_id") == run.run_id) & (F.col("product_id") == WEIGHED) & (F.col("step") == 4)
        )
        row = rows.select("p90", "p10").first()
        assert row is not None
        widths.append(row["p90"] - row["p10"])
    assert widths[0] == pytest.approx(widths[1], rel=1e-6)


def test_errors_by_segment_are_those_of_the_full_run(store: Store, full: Run, daily: Run) -> None:
    rows = [
        store.warehouse.read("metrics_summary").where(F.col("run_id") == run.run_id).drop("run_id").collect()
        for run in (full, daily)
    ]
    assert sorted(map(str, rows[0])) == sorted(map(str, rows[1])) != []
    context = context_for(store.spark, store.config, clock)
    assert run_publish(context, daily.run_id).published


def test_a_rerun_finds_its_run_complete(store: Store, full: Run, daily: Run) -> None:
    assert store.run(FULL + timedelta(days=2)) == daily
    assert store.run(FULL) == full


def monitored(store: Store, run: Run, last_day: date, states: dict[str, str], actual: float = 60.0) -> None:
    """A scored week of a run, with 40 units forecast of each product."""
    same = {"run_id": run.run_id, "segment": "product", "location_id": "all", "cutoff": run.cutoff}
    same |= {"last_day": last_day, "n_series": 1, "n_obs": 7, "forecast": 40.0, "reason": "as the test says"}
    rows = [
        same | {"product_id": name, "state": state, "actual": 40.0 if state == "ok" else actual}
        for name, state in states.items()
    ]
    store.warehouse.append("monitoring", store.warehouse.rows("monitoring", rows))


@pytest.fixture
def unmonitored(store: Store) -> Iterator[None]:
    """Deletes the scored weeks of a test."""
    yield
    store.warehouse.delete("monitoring", F.lit(True))


def planned(store: Store, cutoff: date, **monitoring: float) -> Run:
    config = with_cutoff(store.config, cutoff)
    changed = config.monitoring.model_copy(update=monitoring)
    context = context_for(store.spark, config.model_copy(update={"monitoring": changed}), clock)
    return plan_run(context, context.runs).run


@pytest.mark.usefixtures("unmonitored")
def test_a_run_chooses_anew_where_products_with_new_alarms_sell_more_than_the_limit(
    store: Store, full: Run, daily: Run
) -> None:
    before = Run("before", "forecast", cutoff=FULL - timedelta(days=7))
    monitored(store, before, FULL, {"p002": "alarm", "p003": "ok"})
    week = {"p002": "alarm", "p003": "alarm", "p004": "ok", "p005": "ok", "p006": "watch"}
    last_day = FULL + timedelta(days=1)
    monitored(store, full, last_day, week)  # 60 of 60 + 60 + 40 + 40 + 60 units are new: 23.1 %
    assert (
        planned(store, FULL, choose_again_share=0.0).run_id == full.run_id
    )  # is complete, and could not know the week
    assert planned(store, last_day, choose_again_share=0.24).refit_run_id == full.run_id
    anew = planned(store, last_day, choose_again_share=0.23)
    assert anew.refit_run_id is None
    assert anew.chosen_because is not None
    assert anew.chosen_because.startswith(
        f"23.1% of the units in the week to {last_day} are of products with"
    )
    assert anew == planned(store, last_day, choose_again_share=0.23)
    assert planned(store, daily.cutoff or FULL, choose_again_share=0.0).run_id == daily.run_id  # a rerun


@pytest.mark.usefixtures("unmonitored")
def test_alarms_of_other_models_do_not_end_the_use_of_a_full_run(store: Store, full: Run) -> None:
    other = Run("other", "forecast", cutoff=FULL - timedelta(days=2))
    monitored(store, other, FULL + timedelta(days=1), {"p002": "alarm"})
    assert planned(store, FULL + timedelta(days=1), choose_again_share=0.0).refit_run_id == full.run_id


@pytest.mark.usefixtures("unmonitored")
def test_a_product_that_is_no_longer_sold_counts_by_its_forecast(store: Store, full: Run) -> None:
    last_day = FULL + timedelta(days=1)
    monitored(store, full, last_day, {"p002": "alarm", "p003": "ok"}, actual=0.0)
    because = planned(store, last_day).chosen_because
    assert because is not None
    assert because.startswith("50.0% of the units")


def test_a_full_run_records_why_it_chooses_anew(store: Store, full: Run, daily: Run) -> None:
    assert full.chosen_because == "there is no full run of the same settings and code"
    assert daily.chosen_because is None
    late = planned(store, FULL + timedelta(days=LATER))
    assert late.chosen_because == f"the full run of {FULL} is {LATER} days old"
    unset = with_cutoff(store.config, FULL)
    forecast = unset.forecast.model_copy(update={"refit_days": None})
    context = context_for(store.spark, unset.model_copy(update={"forecast": forecast}), clock)
    assert plan_run(context, context.runs).run.chosen_because is None


def test_an_interrupted_run_that_keeps_models_is_completed_by_the_next_attempt(
    store: Store, full: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = RunRows.write

    def interrupted(self: RunRows, name: str, *rest: Any) -> None:
        write(self, name, *rest)
        if name == "fits":
            raise KeyboardInterrupt

    monkeypatch.setattr(RunRows, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.run(FULL + timedelta(days=1))
    monkeypatch.setattr(RunRows, "write", write)
    completed = store.run(FULL + timedelta(days=1))
    assert (completed.refit_run_id, completed.state) == (full.run_id, "complete")
    assert store.count("fits", completed) == N_PRODUCTS + 1


def test_a_run_is_full_again_when_the_models_are_too_old(store: Store, full: Run) -> None:
    again = store.run(FULL + timedelta(days=REFIT_DAYS))
    assert again.refit_run_id is None
    assert again.settings_id == full.settings_id


def test_a_run_with_other_settings_is_full(store: Store, full: Run) -> None:  # noqa: ARG001  must exist
    assert store.run(FULL + timedelta(days=1), models=("mean", "seasonal_naive")).refit_run_id is None


@pytest.mark.slow
def test_maintenance_keeps_the_full_run_of_a_published_run(store: Store, full: Run, daily: Run) -> None:
    newest = store.run(FULL + timedelta(days=5))  # keeps the models of the run three days after the full one
    assert newest.refit_run_id not in (None, full.run_id)
    run_maintain(context_for(store.spark, store.config, clock))
    assert daily.run_id in {
        row[0] for row in store.warehouse.read("latest_forecasts").select("run_id").collect()
    }
    assert store.count("fits", full) == N_PRODUCTS


def test_a_run_is_full_where_the_rows_of_the_full_run_are_gone(store: Store, full: Run) -> None:
    for name in ("fits", "candidates"):
        store.warehouse.delete(name, F.col("run_id") == full.run_id)
    run_panel(context_for(store.spark, store.config, clock))  # maintenance made a new version of sales
    assert store.run(FULL + timedelta(days=1)).refit_run_id is None
