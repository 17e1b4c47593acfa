"""Sales to forecasts on a shop of nine products, in few runs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

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
from lepton_spark.pipelines.forecast import ForecastResult, forecast
from lepton_spark.pipelines.manifest import Run, RunLog
from lepton_spark.pipelines.panel import update_panel
from lepton_spark.pipelines.progress import SilentProgress
from lepton_spark.tables import Warehouse

FIRST = date(2023, 10, 2)  # a Monday
CUTOFF = date(2024, 3, 29)  # a Friday: 180 days, two years
LAST = CUTOFF + timedelta(days=14)
HORIZON = 7

Sale = tuple[str, date, float]


def clock() -> datetime:
    return datetime(2024, 4, 1, tzinfo=UTC)


def open_days(first: date, last: date) -> list[date]:
    """All days but Saturdays."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if day.weekday() != 5]


def daily(product: str, first: date, last: date, level: float) -> list[Sale]:
    return [(product, day, level + day.weekday() + n % 3) for n, day in enumerate(open_days(first, last))]


def shop(last: date) -> list[Sale]:
    """Every kind of product that a run must know how to take; what comes after `last` is not there yet."""
    steady = [sale for n in range(5) for sale in daily(f"steady-{n}", FIRST, LAST, 5.0 + n)]
    rare = [("rare", day, 2.0) for day in open_days(FIRST, LAST)[::9]]
    gone = daily("gone", FIRST, FIRST + timedelta(days=40), 3.0)
    returned = [("returned-only", CUTOFF - timedelta(days=3), 0.0)]
    once = [("once", CUTOFF - timedelta(days=4), 3.0)]
    future = daily("future", CUTOFF + timedelta(days=2), LAST, 9.0)
    return [sale for sale in (*steady, *rare, *gone, *returned, *once, *future) if sale[1] <= last]


SALES_SCHEMA = (
    "product_id string, location_id string, date date, quantity double, sold_quantity double, "
    "cancelled_quantity double, returned_quantity double, n_transactions long, price double, "
    "ingest_batch string"
)


def sales_frame(spark: SparkSession, sales: Iterable[Sale]) -> DataFrame:
    rows = [(product, "all", day, units, units, 0.0, 0.0, 1, 2.5, "b") for product, day, units in sales]
    return spark.createDataFrame(rows, SALES_SCHEMA)


@dataclass
class World:
    """A warehouse with its jobs."""

    spark: SparkSession
    warehouse: Warehouse
    config: Config
    read: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)

    def load(self, name: str, frame: DataFrame, min_date: date) -> None:
        self.warehouse.append("sales", frame)
        started: dict[str, Any] = {"min_date": min_date, "max_date": LAST, "started_at": clock()}
        run = Run(name, "ingest", ingest_batch=name, load_number=int(name[1:]), **started)
        RunLog(self.warehouse, clock).complete(run)

    def panel(self) -> tuple[int, ...]:
        return update_panel(self.spark, self.config, clock, SilentProgress()).years

    def forecast(self, cutoff: date | None = CUTOFF) -> ForecastResult:
        return forecast(self.spark, self.config, cutoff, clock, SilentProgress())

    def rows(self, name: str, run_id: str) -> list[dict[str, Any]]:
        """A complete run's rows, which never change."""
        if (name, run_id) not in self.read:
            frame = self.warehouse.read(name).where(F.col("run_id") == run_id)
            self.read[name, run_id] = [row.asDict(recursive=True) for row in frame.collect()]
        return self.read[name, run_id]

    def hashes(self, run_id: str) -> dict[str, str]:
        return {row["product_id"]: row["forecast_hash"] for row in self.rows("models", run_id)}


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
    """A world in which everything up to `LAST` was loaded and `CUTOFF` was forecast."""

    world: World
    result: ForecastResult


@pytest.fixture(scope="module")
def done(make_world: MakeWorld) -> Done:
    world = make_world()
    world.load("b1", sales_frame(world.spark, shop(CUTOFF)), FIRST)
    later = [sale for sale in shop(LAST) if sale[1] > CUTOFF]
    world.load("b2", sales_frame(world.spark, later), CUTOFF + timedelta(days=1))
    world.panel()
    return Done(world, world.forecast())


def test_forecast_gives_every_product_known_by_the_cutoff_one_row(done: Done) -> None:
    products = sorted(row["product_id"] for row in done.world.rows("models", done.result.run_id))
    assert products == ["gone", "once", "rare", "returned-only", *(f"steady-{n}" for n in range(5))]


def test_forecast_gives_every_product_every_day_ahead(done: Done) -> None:
    rows = done.world.rows("forecasts", done.result.run_id)
    days = sorted((row["product_id"], row["step"], row["date"]) for row in rows)
    products = sorted({row["product_id"] for row in rows})
    expected = [
        (product, n, CUTOFF + timedelta(days=n)) for product in products for n in range(1, HORIZON + 1)
    ]
    assert days == expected
    assert all(row["cutoff"] == CUTOFF and row["forecast"] >= 0 for row in rows)


