"""The panel and forecast jobs on a shop with eleven series; most tests share one run."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import deltalake
import duckdb
import numpy as np
import polars as pl
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import (
    BacktestSettings,
    Config,
    ForecastSettings,
    InputSettings,
    PanelSettings,
    WarehouseSettings,
)
from lepton_spark.errors import InputError
from lepton_spark.forecasting.publish_gates import collect_evidence
from lepton_spark.models.data.parts import GROUPS
from lepton_spark.panel.pack import pack
from lepton_spark.pipelines.forecast.forecast import ForecastResult, run_forecast
from lepton_spark.pipelines.forecast.plan import plan_run
from lepton_spark.pipelines.forecast.run_rows import RunRows
from lepton_spark.pipelines.panel import run_panel
from lepton_spark.pipelines.publish.evidence import tables_of_run
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_id import settings_id
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse
from tests.pipelines.job_context import context_for, with_cutoff

FIRST = date(2023, 10, 2)  # a Monday
CUTOFF = date(2024, 3, 29)  # a Friday: 180 days, two years
LAST = CUTOFF + timedelta(days=14)
HORIZON = 7

Sale = tuple[str, str, date, float]
"""Product, location, day, units."""
CANCELLED = 4.0
CANCELLED_DAY = CUTOFF - timedelta(days=1)


def clock() -> datetime:
    return datetime(2024, 4, 1, tzinfo=UTC)


def open_days(first: date, last: date) -> list[date]:
    """All days except Saturdays."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if day.weekday() != 5]


def daily(product: str, first: date, last: date, level: float, location: str = "all") -> list[Sale]:
    days = enumerate(open_days(first, last))
    return [(product, location, day, level + day.weekday() + n % 3) for n, day in days]


def shop(last: date) -> list[Sale]:
    """Sales up to `last` of every kind of product that a run must handle."""
    steady = [sale for n in range(5) for sale in daily(f"steady-{n}", FIRST, LAST, 5.0 + n)]
    rare = [("rare", "all", day, 2.0) for day in open_days(FIRST, LAST)[::9]]
    gone = daily("gone", FIRST, FIRST + timedelta(days=40), 3.0)
    returned = [("returned-only", "all", CUTOFF - timedelta(days=3), 0.0)]
    once = [("once", "all", CUTOFF - timedelta(days=4), 3.0)]
    north = daily("two-places", FIRST, LAST, 6.0, "north")
    south = [sale for sale in daily("two-places", FIRST, LAST, 8.0, "south") if sale[2].weekday() != 0]
    future = daily("future", CUTOFF + timedelta(days=2), LAST, 9.0, "east")
    everything = (*steady, *rare, *gone, *returned, *once, *north, *south, *future)
    return [sale for sale in everything if sale[2] <= last]


SALES_SCHEMA = (
    "product_id string, location_id string, date date, quantity double, sold_quantity double, "
    "cancelled_quantity double, returned_quantity double, n_transactions long, price double, "
    "ingest_batch string"
)


def sales_frame(spark: SparkSession, sales: Iterable[Sale]) -> DataFrame:
    rows = [
        (product, place, day, units, units, 0.0, 0.0, 1, 2.5, "b") for product, place, day, units in sales
    ]
    return spark.createDataFrame(rows, SALES_SCHEMA)


