"""Hostile names and paths are only ever names: no SQL, shell command or import results from them."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import WarehouseSettings, load_config
from lepton_spark.errors import ConfigError
from lepton_spark.ingest.files.layout import quoted_column
from lepton_spark.models.registry import known_models
from lepton_spark.tables import Warehouse
from lepton_spark.tables.catalog import TABLES
from lepton_spark.tables.delta.migration import migrate_table, quoted

EVERYTHING = 'it\'s "x"; DROP TABLE sales; -- $HOME $(touch x) %20 #? * [a] {b} ü漢\n\\ ..=,&|<>~:'
PARTS = (
    "'",
    '"',
    "`",
    "``",
    ";",
    "--",
    "\\",
    "\n",
    "..",
    "/",
    "$HOME",
    "$(id)",
    "%00",
    "{}",
    "*",
    " DROP TABLE sales",
)
NAMES = st.lists(
    st.one_of(st.sampled_from(PARTS), st.text(min_size=1, max_size=4)), min_size=1, max_size=6
).map("".join)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(path=NAMES.filter(str.strip))
@example(path="${}{}")
@example(path="/tables/${env:HOME}/${system:user.home}")
@example(path=EVERYTHING + "`")
def test_quoted_path_is_one_identifier_in_sql(spark: SparkSession, path: str) -> None:
    parser = spark._jsparkSession.sessionState().sqlParser()  # type: ignore[union-attr]
    parts = parser.parseMultipartIdentifier(quoted(path))
    assert [parts.apply(index) for index in range(parts.length())] == ["delta", path]


@QUICK
@given(name=NAMES.filter(lambda text: "\0" not in text))
@example(name=EVERYTHING + "`")
def test_quoted_column_is_one_column(spark: SparkSession, name: str) -> None:
    frame = spark.createDataFrame([("kept", "other")], "a string, b string").toDF(name, f"{name}.b")
    assert frame.select(F.col(quoted_column(name))).columns == [name]


@QUICK
@given(
    name=st.one_of(
        NAMES, st.sampled_from(("os.system", "pickle:loads", "sklearn.svm.SVR", "__import__('os')"))
    )
)
def test_unknown_model_name_is_refused_without_an_import(name: str) -> None:
    loaded = set(sys.modules)
    with pytest.raises(ConfigError, match="models"):
        load_config([], [f"forecast.models=[{name!r}]"], known_models(), None)
    assert set(sys.modules) == loaded


def test_configuration_file_cannot_create_python_objects(tmp_path: Path) -> None:
    file = tmp_path / "hostile.yaml"
    mark = tmp_path / "mark"
    file.write_text(f"forecast: {{horizon: !!python/object/apply:os.system ['touch {mark}']}}\n")
    with pytest.raises(ConfigError):
        load_config([file], [], known_models(), None)
    assert not mark.exists()


def test_warehouse_root_with_a_backtick_is_refused() -> None:
    with pytest.raises(ValidationError, match="a path without a backtick"):
        WarehouseSettings(root="a`b")


def test_tables_are_written_only_under_a_hostile_root(spark: SparkSession, tmp_path: Path) -> None:
    root = tmp_path / "parent" / EVERYTHING
    warehouse = Warehouse(spark, str(root))
    row = {"run_id": EVERYTHING, "job": "panel", "started_at": datetime(2024, 1, 1, tzinfo=UTC)}
    for state in ("failed", "complete"):
        warehouse.merge("runs", warehouse.rows("runs", [{**row, "state": state}]))
    lease = warehouse.lease_folder()
    lease.heartbeat("token").renew()
    assert lease.heartbeat("token").seen() is not None
    assert lease.create(1, EVERYTHING)
    assert lease.last() is not None
    assert migrate_table(spark, warehouse.path("runs"), TABLES["runs"]) == []
    warehouse.erase_history("runs", datetime(2024, 1, 1, tzinfo=UTC))
    warehouse.delete("runs", F.col("run_id") == F.lit("' OR '1'='1"))
    assert [(row["run_id"], row["state"]) for row in warehouse.read("runs").collect()] == [
        (EVERYTHING, "complete")
    ]
    assert [path.name for path in (tmp_path / "parent").iterdir()] == [EVERYTHING]
    assert {path.name for path in root.iterdir()} == {"runs", "_lease"}
