"""Tables of the first schema version are detected and migrated without losing a row."""

import json
import os
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import deltalake
import numpy as np
import pytest
from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import Config, WarehouseSettings
from lepton_spark.errors import InputError, LeaseError
from lepton_spark.forecasting.passes.pool_statistics import collect_pools
from lepton_spark.forecasting.passes.tree_training import collect_trees
from lepton_spark.models.pooled.regressors.path_contributions import path_contributions
from lepton_spark.models.pooled.settings import PooledSettings
from lepton_spark.pipelines.maintenance.migrate import (
    require_migratable,
    require_present_version,
    run_migrate,
)
from lepton_spark.tables import TABLES, Warehouse
from lepton_spark.tables.delta.migration import SCHEMA_VERSION, VERSION_KEY
from tests.pipelines.job_context import context_for
from tests.pipelines.shop import Shop, a_shop

VERSION_1: Mapping[str, Any] = json.loads(Path(__file__).with_name("tables_of_version_1.json").read_text())
"""The first declarations of four tables whose columns, constraints or properties have changed since."""

DAY_1 = "1,A,2021-01-01 10:00,2,5,c1\n2,A,2021-01-01 11:00,3,6,c2\n3,POST,2021-01-01 11:00,3,6,c2\n"
DAY_2 = "C2,A,2021-01-02 09:00,-3,6,c2\n4,B,2021-01-02 09:00,1,1,\n"


def make_as_version_1(spark: SparkSession, path: str, name: str, rows: DataFrame) -> None:
    old = VERSION_1[name]
    builder = DeltaTable.create(spark).location(path)
    for column, kind, nullable in old["columns"]:
        builder.addColumn(column, kind, nullable=nullable)
    checks = {f"delta.constraints.{check}": condition for check, condition in old["checks"].items()}
    for key, value in {**checks, **old["properties"], "delta.enableDeletionVectors": "false"}.items():
        builder.property(key, value)
    builder.partitionedBy(*old["partition_by"]).execute()
    rows.select(*(column for column, *_ in old["columns"])).write.format("delta").mode("append").save(path)


def downgrade(shop: Shop) -> None:
    """Replaces the tables that version 1 had by tables of version 1 with the same rows."""
    for name in VERSION_1:
        path = Path(shop.warehouse.path(name))
        rows = shop.spark.createDataFrame(shop.warehouse.read(name).toArrow())
        if "line_hash" in rows.columns:  # it had 64 digits until version 6
            rows = rows.withColumn("line_hash", F.concat("line_hash", "line_hash"))
        shutil.rmtree(path, ignore_errors=True)
        make_as_version_1(shop.spark, str(path), name, rows)


def declared(warehouse: Warehouse, name: str) -> dict[str, Any]:
    """The declaration stored in a table: columns in any order, and properties."""
    table = deltalake.DeltaTable(warehouse.path(name))
    fields = {field.name: (str(field.type), field.nullable) for field in table.schema().fields}
    properties = {key: "".join(value.split()) for key, value in table.metadata().configuration.items()}
    properties.pop("delta.columnMapping.mode", None)
    return {"fields": fields, "properties": properties}


@pytest.mark.slow
def test_tables_of_the_first_version_are_refused_until_they_are_migrated(
    spark: SparkSession, tmp_path: Path
) -> None:
    shop = a_shop(spark, tmp_path / "old")
    assert shop.warehouse.schema_version() is None
    require_present_version(shop.warehouse)  # there is no table yet
    shop.deliver("day1.csv", DAY_1)
    shop.load()
    assert shop.warehouse.schema_version() == SCHEMA_VERSION
    require_present_version(shop.warehouse)
    downgrade(shop)
    rows = {name: shop.warehouse.read(name).count() for name in VERSION_1}
    assert {len(row["line_hash"]) for row in shop.warehouse.read("transactions").collect()} == {64}
    with pytest.raises(InputError, match=r"found schema version 1; allowed: version 12. Run `lepton mig"):
        require_present_version(shop.warehouse)

    require_migratable(shop.warehouse)
    done = run_migrate(shop.context())
    assert done.found == 1
    assert [*done.done][-1] == "runs"
    require_present_version(shop.warehouse)
    fresh = Warehouse(spark, str(tmp_path / "fresh"))
    for name in VERSION_1:
        fresh.append(name, fresh.read(name))
        assert declared(shop.warehouse, name) == declared(fresh, name), name
        assert set(shop.warehouse.read(name).columns) == set(TABLES[name].column_names)
    assert rows == {name: shop.warehouse.read(name).count() for name in VERSION_1}
    assert not any(run_migrate(shop.context()).done.values())  # nothing is left to do

    shop.deliver("day1_again.csv", DAY_1.replace(",2,5,", ",2.0,5.00,") + DAY_2)
    again = shop.load()
    assert (again.counts["already_loaded"], again.counts["accepted"]) == (3, 2)  # one was rejected
    assert {key: figures[0] for key, figures in shop.sales().items()} == {
        ("A", "2021-01-01"): 2.0,  # the cancellation has found the order of day 1
        ("A", "2021-01-02"): 0.0,
        ("B", "2021-01-02"): 1.0,
    }