@dataclass
class World:
    """A warehouse and the jobs on it."""

    spark: SparkSession
    warehouse: Warehouse
    config: Config
    read: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)

    def load(self, name: str, frame: DataFrame, min_date: date) -> None:
        self.warehouse.append("sales", frame)
        days: dict[str, Any] = {"min_date": min_date, "max_date": LAST}
        run = Run(name, "ingest", ingest_batch=name, load_number=int(name[1:]), **days)
        RunLog(self.warehouse, clock).record(run, "complete", self.config)

    def cancel(self, product: str, units: float) -> None:
        """Cancels, after the cutoff, an order of the day before it; `sales` then has the lower quantity."""
        quantity = F.col("quantity") - F.when(F.col("product_id") == product, units).otherwise(0.0)
        of_day = self.warehouse.read("sales").where(F.col("date") == F.lit(CANCELLED_DAY))
        self.warehouse.merge("sales", of_day.withColumn("quantity", quantity))
        lines = dict.fromkeys(("line_hash", "cancel_line_hash", "ingest_batch"), "x")
        row = {"product_id": product, "location_id": "all", "date": CANCELLED_DAY, "cancelled_on": LAST}
        numbers = {"quantity": units, "occurrence": 1, "cancel_occurrence": 1}
        self.warehouse.append("cancellations", self.warehouse.rows("cancellations", [row | lines | numbers]))

    def panel(self) -> tuple[int, ...]:
        return run_panel(context_for(self.spark, self.config, clock)).years

    def forecast(self, cutoff: date | None = CUTOFF) -> ForecastResult:
        return run_forecast(context_for(self.spark, with_cutoff(self.config, cutoff), clock))

    def rows(self, name: str, run_id: str) -> list[dict[str, Any]]:
        """The rows of a complete run; they are cached because they never change."""
        if (name, run_id) not in self.read:
            frame = self.warehouse.read(name).where(F.col("run_id") == run_id)
            self.read[name, run_id] = [row.asDict(recursive=True) for row in frame.collect()]
        return self.read[name, run_id]

    def hashes(self, run_id: str) -> dict[tuple[str, str], str]:
        rows = self.rows("models", run_id)
        return {(row["product_id"], row["location_id"]): row["forecast_hash"] for row in rows}


MakeWorld = Callable[..., World]


