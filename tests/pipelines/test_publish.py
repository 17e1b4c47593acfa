from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import deltalake
import duckdb
import polars as pl
import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import Config, ForecastSettings, WarehouseSettings
from lepton_spark.errors import InputError
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.publish.publish import PublishResult, run_publish
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS
from tests.pipelines.job_context import context_for

DAY = date(2021, 3, 31)
SERIES = {"product_id": "p", "location_id": "all"}


def ticking() -> Callable[[], datetime]:
    ticks = iter(range(10_000))
    return lambda: datetime(2021, 4, 1, tzinfo=UTC) + timedelta(seconds=next(ticks))


class Shop:
    """One product whose forecast runs are written directly, each with a later cutoff than the last."""

    def __init__(self, spark: SparkSession, root: Path) -> None:
        self.spark = spark
        self.config = Config(
            warehouse=WarehouseSettings(root=str(root)), forecast=ForecastSettings(horizon=2)
        )
        self.warehouse = Warehouse(spark, str(root))
        self.clock = ticking()
        self.day = DAY
        days = [{"first_date": date(2021, 1, 1), "chunk": 2021, "quantity": [1.0]} | SERIES]
        self.warehouse.append("panel", self.warehouse.rows("panel", days))

    def forecast(self, units: float, *, older: bool = False) -> str:
        """Writes a complete run with a later cutoff than all before, or an earlier one; returns its id."""
        self.day += timedelta(days=1)
        cutoff = DAY - timedelta(days=9) if older else self.day
        run_id = f"{cutoff}-{units}"
        of_run = {"run_id": run_id, "cutoff": cutoff, "model": "mean", "status": "ok"} | SERIES
        spread = dict.fromkeys(QUANTILE_LEVELS, units)
        ahead = [
            of_run | spread | {"step": step, "date": cutoff + timedelta(days=step), "forecast": units}
            for step in (1, 2)
        ]
        self.warehouse.append("forecasts", self.warehouse.rows("forecasts", ahead))
        self.warehouse.append("models", self.warehouse.rows("models", [of_run]))
        run = Run(run_id, "forecast", cutoff=cutoff, horizon=2)
        RunLog(self.warehouse, self.clock).record(run, "complete", self.config)
        return run_id

    @property
    def context(self) -> JobContext:
        return context_for(self.spark, self.config, self.clock)

    def publish(self, run_id: str | None = None, *, force: bool = False) -> PublishResult:
        return run_publish(self.context, run_id, force=force)

    def published(self) -> list[tuple[str, int, float, date]]:
        rows = self.warehouse.read("latest_forecasts").orderBy("step").collect()
        return [(row.run_id, row.step, row.forecast, row.valid_until) for row in rows]


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(spark, tmp_path_factory.mktemp("shop"))


def test_publish_replaces_the_forecasts_in_one_commit_and_only_once(shop: Shop) -> None:
    one = shop.forecast(5.0)
    assert shop.publish().published
    until = shop.day + timedelta(days=2)
    assert shop.published() == [(one, 1, 5.0, until), (one, 2, 5.0, until)]
    before = shop.warehouse.read("latest_forecasts").collect()
    version = shop.warehouse.version("latest_forecasts")
    assert shop.publish(one).published
    assert shop.warehouse.version("latest_forecasts") == version
    assert shop.warehouse.read("latest_forecasts").collect() == before
    two = shop.forecast(6.0)
    assert shop.publish(two).published
    assert shop.warehouse.version("latest_forecasts") == (version or 0) + 1
    assert {row[0] for row in shop.published()} == {two}


def test_publish_of_an_earlier_cutoff_must_be_forced(shop: Shop) -> None:
    new = shop.forecast(5.0)
    shop.publish(new)
    old = shop.forecast(7.0, older=True)
    result = shop.publish(old)
    assert (result.published, result.refused) == (False, False)
    assert {row[0] for row in shop.published()} == {new}
    assert shop.publish(old, force=True).published
    assert {row[0] for row in shop.published()} == {old}
    assert shop.publish().run_id == new  # the latest cutoff, not the run that completed last


