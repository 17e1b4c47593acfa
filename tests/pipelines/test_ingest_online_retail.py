"""All of Online Retail, compared with the counts in the README of the data set."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import load_config
from lepton_spark.pipelines.ingest.ingest import IngestResult, run_ingest
from lepton_spark.tables import Warehouse
from tests.pipelines.job_context import context_for

CONF = Path(__file__).parents[2] / "conf"
README = {
    "lines_read": 541_909,
    "repeat": 5_268,
    "negative_quantity": 10_624,
    "cancellation_lines": 9_288,
    "write_off_lines": 1_336,
    "zero_price": 2_515,
    "negative_price": 2,
    "missing.CustomerID": 135_080,
    "missing.Description": 1_454,
    "not_a_product_lines": 2_995,
    "product_codes_as_written": 4_070,
    "product_codes_folded": 3_958,
}

Loaded = tuple[Warehouse, IngestResult]


@pytest.fixture(scope="module")
def loaded(
    spark: SparkSession,
    compiled: None,  # noqa: ARG001
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Loaded:
    root = tmp_path_factory.mktemp("online_retail")
    overrides = [f"warehouse.root={root}", f"input.path={shared_data}/online_retail/*.csv.gz"]
    config = load_config([CONF / "base.yaml", CONF / "online_retail.yaml"], overrides).config
    now = datetime(2012, 1, 1, tzinfo=UTC)
    return Warehouse(spark, str(root)), run_ingest(
        context_for(spark, config, lambda: now, privacy_key=b"key")
    )


@pytest.mark.slow
def test_stored_counts_are_those_of_the_readme(loaded: Loaded) -> None:
    warehouse, result = loaded
    stored = warehouse.read("runs").select("counts").collect()[0]["counts"]
    assert {name: stored[name] for name in README} == README
    assert stored["lines_read"] - stored["repeat"] == 536_641
    assert stored["files_loaded"] == 305
    assert dict(result.counts) == stored


@pytest.mark.slow
def test_every_line_is_stored_once(loaded: Loaded) -> None:
    warehouse, result = loaded
    assert warehouse.read("transactions").count() == result.counts["accepted"]
    assert warehouse.read("rejects").count() == result.counts["rejected"]
    assert sum(row["lines"] for row in warehouse.read("files").select("lines").collect()) == 541_909


@pytest.mark.slow
def test_huge_cancelled_orders_are_not_demand(loaded: Loaded) -> None:
    warehouse, _ = loaded
    huge = warehouse.read("cancellations").where(F.col("quantity") > 70_000).orderBy("quantity").collect()
    assert [(row["quantity"], row["date"] == row["cancelled_on"]) for row in huge] == [
        (74_215.0, True),
        (80_995.0, True),
    ]
    assert warehouse.read("sales").where(F.col("quantity") > 10_000).isEmpty()