@pytest.fixture(scope="module")
def make_world(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> MakeWorld:
    def make(**changed: Any) -> World:
        root = str(tmp_path_factory.mktemp("warehouse"))
        sections: dict[str, Any] = {
            "warehouse": WarehouseSettings(root=root),
            "input": InputSettings(kind="transactions"),
            "panel": PanelSettings(last_day="complete", obsolete_days=60),
            "forecast": ForecastSettings(horizon=HORIZON, half_lives=(28.0, 84.0), series_per_batch=2),
            "backtest": BacktestSettings(validation_windows=5, stride=7, min_train_days=28),
        }
        return World(spark, Warehouse(spark, root), Config(**(sections | changed)))

    return make


@dataclass
class Done:
    """A world with sales up to `LAST` and a forecast from `CUTOFF`."""

    world: World
    result: ForecastResult


@pytest.fixture(scope="module")
def done(make_world: MakeWorld) -> Done:
    world = make_world()
    world.load("b1", sales_frame(world.spark, shop(CUTOFF)), FIRST)
    later = [sale for sale in shop(LAST) if sale[2] > CUTOFF]
    world.load("b2", sales_frame(world.spark, later), CUTOFF + timedelta(days=1))
    world.cancel("steady-0", CANCELLED)
    world.panel()
    return Done(world, world.forecast())


def test_every_series_with_sales_by_the_cutoff_has_one_model(done: Done) -> None:
    products = sorted(row["product_id"] for row in done.world.rows("models", done.result.run_id))
    steady = [f"steady-{n}" for n in range(5)]
    assert products == ["gone", "once", "rare", "returned-only", *steady, "two-places", "two-places"]


def test_every_series_has_a_forecast_for_every_day_ahead(done: Done) -> None:
    rows = done.world.rows("forecasts", done.result.run_id)
    days = sorted((row["product_id"], row["location_id"], row["step"], row["date"]) for row in rows)
    series = sorted({(row["product_id"], row["location_id"]) for row in rows})
    expected = [(*key, n, CUTOFF + timedelta(days=n)) for key in series for n in range(1, HORIZON + 1)]
    assert days == expected
    assert all(row["cutoff"] == CUTOFF and row["forecast"] >= 0 for row in rows)


def test_forecast_is_zero_on_a_closed_weekday_only(done: Done) -> None:
    steady = [
        row for row in done.world.rows("forecasts", done.result.run_id) if row["product_id"] == "steady-0"
    ]
    closed = [row for row in steady if row["date"].weekday() == 5]
    assert [(row["forecast"], row["p05"], row["p95"]) for row in closed] == [(0.0, 0.0, 0.0)]
    assert all(row["forecast"] > 3 for row in steady if row["date"].weekday() != 5)


def test_each_location_has_its_own_closed_days_and_metrics(done: Done) -> None:
    rows = [
        row for row in done.world.rows("forecasts", done.result.run_id) if row["product_id"] == "two-places"
    ]
    mondays = {row["location_id"]: row["forecast"] for row in rows if row["date"].weekday() == 0}
    assert mondays["south"] == 0.0
    assert mondays["north"] > 3
    summary = done.world.rows("metrics_summary", done.result.run_id)
    places = {row["segment"] for row in summary if row["segment"].startswith("location=")}
    assert places == {
        "location=all",
        "location=north",
        "location=south",
    }  # the first sale in the east is after the cutoff


def test_obsolete_product_has_that_status_and_forecasts_of_zero(done: Done) -> None:
    (gone,) = [row for row in done.world.rows("models", done.result.run_id) if row["product_id"] == "gone"]
    assert (gone["status"], gone["model"], gone["demand_class"]) == ("obsolete", "zero", "obsolete")
    forecasts = [
        row for row in done.world.rows("forecasts", done.result.run_id) if row["product_id"] == "gone"
    ]
    assert {(row["forecast"], row["p95"]) for row in forecasts} == {(0.0, 0.0)}


def test_forecast_of_a_product_with_one_sale_is_finite(done: Done) -> None:
    (fit,) = [row for row in done.world.rows("fits", done.result.run_id) if row["product_id"] == "once"]
    assert (fit["n_days_known"], fit["last_sale"], fit["recent_quantity"]) == (
        5,
        CUTOFF - timedelta(days=4),
        3.0,
    )
    assert all(value >= 0 for value in fit["forecast"])


def test_metrics_cover_each_role_and_quantiles_only_on_the_test_window(done: Done) -> None:
    rows = [row for row in done.world.rows("metrics", done.result.run_id) if row["product_id"] == "steady-0"]
    roles = sorted((row["role"], row["split"], row["window"]) for row in rows)
    splits = [("test", 0), *(("validation", window) for window in range(1, 6))]
    assert roles[:6] == [("chosen", *split) for split in splits]
    assert roles[-6:] == [("seasonal_naive", *split) for split in splits]
    assert {row["n_obs"] for row in rows} == {6}  # seven days, of which the Saturday is unknown
    assert {row["split"] for row in rows if row["pinball"] is not None} == {"test"}
    naive = next(row for row in rows if row["role"] == "seasonal_naive" and row["split"] == "test")
    assert naive["mae"] == pytest.approx(naive["abs_error"] / 6)
    assert naive["wape"] == pytest.approx(naive["abs_error"] / naive["sum_actual"])
    for row in rows:
        assert row["rmse"] == pytest.approx((row["sse"] / 6) ** 0.5)
        assert row["bias"] == pytest.approx(row["sum_error"] / row["sum_actual"])
        assert row["mase"] == pytest.approx(row["scaled_abs_error"] / 6)
        assert row["rmsse"] == pytest.approx((row["scaled_sse"] / 6) ** 0.5)
        if row["split"] == "test":
            assert row["pinball"] == pytest.approx(row["pinball_sum"] / 6 / 7)  # six days, seven quantiles
            assert row["coverage"] == row["covered_sum"] / 6


def test_group_forecasts_are_the_sums_of_their_members(done: Done) -> None:
    members: dict[tuple[str, date], float] = {}
    classes = {
        (row["product_id"], row["location_id"]): row["demand_class"]
        for row in done.world.rows("models", done.result.run_id)
    }
    for row in done.world.rows("forecasts", done.result.run_id):
        kind = classes[row["product_id"], row["location_id"]]
        place, product = f"location={row['location_id']}", f"product={row['product_id']}"
        for segment in ("all", f"demand_class={kind}", place, product):
            members[segment, row["date"]] = members.get((segment, row["date"]), 0.0) + row["forecast"]
    groups = {
        (row["segment"], row["date"]): row["forecast"]
        for row in done.world.rows("group_forecasts", done.result.run_id)
    }
    assert groups.keys() == members.keys()
    for key, units in groups.items():
        assert units == pytest.approx(members[key], rel=1e-12)


def test_explanations_add_up_to_every_forecast(done: Done) -> None:
    forecasts = {
        (row["product_id"], row["location_id"], row["date"], row["step"]): row["forecast"]
        for row in done.world.rows("forecasts", done.result.run_id)
    }
    rows = done.world.rows("explanations", done.result.run_id)
    assert len(rows) == len(forecasts)
    for row in rows:
        key = row["product_id"], row["location_id"], row["date"], row["step"]
        assert row["forecast"] == forecasts[key]
        parts = [row["base"], *(row[group] for group in GROUPS)]
        assert sum(parts) == pytest.approx(forecasts[key], abs=1e-9)


def test_explanations_name_what_the_models_and_the_calendar_did(done: Done) -> None:
    rows = done.world.rows("explanations", done.result.run_id)
    steady = {row["date"].weekday(): row for row in rows if row["product_id"] == "steady-0"}
    assert steady[5]["remainder"] < -3  # closed on Saturdays
    assert abs(steady[0]["remainder"]) < 1e-9
    weekday = {day: row["weekday"] + row["similar_products"] for day, row in steady.items()}
    assert weekday[6] > weekday[0] + 2  # sales grow by one a day from Monday on
    gone = [row for row in rows if row["product_id"] == "gone"]
    assert {row["base"] + row["remainder"] for row in gone} == {0.0}


def test_shop_too_small_for_trees_records_the_reason(done: Done) -> None:
    rows = done.world.rows("pooled_trees", done.result.run_id)
    assert {row["foretells"] for row in rows} == {"none"}
    assert {row["reason"] for row in rows} == {"too few series with enough history to learn from"}
    assert sorted(row["trained_until"] for row in rows) == [CUTOFF - timedelta(days=42), CUTOFF]


def test_metrics_summary_pools_the_rows_of_metrics(done: Done) -> None:
    summary = done.world.rows("metrics_summary", done.result.run_id)
    metrics = done.world.rows("metrics", done.result.run_id)
    for model in ("chosen", "seasonal_naive"):
        (row,) = [
            row for row in summary if (row["segment"], row["model"], row["split"]) == ("all", model, "test")
        ]
        pooled = [item for item in metrics if item["role"] == model and item["split"] == "test"]
        assert row["n_series"] == len(pooled)
        assert row["n_obs"] == sum(item["n_obs"] for item in pooled)
        assert row["sse"] == pytest.approx(sum(item["sse"] for item in pooled))
        actual = sum(item["sum_actual"] for item in pooled)
        assert row["wape"] == pytest.approx(sum(item["abs_error"] for item in pooled) / actual)
        scaled = sum(item["scaled_sse"] for item in pooled if item["scaled_sse"] is not None)
        n_scaled = sum(item["n_obs"] for item in pooled if item["scaled_sse"] is not None)
        assert row["rmsse"] == pytest.approx((scaled / n_scaled) ** 0.5)
        assert row["bias"] == pytest.approx(sum(item["sum_error"] for item in pooled) / actual)
        covered = sum(item["covered_sum"] for item in pooled)
        assert row["coverage"] == pytest.approx(covered / sum(item["n_quantile_obs"] for item in pooled))
    _value_added_is_over_seasonal_naive(summary, metrics)
    naive = [row for row in summary if row["model"] == "seasonal_naive"]
    assert {row["value_added"] for row in naive} == {0.0, None}
    assert all(
        row["sse"] == 0 for row in naive if row["value_added"] is None
    )  # obsolete products, on which seasonal naive is exact
    assert len({(row["segment"], row["model"], row["split"]) for row in summary}) == len(summary)


def _value_added_is_over_seasonal_naive(summary: list[dict[str, Any]], metrics: list[dict[str, Any]]) -> None:
    """On the windows in which both models forecast the same days."""
    (row,) = [
        row
        for row in summary
        if (row["segment"], row["model"], row["split"]) == ("all", "chosen", "validation")
    ]
    of_role = {
        (item["role"], item["product_id"], item["location_id"], item["window"]): item
        for item in metrics
        if item["split"] == "validation" and item["scaled_sse"] is not None
    }
    naive = {key[1:]: item for key, item in of_role.items() if key[0] == "seasonal_naive"}
    pairs = [
        (item["scaled_sse"], naive[key[1:]]["scaled_sse"])
        for key, item in of_role.items()
        if key[0] == "chosen" and key[1:] in naive and naive[key[1:]]["n_obs"] == item["n_obs"]
    ]
    ours, theirs = (sum(values) for values in zip(*pairs, strict=True))
    assert row["value_added"] == pytest.approx(1 - (ours / theirs) ** 0.5)
    assert row["value_added"] > 0


def test_metrics_are_read_without_spark(done: Done) -> None:
    table = deltalake.DeltaTable(done.world.warehouse.path("metrics"))
    assert table.protocol().min_reader_version == 1
    count, worst = duckdb.from_arrow(table.to_pyarrow_dataset()).aggregate("count(*), max(sse)").fetchall()[0]
    rows = done.world.rows("metrics", done.result.run_id)
    assert (count, worst) == (len(rows), max(row["sse"] for row in rows))
    frame = pl.read_delta(done.world.warehouse.path("metrics"))
    assert sorted(frame["abs_error"].to_list()) == sorted(row["abs_error"] for row in rows)


def test_evidence_of_the_gates_agrees_with_the_tables_of_the_run(done: Done) -> None:
    evidence = collect_evidence(tables_of_run(done.world.warehouse, done.result.run_id), CUTOFF, HORIZON)
    fits = done.world.rows("fits", done.result.run_id)
    ahead = done.world.rows("forecasts", done.result.run_id)
    old = {(row["product_id"], row["location_id"]) for row in fits if row["n_days_known"] >= 28}
    assert (evidence.n_series, evidence.without_model, evidence.without_forecasts) == (11, 0, 0)
    recent = sum(row["recent_quantity"] for row in fits if row["n_days_known"] >= 28)
    assert evidence.recent_demand == pytest.approx(recent / 28)
    forecast_units = sum(row["forecast"] for row in ahead if (row["product_id"], row["location_id"]) in old)
    assert evidence.forecast_demand == pytest.approx(forecast_units / HORIZON)
    assert evidence.error_ratio is not None
    assert evidence.error_ratio < 1


def test_repeated_forecast_of_a_complete_run_does_nothing(
    done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = done.world.warehouse.version("fits")
    monkeypatch.delattr("lepton_spark.pipelines.forecast.plan.count_series")  # series are not counted
    again = done.world.forecast()
    assert again.already_complete
    assert again.run_id == done.result.run_id
    assert again.n_series == done.result.n_series == 11
    assert done.world.warehouse.version("fits") == before


def test_forecast_does_not_depend_on_later_days_partitions_or_row_order(
    done: Done, make_world: MakeWorld, spark: SparkSession
) -> None:
    world = make_world()
    shuffled = sales_frame(spark, shop(CUTOFF)).repartition(5, F.xxhash64("date", "quantity"))
    world.load("b1", shuffled, FIRST)
    partitions = spark.conf.get("spark.sql.shuffle.partitions")
    spark.conf.set("spark.sql.shuffle.partitions", "7")
    try:
        world.panel()
        result = world.forecast()
    finally:
        spark.conf.set("spark.sql.shuffle.partitions", partitions)
    assert result.run_id == done.result.run_id
    hashes = world.hashes(result.run_id)
    assert len(set(hashes.values())) > 5
    assert hashes == done.world.hashes(done.result.run_id)
    keys = ("segment", "model", "split")
    summaries = [
        {tuple(row[key] for key in keys): row for row in one.rows("metrics_summary", result.run_id)}
        for one in (world, done.world)
    ]
    assert summaries[0] == summaries[1]


def test_panel_packs_only_the_years_that_changed(make_world: MakeWorld) -> None:
    world = make_world(
        forecast=ForecastSettings(horizon=1, models=("mean",)),
        backtest=BacktestSettings(validation_windows=0),
    )
    world.load("b1", sales_frame(world.spark, [("a", "all", FIRST, 1.0), ("a", "all", CUTOFF, 2.0)]), FIRST)
    with pytest.raises(InputError, match=r"table panel: found none.*Run `lepton panel` first"):
        world.forecast(None)
    assert world.panel() == (2023, 2024)
    assert world.panel() == ()
    path = world.warehouse.path("sales")
    world.spark.sql(f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ('delta.logRetentionDuration' = '9 days')")
    assert world.panel() == ()  # table maintenance makes a new version without changing a day
    assert world.forecast(None).n_series == 1
    world.load("b2", sales_frame(world.spark, [("b", "all", CUTOFF, 4.0)]), CUTOFF)
    assert world.panel() == (2024,)
    packed = world.warehouse.read("panel").orderBy("product_id", "chunk").collect()
    assert [(row.product_id, row.chunk, row.first_date, row.quantity) for row in packed] == [
        ("a", 2023, FIRST, [1.0]),
        ("a", 2024, CUTOFF, [2.0]),
        ("b", 2024, CUTOFF, [4.0]),
    ]


def test_panel_after_corrections_and_deletions_equals_all_sales_packed_again(make_world: MakeWorld) -> None:
    world = make_world()
    world.load("b1", sales_frame(world.spark, shop(CUTOFF)), FIRST)
    world.panel()
    day = CUTOFF + timedelta(days=1)
    world.load("b2", sales_frame(world.spark, [sale for sale in shop(day) if sale[2] == day]), day)
    world.cancel("steady-1", 2.0)
    world.warehouse.delete("sales", F.col("product_id") == "once")
    expected = pack(world.warehouse.read("sales"))
    assert world.panel() == (2024,)
    packed = world.warehouse.read("panel")
    assert packed.exceptAll(expected).isEmpty()
    assert expected.exceptAll(packed).isEmpty()
    assert packed.where("product_id = 'once'").isEmpty()


@pytest.mark.faults
def test_forecast_interrupted_after_any_table_is_completed_by_the_next_attempt(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(
        forecast=ForecastSettings(horizon=2, models=("mean", "seasonal_naive")),
        backtest=BacktestSettings(validation_windows=1, min_train_days=7),
    )
    sales = [("a", "all", CUTOFF - timedelta(days=n), 1.0 + n % 7) for n in range(40)]
    world.load("b1", sales_frame(world.spark, sales), CUTOFF - timedelta(days=39))
    world.panel()
    write = RunRows.write
    for last in ("fits", "models"):

        def interrupted(self: RunRows, name: str, *rest: Any, last: str = last) -> None:
            write(self, name, *rest)
            if name == last:
                raise KeyboardInterrupt

        monkeypatch.setattr(RunRows, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            world.forecast()
        assert RunLog(world.warehouse, clock).latest("forecast") is None
    monkeypatch.setattr(RunRows, "write", write)
    result = world.forecast()
    counts = {
        name: len(world.rows(name, result.run_id))
        for name in ("candidates", "fits", "forecasts", "metrics", "metrics_summary", "models")
    }
    # two windows of two roles; the summary: two splits of each model in two segments
    assert counts == {
        "candidates": 1, "fits": 1, "forecasts": 2, "metrics": 4, "metrics_summary": 12, "models": 1,
    }  # fmt: skip
    assert world.warehouse.read("runs").where("job = 'forecast'").count() == 1


def test_class_keeps_the_model_of_the_run_before(make_world: MakeWorld) -> None:
    world = make_world(
        forecast=ForecastSettings(horizon=7, models=("mean", "shrunk_weekday")),
        backtest=BacktestSettings(validation_windows=4, stride=7, min_train_days=28),
    )
    first = CUTOFF - timedelta(days=99)
    is_better_day = np.arange(100) % 7 == 5  # slightly, so that both models are about as good
    units = np.random.default_rng(6).poisson(20.0 + 3.0 * is_better_day, (25, 100))
    sales = [
        (f"p{product}", "all", first + timedelta(days=day), float(sold))
        for (product, day), sold in np.ndenumerate(units)
    ]
    world.load("b1", sales_frame(world.spark, sales), first)
    world.panel()
    context = context_for(world.spark, with_cutoff(world.config, CUTOFF), clock)
    alone = plan_run(context, RunLog(world.warehouse, clock))
    before = Run(
        "r1",
        "forecast",
        cutoff=CUTOFF - timedelta(days=1),
        settings_id=settings_id("forecast", world.config),
        class_models={"all": "shrunk_weekday", "smooth": "shrunk_weekday", "lumpy": "a model of old"},
    )
    RunLog(world.warehouse, clock).record(before, "complete", world.config)
    result = world.forecast()
    assert alone.usual_models == {}
    assert result.run_id != alone.run.run_id
    run = RunLog(world.warehouse, clock).find(result.run_id)
    assert run is not None
    assert run.class_models == {"all": "shrunk_weekday", "smooth": "shrunk_weekday"}
    by_class = [row for row in world.rows("models", result.run_id) if row["choice_level"] == "class"]
    assert {row["model"] for row in by_class} == {"shrunk_weekday"}