def test_pools_of_the_second_version_are_read_without_holiday_effects(
    spark: SparkSession, tmp_path: Path
) -> None:
    """A run that was interrupted before the migration may continue after it."""
    warehouse = Warehouse(spark, str(tmp_path))
    builder = DeltaTable.create(spark).location(warehouse.path("pools")).property(VERSION_KEY, "2")
    for column in TABLES["pools"].columns:
        if column.name not in ("public_days", "reason"):
            builder.addColumn(column.name, column.type, nullable=column.nullable)
    builder.partitionedBy("run_id").execute()
    row = {"run_id": "r", "cutoff": date(2021, 1, 31), "n_series": 3, "weekday_index": [1.0] * 28}
    more = {"log_dispersion": 0.5, "year_weeks": [1.0] * 13}
    rows = warehouse.rows("pools", [row | more]).drop("public_days", "reason")
    rows.write.format("delta").mode("append").save(warehouse.path("pools"))
    assert "column public_days added" in warehouse.migrate("pools")
    (pool,) = collect_pools(warehouse.read("pools"), PooledSettings()).values()
    assert set(pool.factors) == {"year_weeks"}
    assert pool.log_dispersion.tolist() == [0.5]


def test_trees_of_the_tenth_version_are_read_without_the_counts_of_their_leaves(
    spark: SparkSession, tmp_path: Path
) -> None:
    """A run that keeps models uses the trees of a full run from before the migration."""
    warehouse = Warehouse(spark, str(tmp_path))
    builder = DeltaTable.create(spark).location(warehouse.path("pooled_trees")).property(VERSION_KEY, "10")
    for column in TABLES["pooled_trees"].columns:
        if column.name != "count":
            builder.addColumn(column.name, column.type, nullable=column.nullable)
    builder.partitionedBy("run_id").execute()
    row = {"run_id": "r", "trained_until": date(2021, 1, 31), "part": 0, "foretells": "mean", "n_series": 3}
    nodes = {"baseline": 0.5, "feature": [2], "threshold": [1.5], "tree": [0], "ruled_out": [1]}
    rows = warehouse.rows("pooled_trees", [row | nodes | {"value": [1.0, 2.0] + [0.0] * 14}]).drop("count")
    rows.write.format("delta").mode("append").save(warehouse.path("pooled_trees"))
    assert "column count added" in warehouse.migrate("pooled_trees")
    (trained,) = collect_trees(warehouse.read("pooled_trees")).values()
    assert trained.mean[0].count is None
    assert path_contributions(trained.all_bags, np.arange(3), 3, of_mean=0)[0, :2].tolist() == [
        [1.5, 0.0, -0.5],
        [1.5, 0.0, 0.5],
    ]


def test_candidates_of_the_ninth_version_take_one_row_per_series(spark: SparkSession, tmp_path: Path) -> None:
    """The column `model` could not be null, and a constraint was on a column that is no longer declared."""
    warehouse = Warehouse(spark, str(tmp_path))
    builder = DeltaTable.create(spark).location(warehouse.path("candidates")).property(VERSION_KEY, "9")
    for name, kind in (("run_id", "STRING"), ("product_id", "STRING"), ("location_id", "STRING")):
        builder.addColumn(name, kind, nullable=False)
    builder.addColumn("batch", "INT", nullable=False).addColumn("model", "STRING", nullable=False)
    builder.addColumn("demand_class", "STRING").addColumn("capped_sse", "DOUBLE")
    builder.property("delta.constraints.finite_capped_sse", "capped_sse IS NULL OR capped_sse >= 0")
    builder.partitionedBy("run_id").execute()
    done = warehouse.migrate("candidates")
    assert "column model may be null" in done
    assert "constraint finite_capped_sse dropped" in done
    row = {"run_id": "r", "product_id": "a", "location_id": "all", "batch": 0, "sse": [2.5]}
    warehouse.append("candidates", warehouse.rows("candidates", [row]))
    (found,) = warehouse.read("candidates").collect()
    assert (found["sse"], found["model"]) == ([2.5], None)


