"""A run whose products choose from models of their own by list, category and demand class."""

import io
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from rich.console import Console

from lepton_spark.config import Config
from lepton_spark.pipelines.forecast.forecast import run_forecast
from lepton_spark.pipelines.forecast.plan import plan_run
from lepton_spark.pipelines.panel import run_panel
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.report.console import print_summary
from lepton_spark.report.gathered.accuracy import segment_errors
from lepton_spark.report.summary import SegmentGain, segment_gains, summarize
from lepton_spark.tables import Warehouse
from tests.pipelines.job_context import context_for, with_cutoff

FIRST = date(2023, 1, 2)
N_DAYS, HORIZON = 140, 7
LAST = FIRST + timedelta(days=N_DAYS - 1)
LISTED, GARDEN, RARE, PLAIN = "listed", "garden", "rare", "plain"
N_PRODUCTS = {LISTED: 4, GARDEN: 24, RARE: 24, PLAIN: 24}
NAMES = ("by list", "by category", "by class", "empty")
WRITTEN = (
    "fits",
    "models",
    "metrics",
    "metrics_summary",
    "forecasts",
    "group_forecasts",
    "candidates",
    "runs",
)
SEGMENTS: list[dict[str, Any]] = [
    {"name": "by list", "products": ["listed00", "listed01", "listed02", "garden00", "gone"]},
    {"name": "by category", "category": ["Garden"], "models": ["seasonal_window_average", "zero"]},
    {"name": "by class", "demand_class": ["intermittent"], "models": ["tsb"]},
    {"name": "empty", "category": ["Nothing"], "models": ["tsb"]},
]


