"""Orders from a published run and a file of stock levels."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lepton_spark.config import Config
from lepton_spark.errors import ConfigError, InputError
from lepton_spark.pipelines.context import JobContext
from lepton_spark.pipelines.inventory import InventoryResult, run_inventory
from lepton_spark.pipelines.runs.run import Run
from lepton_spark.pipelines.runs.run_log import RunLog
from lepton_spark.report.orders import urgent_orders
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.forecast_tables import QUANTILE_LEVELS
from tests.pipelines.job_context import NOON, context_for

CUTOFF = date(2021, 3, 31)
RUN = "abc123"
HEADER = "sku,shop,left,coming,due,days,pack"
OF_SUMS = {f"sum_dispersion_{length}": 1.0 for length in (1, 7, 28)}
SERIES = (("A", "east"), ("A", "west"), ("B", "east"), ("C", "east"), ("D", "east"))


@dataclass(frozen=True)
class Shop:
    """A published run of five series that sell 0.5 a day (Poisson), and a file of stock levels."""

    spark: SparkSession
    root: Path
    inventory: Mapping[str, Any]

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.spark, str(self.root / "tables"))

    @property
    def context(self) -> JobContext:
        columns = {"product_id": "sku", "location_id": "shop", "on_hand": "left", "on_order": "coming"}
        columns |= {"due_date": "due", "lead_time": "days", "pack_size": "pack"}
        config = Config.model_validate(
            {
                "warehouse": {"root": str(self.root / "tables")},
                "stock_levels": {"path": str(self.root / "stock.csv"), "columns": columns},
                "inventory": dict(self.inventory),
            }
        )
        return context_for(self.spark, config)

    def deliver(self, *lines: str) -> None:
        (self.root / "stock.csv").write_text("\n".join([HEADER, *lines, ""]))

    def publish(self, *, frequency: str = "daily", parameters: Mapping[str, float] = OF_SUMS) -> None:
        config = Config.model_validate({"forecast": {"frequency": frequency, "horizon": 28}})
        run = Run(RUN, "forecast", cutoff=CUTOFF, horizon=28)
        RunLog(self.warehouse, lambda: NOON).record(run, "complete", config)
        fit = {"run_id": RUN, "batch": 0, "model": "mean", "status": "ok", "forecast": [0.5] * 28}
        fit |= {"quantile_method": "negative_binomial", "parameters": dict(parameters)}
        keys = [{"product_id": product, "location_id": place} for product, place in SERIES]
        self.warehouse.append("fits", self.warehouse.rows("fits", [fit | key for key in keys]))
        ahead = {"run_id": RUN, "cutoff": CUTOFF, "date": CUTOFF + timedelta(days=1), "step": 1}
        ahead |= {"model": "mean", "status": "ok", "forecast": 0.5, "published_at": NOON}
        ahead |= {"valid_until": CUTOFF + timedelta(days=7)} | dict.fromkeys(QUANTILE_LEVELS, 0.0)
        rows = self.warehouse.rows("latest_forecasts", [ahead | key for key in keys])
        self.warehouse.append("latest_forecasts", rows)

    def order(self) -> InventoryResult:
        return run_inventory(self.context)

    def rows(self) -> dict[str, dict[str, Any]]:
        found = self.warehouse.read("inventory").collect()
        return {f"{row['product_id']} {row['location_id']}": row.asDict() for row in found}


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = Shop(spark, tmp_path_factory.mktemp("shop"), {"lead_time": 7})
    shop.publish()
    shop.deliver(
        "A,east,4,2,2021-04-07,,6",
        "A,east,4,50,2021-04-09,,6",
        "B,east,1,,,1,",
        "C,east,5,,,,",
        "C,east,6,1,2021-04-01,,",
        "D,east,x,,,,",
        "E,east,1,,,,-2",
    )
    return shop


def test_orders_are_those_of_the_published_run_and_of_the_stock(shop: Shop) -> None:
    assert shop.order() == InventoryResult(RUN, {"no_stock": 3, "ok": 2})
    rows = shop.rows()
    assert {row["cutoff"] for row in rows.values()} == {CUTOFF}
    one, other, without = rows["A east"], rows["B east"], rows["A west"]
    words = "order 6: 7 expected in 14 days, 5 safety stock, 4 on hand, 2 on order, packs of 6"
    assert (one["words"], one["order_packs"], one["position"]) == (words, 1.0, 6.0)
    days = (date(2021, 4, 1), date(2021, 4, 8), date(2021, 4, 15))
    assert (one["order_date"], one["receipt_date"], one["next_receipt_date"]) == days
    assert (other["order_up_to"], other["order_quantity"], other["status"]) == (8.0, 7.0, "ok")
    assert (without["order_up_to"], without["order_quantity"], without["words"]) == (12.0, None, None)
    assert without["reason"].startswith("no stock: stock_levels has no row with on_hand")
    assert [row["product_id"] for row in urgent_orders(shop.warehouse, RUN)] == ["B", "A"]


def test_contradicting_and_invalid_stock_is_rejected_with_a_reason(shop: Shop) -> None:
    shop.order()
    rejects = shop.warehouse.read("side_rejects").orderBy("line").collect()
    assert [(row["source"], row["reason"]) for row in rejects] == [
        ("stock_levels", "conflicting_rows"),
        ("stock_levels", "conflicting_rows"),
        ("stock_levels", "unparsable_on_hand"),
        ("stock_levels", "pack_size_not_above_0"),
    ]


def test_orders_of_the_same_stock_write_nothing_and_new_stock_replaces_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    shop = Shop(spark, tmp_path, {"lead_time": 7})
    shop.publish()
    shop.deliver("A,east,4,,,,", "B,east,9,,,,")
    shop.order()
    version, rows = shop.warehouse.version("inventory"), shop.rows()
    shop.order()
    assert (shop.warehouse.version("inventory"), shop.rows()) == (version, rows)
    shop.deliver("A,east,0,,,,", "B,east,9,,,,")
    shop.order()
    assert shop.warehouse.version("inventory") == (version or 0) + 1
    changed = shop.rows()
    assert changed.pop("A east")["order_quantity"] == 12.0
    rows.pop("A east")
    assert changed == rows


def test_stock_of_every_location_has_parameters_but_no_units(spark: SparkSession, tmp_path: Path) -> None:
    shop = Shop(spark, tmp_path, {"lead_time": 7})
    shop.publish()
    shop.deliver("A,*,100,,,,5", "A,east,4,,,,")
    shop.order()
    found = {place: shop.rows()[f"A {place}"] for place in ("east", "west")}
    assert [found[place]["pack_size"] for place in ("east", "west")] == [5.0, 5.0]
    assert [found[place]["order_quantity"] for place in ("east", "west")] == [10.0, None]
    without_file = shop.context.config.model_copy(update={"stock_levels": Config().stock_levels})
    run_inventory(replace(shop.context, config=without_file))
    assert {row["status"] for row in shop.rows().values()} == {"no_stock"}


def test_next_delivery_after_the_horizon_is_a_fault_of_the_configuration(
    spark: SparkSession, tmp_path: Path
) -> None:
    """Ordered on Thursday 1 April, received on Monday the 26th, the next order on Monday 3 May."""
    late = {"lead_time": 20, "receiving_weekdays": ["monday"], "review_period": 7}
    shop = Shop(spark, tmp_path, late)
    shop.publish()
    shop.deliver()
    with pytest.raises(ConfigError, match=r"set forecast\.horizon to at least 32"):
        shop.order()
    assert not shop.warehouse.exists("inventory")


def test_orders_need_a_lead_time_daily_forecasts_and_a_published_run(
    spark: SparkSession, tmp_path: Path
) -> None:
    shop = Shop(spark, tmp_path, {"lead_time": 7})
    shop.deliver()
    with pytest.raises(InputError, match="table latest_forecasts: found no rows; allowed: a published run"):
        shop.order()
    shop.publish(frequency="weekly")
    with pytest.raises(ConfigError, match=r"forecast\.frequency: found weekly; allowed: daily"):
        shop.order()
    with pytest.raises(ConfigError, match=r"inventory\.lead_time: found nothing"):
        run_inventory(replace(shop.context, config=Config()))


def test_orders_of_a_run_of_an_earlier_version_ask_for_a_new_run(spark: SparkSession, tmp_path: Path) -> None:
    shop = Shop(spark, tmp_path, {"lead_time": 7})
    shop.publish(parameters={"dispersion": 1.0})
    shop.deliver()
    with pytest.raises(InputError, match=r"found no dispersions of sums.*Run `lepton run`"):
        shop.order()
    assert not shop.warehouse.exists("inventory")