def test_total_gate_names_the_product_and_day_that_made_it_fail(spark: SparkSession, tmp_path: Path) -> None:
    shop = Shop(spark, tmp_path)
    typo = {"first_date": date(2021, 2, 1), "quantity": [3.0, None, 40_123_455.0], "chunk": 2021}
    after_the_cutoff = {"first_date": date(2022, 1, 1), "quantity": [9e9], "chunk": 2022}
    years = [year | SERIES for year in (typo, after_the_cutoff)]
    shop.warehouse.overwrite("panel", shop.warehouse.rows("panel", years))
    run_id = shop.forecast(5.0)
    fit = {"run_id": run_id, "batch": 0, "model": "mean", "status": "ok", "cutoff": shop.day} | SERIES
    facts = {"n_days_known": 100, "recent_quantity": 40_123_500.0}
    steps = {"forecast": [5.0, 5.0], "parameters": {}, "errors": []}
    shop.warehouse.append("fits", shop.warehouse.rows("fits", [fit | facts | steps]))
    (gate,) = (gate for gate in shop.publish(run_id).gates if gate.failed)
    assert gate.name == "total_forecast"
    words = "of product 'p' at 'all' 5 forecast, 1.43298e+06 sold; largest day 2021-02-03 with 4.01235e+07"
    assert gate.found.endswith(words)


def test_error_gate_names_the_product_with_most_of_the_error(spark: SparkSession, tmp_path: Path) -> None:
    shop = Shop(spark, tmp_path)
    run_id = shop.forecast(5.0)
    scored = {"run_id": run_id, "window": 1, "split": "validation", "model": "pooled"} | SERIES
    rows = [
        scored | {"product_id": name, "role": role, "scaled_sse": error}
        for name, role, error in (
            *(("p", "chosen", 3.0), ("p", "seasonal_naive", 2.0)),
            *(("q", "chosen", 9.0), ("q", "seasonal_naive", 2.0)),
            *(("q", "runner_up", 99.0), ("r", "seasonal_naive", 50.0)),
        )
    ]
    test = scored | {"product_id": "r", "role": "chosen", "split": "test", "scaled_sse": 1e9}
    shop.warehouse.append("metrics", shop.warehouse.rows("metrics", [*rows, test]))
    summary = {"run_id": run_id, "segment": "all", "split": "validation", "model": "chosen", "window": 1}
    added = [summary | {"value_added": -0.5}]
    shop.warehouse.append("metrics_summary", shop.warehouse.rows("metrics_summary", added))
    (gate,) = (gate for gate in shop.publish(run_id).gates if gate.failed)
    assert gate.found == "1.5 times; most by product 'q' at 'all'"


@pytest.mark.parametrize(
    ("units", "gate"),
    [(None, "no_null"), (-1.0, "no_negative"), (float("inf"), "no_negative")],
    ids=["null", "negative", "infinite"],
)
def test_run_that_a_gate_refuses_does_not_replace_the_published_one(
    shop: Shop, units: float, gate: str
) -> None:
    if not shop.published():
        shop.publish(shop.forecast(5.0))
    before = shop.published()
    result = shop.publish(shop.forecast(units))
    assert (result.published, result.refused) == (False, True)
    assert [found.name for found in result.gates if found.failed] == [gate]
    assert shop.published() == before
    of_run = f"job = 'publish' AND state = 'refused' AND input_fingerprint = '{result.run_id}'"
    row = shop.warehouse.read("runs").where(of_run).first()
    assert row is not None
    assert [found.name for found in row.gates if found.passed is False] == [gate]


def test_publish_interrupted_before_its_commit_is_completed_by_the_next_attempt(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    run_id = shop.forecast(5.0)
    before = shop.published()
    with monkeypatch.context() as patch:
        patch.setattr(Warehouse, "overwrite", killed)
        with pytest.raises(KeyboardInterrupt):
            shop.publish(run_id)
    assert shop.published() == before
    assert shop.publish(run_id).published
    assert {row[0] for row in shop.published()} == {run_id}
    assert shop.warehouse.read("runs").where(f"input_fingerprint = '{run_id}'").count() == 1


def test_publish_needs_a_complete_run(spark: SparkSession, tmp_path: Path) -> None:
    config = Config(warehouse=WarehouseSettings(root=str(tmp_path)))
    with pytest.raises(InputError, match="run to publish: found none; allowed: a complete forecast run"):
        run_publish(context_for(spark, config))


def test_published_forecasts_are_read_without_spark(shop: Shop) -> None:
    shop.publish(shop.forecast(5.0))
    table = deltalake.DeltaTable(shop.warehouse.path("latest_forecasts"))
    assert table.protocol().min_reader_version == 1
    rows = table.to_pyarrow_dataset()
    total = duckdb.from_arrow(rows).aggregate("sum(forecast), max(date)").limit(1).fetchall()
    assert total == [(10.0, shop.day + timedelta(days=2))]
    frame = pl.read_delta(str(shop.warehouse.path("latest_forecasts"))).sort("step")
    assert frame["p50"].to_list() == [5.0, 5.0]
