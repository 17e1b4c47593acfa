"""Rolling back to an earlier run, and the retention of old runs."""

import os
import time
from pathlib import Path

import deltalake
import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import RetentionSettings
from lepton_spark.errors import InputError
from lepton_spark.pipelines.maintenance.maintain import run_maintain
from lepton_spark.pipelines.publish.rollback import RollbackResult, run_rollback
from tests.pipelines.test_publish import Shop


def _rollback(shop: Shop, run_id: str | None = None) -> RollbackResult:
    return run_rollback(shop.context, run_id)


@pytest.fixture
def shop(spark: SparkSession, tmp_path: Path) -> Shop:
    made = Shop(spark, tmp_path / "tables")
    made.config = made.config.model_copy(
        update={"retention": RetentionSettings(runs=2, tables={"models": 1})}
    )
    return made


def test_rollback_publishes_the_earlier_run_in_one_commit_and_later_runs_work(shop: Shop) -> None:
    with pytest.raises(InputError, match="nothing published"):
        _rollback(shop)
    good, bad = shop.forecast(5.0), shop.forecast(50.0)
    shop.publish(good)
    with pytest.raises(InputError, match="no run published before"):
        _rollback(shop)
    shop.publish(bad)
    version = shop.warehouse.version("latest_forecasts") or 0
    result = _rollback(shop)
    assert (result.withdrawn, result.published.run_id, result.published.published) == (bad, good, True)
    assert {row[0] for row in shop.published()} == {good}
    assert shop.warehouse.version("latest_forecasts") == version + 1
    again = shop.publish(bad)  # as a scheduler would that repeats the same run
    assert (again.published, again.refused) == (False, False)
    assert "rolled back" in again.why
    assert {row[0] for row in shop.published()} == {good}
    newer = shop.forecast(6.0)
    assert shop.publish(newer).published
    before = shop.warehouse.read("runs").count()
    with pytest.raises(InputError, match="run to publish: found none"):
        _rollback(shop, "nowhere")
    assert (
        shop.warehouse.read("runs").where(f"input_fingerprint = '{newer}' AND state = 'complete'").count()
        == 1
    )
    assert shop.warehouse.read("runs").count() == before


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
