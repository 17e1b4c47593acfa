"""Rolling back to an earlier run, and the retention of old runs."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import deltalake
import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import RetentionSettings
from lepton_spark.errors import InputError
from lepton_spark.pipelines.maintenance.maintain import run_maintain
from lepton_spark.pipelines.publish.published_state import published_state
from lepton_spark.pipelines.publish.rollback import RollbackResult, run_rollback
from tests.pipelines.test_publish import Shop


@pytest.fixture
def shop(spark: SparkSession, tmp_path: Path) -> Shop:
    made = Shop(spark, tmp_path / "tables")
    made.config = made.config.model_copy(
        update={"retention": RetentionSettings(runs=2, tables={"models": 1})}
    )
    return made


@dataclass(frozen=True)
class RolledBack:
    """A shop whose bad run was rolled back to the good one before it.

    version: of `latest_forecasts` before the rollback.
    """

    shop: Shop
    good: str
    bad: str
    version: int
    result: RollbackResult


@pytest.fixture(scope="module")
def rolled_back(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> RolledBack:
    shop = Shop(spark, tmp_path_factory.mktemp("rollback") / "tables")
    good, bad = shop.forecast(5.0), shop.forecast(50.0)
    shop.publish(good)
    shop.publish(bad)
    version = shop.warehouse.version("latest_forecasts") or 0
    return RolledBack(shop, good, bad, version, run_rollback(shop.context))


def test_rollback_publishes_the_earlier_run_in_one_commit(rolled_back: RolledBack) -> None:
    result, shop = rolled_back.result, rolled_back.shop
    assert (result.withdrawn, result.published.run_id) == (rolled_back.bad, rolled_back.good)
    assert result.published.published
    assert {row[0] for row in shop.published()} == {rolled_back.good}
    assert shop.warehouse.version("latest_forecasts") == rolled_back.version + 1


def test_rolled_back_state_names_both_runs_and_the_day(rolled_back: RolledBack) -> None:
    shop = rolled_back.shop
    state = published_state(shop.warehouse, shop.context.runs)
    assert state is not None
    assert state.run_id == rolled_back.good
    assert state.withdrawn is not None
    assert state.withdrawn.input_fingerprint == rolled_back.bad
    assert state.published_at.date() == shop.context.clock().date()


def test_withdrawn_run_is_not_published_again_by_a_scheduler(rolled_back: RolledBack) -> None:
    again = rolled_back.shop.publish(rolled_back.bad)
    assert (again.published, again.refused) == (False, False)
    assert "rolled back" in again.why
    assert {row[0] for row in rolled_back.shop.published()} == {rolled_back.good}


def test_newer_run_is_published_after_a_rollback(rolled_back: RolledBack) -> None:
    newer = rolled_back.shop.forecast(6.0)
    assert rolled_back.shop.publish(newer).published
    state = published_state(rolled_back.shop.warehouse, rolled_back.shop.context.runs)
    assert state is not None
    assert (state.run_id, state.withdrawn) == (newer, None)
    of_newer = f"input_fingerprint = '{newer}' AND state = 'complete'"
    assert rolled_back.shop.warehouse.read("runs").where(of_newer).count() == 1


def test_rollback_without_a_published_run_is_an_error(shop: Shop) -> None:
    with pytest.raises(InputError, match="nothing published"):
        run_rollback(shop.context)


def test_rollback_from_the_first_published_run_is_an_error(shop: Shop) -> None:
    shop.publish(shop.forecast(5.0))
    with pytest.raises(InputError, match="no run published before"):
        run_rollback(shop.context)


def test_rollback_to_an_unknown_run_is_an_error_and_writes_nothing(rolled_back: RolledBack) -> None:
    warehouse = rolled_back.shop.warehouse
    before = warehouse.version("runs")
    with pytest.raises(InputError, match="run to publish: found none"):
        run_rollback(rolled_back.shop.context, "nowhere")
    assert warehouse.version("runs") == before


def test_maintain_keeps_the_configured_runs_and_the_published_one(shop: Shop) -> None:
    runs = [shop.forecast(float(units)) for units in (1, 2, 3, 4)]
    shop.publish(runs[0])
    before = shop.published()
    old = time.time() - 86_400 * 40
    for file in (Path(shop.config.warehouse.root) / "forecasts").glob("**/*.parquet"):
        os.utime(file, (old, old))
    leftover = Path(shop.config.warehouse.root) / "_aside" / "half.txt"
    leftover.parent.mkdir()
    leftover.touch()
    done = run_maintain(shop.context)
    kept = {
        name: {row["run_id"] for row in shop.warehouse.read(name).collect()}
        for name in ("forecasts", "models")
    }
    assert kept == {"forecasts": {runs[0], *runs[2:]}, "models": {runs[0], runs[3]}}
    assert done.runs_deleted == {"forecasts": 1, "models": 2}
    assert not leftover.parent.exists()
    assert shop.published() == before
    assert shop.warehouse.read("runs").count() == 5  # the run log is kept
    table = deltalake.DeltaTable(str(Path(shop.config.warehouse.root) / "forecasts"))
    assert table.to_pyarrow_table().num_rows == 6