def clock() -> datetime:
    return datetime(2023, 6, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Store:
    """A shop whose garden goods have a strong week, and whose rare goods sell on one day in three."""

    spark: SparkSession
    root: str

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.spark, self.root)

    def config(self, segments: list[dict[str, Any]], cutoff: date = LAST) -> Config:
        made = Config.model_validate(
            {
                "warehouse": {"root": self.root},
                "products": {"path": "products.csv", "columns": {"category": "kind"}},
                "forecast": {"horizon": HORIZON, "models": ["mean", "zero"], "refit_days": 3},
                "backtest": {"validation_windows": 3, "stride": 7, "min_train_days": 28},
                "segments": segments,
            }
        )
        return with_cutoff(made, cutoff)

    def load(self) -> None:
        generator = np.random.default_rng(5)
        week = np.tile([1.0, 1.0, 2.0, 8.0, 12.0, 16.0, 20.0], N_DAYS // 7 + 1)[: N_DAYS + 1]
        rates = {
            LISTED: np.full(N_DAYS + 1, 9.0),
            GARDEN: week,
            RARE: np.full(N_DAYS + 1, 6.0),
            PLAIN: np.full(N_DAYS + 1, 9.0),
        }
        rows = []
        for kind, count in N_PRODUCTS.items():
            units = generator.poisson(rates[kind], (count, N_DAYS + 1)).astype(float)
            if kind == RARE:
                units *= generator.random(units.shape) < 1 / 3
            rows += [
                (f"{kind}{product:02}", "all", FIRST + timedelta(days=day), float(sold))
                for (product, day), sold in np.ndenumerate(units)
            ]
        columns = "product_id string, location_id string, date date, quantity double"
        others = {"sold_quantity": F.col("quantity"), "price": F.lit(2.0), "ingest_batch": F.lit("b1")}
        others |= {name: F.lit(0.0) for name in ("cancelled_quantity", "returned_quantity")}
        others |= {"n_transactions": F.lit(1).cast("bigint")}
        self.warehouse.append("sales", self.spark.createDataFrame(rows, columns).withColumns(others))
        products = [
            {
                "product_id": f"{GARDEN}{number:02}",
                "location_id": "*",
                "category": "Garden",
                "known_at": FIRST,
            }
            for number in range(N_PRODUCTS[GARDEN])
        ]
        self.warehouse.append("products", self.warehouse.rows("products", products))
        config = self.config([])
        load = Run("load", "ingest", ingest_batch="b1", load_number=1, min_date=FIRST, max_date=LAST)
        RunLog(self.warehouse, clock).record(load, "complete", config)
        run_panel(context_for(self.spark, config, clock))

    def run(self, segments: list[dict[str, Any]], cutoff: date = LAST) -> str:
        return run_forecast(context_for(self.spark, self.config(segments, cutoff), clock)).run_id

    def rows(self, name: str, run_id: str) -> list[dict[str, Any]]:
        rows = self.warehouse.read(name).where(F.col("run_id") == run_id).collect()
        return [row.asDict(recursive=True) for row in rows]

    def models(self, run_id: str) -> dict[str, dict[str, Any]]:
        return {row["product_id"]: row for row in self.rows("models", run_id)}

    def summary_rows(self, run_id: str) -> dict[tuple[str, str], dict[str, Any]]:
        rows = [row for row in self.rows("metrics_summary", run_id) if row["split"] == "test"]
        return {(row["segment"], row["model"]): row for row in rows}


@pytest.fixture(scope="module")
def store(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = Store(spark, str(tmp_path_factory.mktemp("segments") / "tables"))
    made.load()
    return made


@pytest.fixture(scope="module")
def run_id(store: Store) -> str:
    return store.run(SEGMENTS)


@pytest.fixture(scope="module")
def without(store: Store) -> str:
    """A run of the same sales without segments."""
    return store.run([])


def test_products_are_routed_by_list_category_and_class(store: Store, run_id: str) -> None:
    found = {
        name: (row["model"], row["choice_level"].partition(" ")[2])
        for name, row in store.models(run_id).items()
    }
    listed = {f"listed{number:02}" for number in range(3)} | {"garden00"}  # the list comes first
    for name, (model, segment) in found.items():
        if name in listed:
            assert (model, segment) == ("mean", "(segment=by list)")
        elif name.startswith(GARDEN):
            assert (model, segment) == ("seasonal_window_average", "(segment=by category)")
        elif name.startswith(RARE):
            assert (model, segment) == ("tsb", "(segment=by class)")
        else:
            assert (model, segment) == ("mean", "")
    sizes = {row["segment"]: row["n_series"] for row in store.rows("group_forecasts", run_id)}
    configured = {name: size for name, size in sizes.items() if name.startswith("segment=")}
    assert configured == {"segment=by list": 4, "segment=by category": 23, "segment=by class": 24}


def test_products_in_no_segment_are_forecast_as_without_segments(
    store: Store, run_id: str, without: str
) -> None:
    """So are those of a segment with the standard models."""
    ours, theirs = store.models(run_id), store.models(without)
    same = [name for name, row in ours.items() if row["forecast_hash"] == theirs[name]["forecast_hash"]]
    assert sorted(same) == ["garden00", *sorted(name for name in ours if name.startswith((LISTED, PLAIN)))]


def test_standard_errors_of_a_segment_are_those_of_a_run_without_it(
    store: Store, run_id: str, without: str
) -> None:
    """RMSSE by hand from the rows of single products, of which garden00 is in another segment."""
    rows = [
        row
        for row in store.rows("metrics", without)
        if row["role"] == "chosen" and row["split"] == "test" and row["product_id"].startswith(GARDEN)
    ]
    mine = [row for row in rows if row["product_id"] != "garden00"]
    n_obs = sum(row["n_obs"] for row in mine)
    rmsse = math.sqrt(math.fsum(row["scaled_sse"] for row in mine) / n_obs)
    standard = store.summary_rows(run_id)["segment=by category", "standard"]
    assert (standard["n_series"], standard["n_obs"]) == (23, n_obs) == (23, 23 * HORIZON)
    assert standard["rmsse"] == pytest.approx(rmsse)
    naive = store.summary_rows(run_id)["segment=by category", "seasonal_naive"]
    assert standard["value_added"] == pytest.approx(1 - rmsse / naive["rmsse"])


def test_summary_and_report_have_what_each_segment_gained(store: Store, run_id: str) -> None:
    gains = {gain.name: gain for gain in segment_gains(store.warehouse, run_id, NAMES)}
    rows = store.summary_rows(run_id)
    for name, n_series in {"by list": 4, "by category": 23, "by class": 24}.items():
        figures = (rows[f"segment={name}", model]["rmsse"] for model in ("chosen", "standard"))
        assert gains[name] == SegmentGain(name, n_series, n_series, *figures)
    assert gains["by list"].gain == 0.0
    assert (gains["by category"].gain or 0.0) > 0.5
    assert gains["empty"] == SegmentGain("empty", 0, 0, None, None)

    in_report = {one.segment: one for one in segment_errors(store.warehouse, run_id)}
    garden = in_report["segment=by category"]
    assert (garden.rmsse, garden.standard_rmsse) == (
        gains["by category"].rmsse,
        gains["by category"].standard_rmsse,
    )

    console = Console(file=io.StringIO(), width=120)
    summary = summarize(store.warehouse, run_id, segments=NAMES)
    print_summary(console, summary, {}, store.warehouse, ahead="7 days ahead", published=False)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "What segments gained on the test window" in printed
    (line,) = [line for line in printed.splitlines() if "by list" in line]
    assert line.endswith("+0.0% │")
    (line,) = [line for line in printed.splitlines() if "empty" in line]
    assert [cell.strip() for cell in line.split("│")[2:4]] == ["none matches", "0"]


def test_rerun_changes_nothing(store: Store, run_id: str) -> None:
    before = [store.warehouse.version(name) for name in WRITTEN]
    assert store.run(SEGMENTS) == run_id
    assert [store.warehouse.version(name) for name in WRITTEN] == before


def test_plan_names_listed_products_without_sales(store: Store, run_id: str) -> None:
    changed = [{**SEGMENTS[0], "models": ["zero"]}]
    plan = plan_run(context_for(store.spark, store.config(changed), clock), RunLog(store.warehouse, clock))
    assert plan.run.run_id != run_id
    assert plan.warnings == ("segment by list: 1 of 5 listed products have no sales, such as 'gone'",)


def test_run_between_full_ones_keeps_the_models_of_segments(store: Store, run_id: str) -> None:
    daily = store.run(SEGMENTS, LAST + timedelta(days=1))
    before, now = store.models(run_id), store.models(daily)
    assert store.rows("candidates", daily) == []
    for column in ("model", "runner_up", "choice_level"):
        assert {name: row[column] for name, row in now.items()} == {
            name: row[column] for name, row in before.items()
        }
    assert segment_gains(store.warehouse, daily, NAMES) == segment_gains(store.warehouse, run_id, NAMES)