def test_tables_that_cannot_be_migrated_in_place_are_an_error(spark: SparkSession, tmp_path: Path) -> None:
    warehouse = Warehouse(spark, str(tmp_path))
    newer = DeltaTable.create(spark).location(warehouse.path("runs")).addColumn("run_id", "STRING")
    newer.property(VERSION_KEY, str(SCHEMA_VERSION + 1)).execute()
    for opened in (require_present_version, require_migratable):
        with pytest.raises(InputError, match="newer lepton_spark"):
            opened(warehouse)
    other = DeltaTable.create(spark).location(warehouse.path("adjustments")).addColumn("date", "STRING")
    other.execute()
    with pytest.raises(InputError) as refused:
        warehouse.migrate("adjustments")
    assert "table adjustments: found partitions none; no column 'run_id'" in str(refused.value)
    assert "'date' of type string" in str(refused.value)
    rows = spark.createDataFrame(
        [("b", "a", "all", "2021-01-01", "spike", -1.0)],
        "run_id string, product_id string, location_id string, day string, rule string, before double",
    ).selectExpr("* except (day)", "to_date(day) as date", "cast(null as double) as after")
    broken = rows.write.format("delta").mode("overwrite").option("overwriteSchema", "true")
    broken.partitionBy("run_id").save(warehouse.path("adjustments"))
    with pytest.raises(InputError, match=r"rows that violate finite_before; allowed: before IS NULL OR"):
        warehouse.migrate("adjustments")


def test_row_of_the_lease_of_version_9_is_deleted_unless_its_job_runs(
    spark: SparkSession, tmp_path: Path
) -> None:
    context = context_for(
        spark, Config(warehouse=WarehouseSettings(root=str(tmp_path))), lambda: datetime.now(UTC)
    )
    warehouse, runs = context.warehouse, TABLES["runs"]
    builder = DeltaTable.create(spark).location(warehouse.path("runs")).property(VERSION_KEY, "9")
    for column in runs.columns:
        builder.addColumn(column.name, column.type, nullable=column.nullable)
    known = "job IN ('ingest', 'panel', 'forecast', 'publish', 'lease')"
    builder.addColumn("holder", "STRING").property("delta.constraints.known_job", known).execute()
    rows = spark.createDataFrame(
        [("lease", "lease", "running", "elsewhere/1/1/token"), ("r1", "panel", "complete", None)],
        "run_id string, job string, state string, holder string",
    )
    dated = rows.selectExpr("*", "timestamp '2024-05-01 00:00:00' AS started_at")
    dated.write.format("delta").mode("append").save(warehouse.path("runs"))
    heartbeat = warehouse.lease_folder().heartbeat("token")
    heartbeat.renew()
    with pytest.raises(LeaseError, match="process 1 on elsewhere, which runs an earlier version"):
        run_migrate(context)
    assert warehouse.schema_version() == 9
    then = time.time() - 400.0
    os.utime(tmp_path / "_lease" / "token", (then, then))
    done = run_migrate(context).done["runs"]
    assert {"constraint known_job dropped", "constraint known_job added"} <= set(done)
    assert [row["run_id"] for row in warehouse.read("runs").collect()] == ["r1"]
    assert context.runs.find("r1") is not None
    require_present_version(warehouse)


def test_column_that_may_be_null_now_is_migrated(spark: SparkSession, tmp_path: Path) -> None:
    warehouse = Warehouse(spark, str(tmp_path))
    builder = DeltaTable.create(spark).location(warehouse.path("sales")).property(VERSION_KEY, "6")
    for column in TABLES["sales"].columns:
        builder.addColumn(column.name, column.type, nullable=column.nullable and column.name != "quantity")
    builder.partitionedBy("year").execute()
    assert "column quantity may be null" in warehouse.migrate("sales")
    figures = dict.fromkeys(("sold_quantity", "cancelled_quantity", "returned_quantity"), 0.0)
    key = {"product_id": "A", "location_id": "all", "date": date(2021, 1, 1), "ingest_batch": "b"}
    warehouse.append("sales", warehouse.rows("sales", [key | figures | {"n_transactions": 0}]))
    assert [row["quantity"] for row in warehouse.read("sales").collect()] == [None]
    assert warehouse.migrate("sales") == []
