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
from lepton_spark.pipelines.manifest import Run, RunLog
from lepton_spark.pipelines.progress import SilentProgress
from lepton_spark.pipelines.publish import PublishResult, publish
from lepton_spark.tables import Warehouse
from lepton_spark.tables.forecast_tables import QUANTILE_LEVELS

DAY = date(2021, 3, 31)
SERIES = {"product_id": "p", "location_id": "all"}


def ticking() -> Callable[[], datetime]:
    ticks = iter(range(10_000))
    return lambda: datetime(2021, 4, 1, tzinfo=UTC) + timedelta(seconds=next(ticks))


class Shop:
    """One product whose runs are written by hand."""

    def __init__(self, spark: SparkSession, root: Path) -> None:
        self.spark = spark
        self.config = Config(
            warehouse=WarehouseSettings(root=str(root)), forecast=ForecastSettings(horizon=2)
        )
        self.warehouse = Warehouse(spark, str(root))
        self.clock = ticking()

    def forecast(self, run_id: str, cutoff: date, units: float) -> None:
        days = [{"first_date": date(2021, 1, 1), "chunk": 2021, "quantity": [1.0]} | SERIES]
        self.warehouse.overwrite("panel", self.warehouse.rows("panel", days))
        of_run = {"run_id": run_id, "cutoff": cutoff, "model": "mean", "status": "ok"} | SERIES
        spread = dict.fromkeys(QUANTILE_LEVELS, units)
        ahead = [
            of_run | spread | {"step": step, "date": cutoff + timedelta(days=step), "forecast": units}
            for step in (1, 2)
        ]
        self.warehouse.append("forecasts", self.warehouse.rows("forecasts", ahead))
        self.warehouse.append("models", self.warehouse.rows("models", [of_run]))
        log = RunLog(self.warehouse, self.clock)
        log.complete(log.start(Run(run_id, "forecast", cutoff=cutoff, horizon=2), self.config))

    def publish(self, run_id: str | None = None, *, force: bool = False) -> PublishResult:
        return publish(self.spark, self.config, run_id, self.clock, force=force, progress=SilentProgress())

    def published(self) -> list[tuple[str, int, float, date]]:
        rows = self.warehouse.read("latest_forecasts").orderBy("step").collect()
        return [(row.run_id, row.step, row.forecast, row.valid_until) for row in rows]


@pytest.fixture
def shop(spark: SparkSession, tmp_path: Path) -> Shop:
    return Shop(spark, tmp_path / "shop")


def test_publish_replaces_the_forecasts_in_one_commit_once_a_run(shop: Shop) -> None:
    shop.forecast("one", DAY, 5.0)
    assert shop.publish().published
    until = date(2021, 4, 2)  # the last day with a forecast; publish.valid_days is 7, the horizon 2
    assert shop.published() == [("one", 1, 5.0, until), ("one", 2, 5.0, until)]
    before = shop.warehouse.read("latest_forecasts").collect()
    version = shop.warehouse.version("latest_forecasts")
    assert shop.publish("one").published
    assert shop.warehouse.version("latest_forecasts") == version
    assert shop.warehouse.read("latest_forecasts").collect() == before
    shop.forecast("two", DAY, 6.0)
    assert shop.publish("two").published
    assert shop.warehouse.version("latest_forecasts") == (version or 0) + 1
    assert {row[0] for row in shop.published()} == {"two"}


def test_publish_of_an_older_cutoff_needs_to_be_told(shop: Shop) -> None:
    shop.forecast("new", DAY, 5.0)
    shop.publish("new")
    shop.forecast("old", DAY - timedelta(days=1), 7.0)
    result = shop.publish("old")
    assert (result.published, result.refused) == (False, False)
    assert {row[0] for row in shop.published()} == {"new"}
    assert shop.publish("old", force=True).published
    assert {row[0] for row in shop.published()} == {"old"}


@pytest.mark.parametrize(
    ("units", "gate"),
    [(None, "no_null"), (-1.0, "no_negative"), (float("inf"), "no_negative")],
    ids=["null", "negative", "infinite"],
)
def test_gate_refuses_the_run_and_the_published_one_stands(shop: Shop, units: float, gate: str) -> None:
    shop.forecast("good", DAY, 5.0)
    shop.publish("good")
    shop.forecast("bad", DAY + timedelta(days=1), units)
    result = shop.publish("bad")
    assert (result.published, result.refused) == (False, True)
    assert [found.name for found in result.gates if not found.passed] == [gate]
    assert {row[0] for row in shop.published()} == {"good"}
    row = shop.warehouse.read("runs").where("job = 'publish' AND state = 'refused'").first()
    assert row is not None
    assert [found.name for found in row.gates if not found.passed] == [gate]


def test_publish_cut_short_before_its_commit_is_done_by_the_next_try(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    shop.forecast("one", DAY, 5.0)
    with monkeypatch.context() as patch:
        patch.setattr(Warehouse, "overwrite", killed)
        with pytest.raises(KeyboardInterrupt):
            shop.publish("one")
    assert shop.published() == []
    assert shop.publish("one").published
    assert {row[0] for row in shop.published()} == {"one"}
    assert shop.warehouse.read("runs").where("job = 'publish'").count() == 1


def test_publish_needs_a_complete_run(shop: Shop) -> None:
    with pytest.raises(InputError, match="run to publish: found none; allowed: a complete forecast run"):
        shop.publish()


def test_published_forecasts_are_read_without_spark(shop: Shop) -> None:
    shop.forecast("one", DAY, 5.0)
    shop.publish()
    table = deltalake.DeltaTable(shop.warehouse.path("latest_forecasts"))
    assert table.protocol().min_reader_version == 1
    rows = table.to_pyarrow_dataset()
    total = duckdb.from_arrow(rows).aggregate("sum(forecast), max(date)").limit(1).fetchall()
    assert total == [(10.0, date(2021, 4, 2))]
    frame = pl.read_delta(str(shop.warehouse.path("latest_forecasts"))).sort("step")
    assert frame["p50"].to_list() == [5.0, 5.0]