def test_forecast_of_a_closed_weekday_is_zero_and_of_others_is_not(done: Done) -> None:
    steady = [
        row for row in done.world.rows("forecasts", done.result.run_id) if row["product_id"] == "steady-0"
    ]
    closed = [row for row in steady if row["date"].weekday() == 5]
    assert [(row["forecast"], row["p05"], row["p95"]) for row in closed] == [(0.0, 0.0, 0.0)]
    assert all(row["forecast"] > 3 for row in steady if row["date"].weekday() != 5)


def test_forecast_of_an_obsolete_product_is_zero_with_that_status(done: Done) -> None:
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


def test_metrics_hold_each_role_and_only_the_test_window_has_quantiles(done: Done) -> None:
    rows = [row for row in done.world.rows("metrics", done.result.run_id) if row["product_id"] == "steady-0"]
    roles = sorted((row["role"], row["split"], row["window"]) for row in rows)
    splits = [("test", 0), *(("validation", window) for window in range(1, 6))]
    assert roles[:6] == [("chosen", *split) for split in splits]
    assert roles[-6:] == [("seasonal_naive", *split) for split in splits]
    assert {row["n_obs"] for row in rows} == {6}  # seven days of which a Saturday is unknown
    assert {row["split"] for row in rows if row["pinball"] is not None} == {"test"}
    naive = next(row for row in rows if row["role"] == "seasonal_naive" and row["split"] == "test")
    assert naive["mae"] == pytest.approx(naive["abs_error"] / 6)
    assert naive["wape"] == pytest.approx(naive["abs_error"] / naive["sum_actual"])


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
    naive = [row for row in summary if row["model"] == "seasonal_naive"]
    assert {row["value_added"] for row in naive} == {0.0, None}
    assert all(row["sse"] == 0 for row in naive if row["value_added"] is None)  # what is gone stays gone
    assert len({(row["segment"], row["model"], row["split"]) for row in summary}) == len(summary)


def test_forecast_of_a_complete_run_does_nothing(done: Done) -> None:
    before = done.world.warehouse.version("fits")
    again = done.world.forecast()
    assert again.already_complete
    assert again.run_id == done.result.run_id
    assert again.n_series == done.result.n_series == 9
    assert done.world.warehouse.version("fits") == before


def test_forecast_is_the_same_without_later_days_in_other_partitions_and_any_order(
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
    assert world.hashes(result.run_id) == done.world.hashes(done.result.run_id)
    keys = ("segment", "model", "split")
    summaries = [
        {tuple(row[key] for key in keys): row for row in one.rows("metrics_summary", result.run_id)}
        for one in (world, done.world)
    ]
    assert summaries[0] == summaries[1]


def test_panel_repacks_only_the_years_that_changed(make_world: MakeWorld) -> None:
    world = make_world()
    world.load("b1", sales_frame(world.spark, [("a", FIRST, 1.0), ("a", CUTOFF, 2.0)]), FIRST)
    assert world.panel() == (2023, 2024)
    assert world.panel() == ()
    world.load("b2", sales_frame(world.spark, [("b", CUTOFF, 4.0)]), CUTOFF)
    assert world.panel() == (2024,)
    packed = world.warehouse.read("panel").orderBy("product_id", "chunk").collect()
    assert [(row.product_id, row.chunk, row.first_date, row.quantity) for row in packed] == [
        ("a", 2023, FIRST, [1.0]),
        ("a", 2024, CUTOFF, [2.0]),
        ("b", 2024, CUTOFF, [4.0]),
    ]


def test_forecast_of_three_rising_days_is_three_hundred(make_world: MakeWorld) -> None:
    world = make_world(
        forecast=ForecastSettings(horizon=1, models=("linear_regression",)),
        backtest=BacktestSettings(validation_windows=0),
    )
    days = [CUTOFF - timedelta(days=2), CUTOFF - timedelta(days=1), CUTOFF]
    world.load(
        "b1", sales_frame(world.spark, zip(["a"] * 3, days, [150.0, 200.0, 250.0], strict=True)), days[0]
    )
    with pytest.raises(InputError, match=r"table panel: found none.*Run `lepton panel` first"):
        world.forecast(None)
    world.panel()
    result = world.forecast(None)
    (row,) = world.rows("forecasts", result.run_id)
    assert (result.cutoff, row["date"], row["model"], row["status"]) == (
        CUTOFF,
        CUTOFF + timedelta(days=1),
        "linear_regression",
        "ok",
    )
    assert row["forecast"] == pytest.approx(300.0)
