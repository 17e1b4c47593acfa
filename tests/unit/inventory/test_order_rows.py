"""Orders of products whose levels can be read from a table of the Poisson distribution."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lepton_spark.inventory.orders.levels import Policy
from lepton_spark.inventory.orders.rows import COLUMN_NAMES, OrderBatch
from lepton_spark.inventory.protection import OrderingDays
from lepton_spark.inventory.terms import Defaults

CUTOFF = 19_000
POLICY = Policy(in_lots=False, service="cycle_service", lost_sales=False, holding_rate=0.25, delay_rate=None)
WEEKLY = OrderBatch(CUTOFF, 28, OrderingDays(CUTOFF + 1), Defaults({7: 1.0}, 7, 0.95, None), POLICY)
"""A lead time and a review period of a week: an order covers 14 days, 7 of them before it is received."""


def of_sums(dispersion: float) -> dict[str, float]:
    """The same dispersion for sums of 1, 7 and 28 days."""
    return {f"sum_dispersion_{length}": dispersion for length in (1, 7, 28)}


PRODUCT: dict[str, Any] = {
    "product_id": "p",
    "location_id": "all",
    "quantile_method": "negative_binomial",
    "parameters": of_sums(1.0),
    "forecast": [0.5] * 28,
    "on_hand": 4.0,
    **dict.fromkeys(("backorders", "as_of_day", "due_days", "due_units", "lead_time", "review_period")),
    **dict.fromkeys(("pack_size", "minimum_order", "shelf_life", "service_target", "unit_cost", "price")),
}
"""Poisson with mean 0.5 a day: 7 in 14 days, of which 12 is the least level with a probability of 95 %."""


def rows_of(batch: OrderBatch, *products: dict[str, Any]) -> list[dict[str, Any]]:
    frame = pd.DataFrame([PRODUCT | product for product in products])
    made: list[dict[str, Any]] = batch(frame).to_dict("records")
    return made


def row_of(batch: OrderBatch = WEEKLY, **product: Any) -> dict[str, Any]:
    return rows_of(batch, product)[0]


def with_policy(**changes: Any) -> OrderBatch:
    return replace(WEEKLY, policy=replace(POLICY, **changes))


def test_order_raises_the_position_to_the_level() -> None:
    row = row_of(unit_cost=2.0, price=3.0)
    assert row["words"] == "order 8: 7 expected in 14 days, 5 safety stock, 4 on hand"
    assert (row["status"], row["reason"]) == ("ok", None)
    assert (row["order_date"], row["receipt_date"], row["next_receipt_date"]) == (19_001, 19_008, 19_015)
    assert (row["order_up_to"], row["safety_stock"], row["order_quantity"]) == (12.0, 5.0, 8.0)
    assert (row["reorder_point"], row["lot"], row["order_packs"]) == (None, None, None)
    assert (row["mean_until_receipt"], row["p50_until_receipt"], row["p95_until_receipt"]) == (3.5, 3.0, 7.0)
    assert [row[f"{name}_until_next"] for name in ("p50", "p90", "p95", "p98", "p99")] == [7, 10, 12, 13, 14]
    served = stats.poisson(7).cdf(12)
    assert row["planned_cycle_service"] == row["cycle_service"] == pytest.approx(served)
    assert row["fill_rate"] == pytest.approx(0.985900, abs=5e-7)
    assert row["stockout_before_receipt"] == pytest.approx(stats.poisson(3.5).sf(4))
    assert row["stockout_probability"] == pytest.approx(stats.poisson(7).sf(4))
    assert row["units_short"] == pytest.approx(3.5 * (1 - 0.985900), abs=2e-6)
    assert row["units_short_value"] == pytest.approx(3 * row["units_short"])
    assert (row["order_value"], row["safety_stock_value"]) == (16.0, 10.0)
    assert row["days_of_cover"] == 8.0


@pytest.mark.parametrize(
    ("product", "quantity", "words"),
    [
        ({"pack_size": 6.0}, 12, "order 12: 7 expected in 14 days, 5 safety stock, 4 on hand, packs of 6"),
        ({"on_hand": 12.0}, 0, "no order: 7 expected in 14 days, 5 safety stock, 12 on hand"),
        ({"backorders": 3.0}, 11, "order 11: 7 expected in 14 days, 5 safety stock, 4 on hand, 3 owed"),
        (
            {"due_days": [19_008, 19_009], "due_units": [2.0, 50.0]},
            6,
            "order 6: 7 expected in 14 days, 5 safety stock, 4 on hand, 2 on order",
        ),
        (
            {"minimum_order": 10.0, "pack_size": 4.0},
            12,
            "order 12: 7 expected in 14 days, 5 safety stock, 4 on hand, packs of 4, minimum order 10",
        ),
        (
            {"minimum_order": 10.0, "on_hand": 12.0},
            0,
            "no order: 7 expected in 14 days, 5 safety stock, 12 on hand",
        ),
        (
            {"shelf_life": 5.0},
            2,
            "order 2: 7 expected in 14 days, 5 safety stock, 4 on hand, shelf life 5 days",
        ),
        ({"service_target": 0.9}, 6, "order 6: 7 expected in 14 days, 3 safety stock, 4 on hand"),
        ({"lead_time": 1.0}, 4, "order 4: 4 expected in 8 days, 4 safety stock, 4 on hand"),
        ({"review_period": 1.0}, 4, "order 4: 4 expected in 8 days, 4 safety stock, 4 on hand"),
        ({"service_target": 0.01}, 0, "no order: 7 expected in 14 days, -5 safety stock, 4 on hand"),
    ],
    ids=[
        *("packs", "enough", "owed", "due in time", "minimum", "no minimum without need", "shelf life"),
        *("target", "lead time", "review period", "negative safety stock"),
    ],
)
def test_order_is_explained_in_words(product: dict[str, Any], quantity: float, words: str) -> None:
    """P(Poisson 4 <= 8) is 0.979 and of 7 0.949; P(Poisson 7 <= 2) is 0.030 and of 1 0.007."""
    row = row_of(**product)
    assert (row["order_quantity"], row["words"]) == (quantity, words)


def test_packs_are_ordered_at_the_reorder_point() -> None:
    """Packs of 4 raise the position to one of s + 1 to s + 4; the mean of F over 9 to 12 is 0.909."""
    batch = with_policy(in_lots=True)
    at, above, far_below = rows_of(
        batch,
        *({"pack_size": 4.0, "service_target": 0.9, "on_hand": units} for units in (8.0, 9.0, 0.0)),
    )
    served = stats.poisson(7).cdf(np.arange(9, 13)).mean()
    assert served > 0.9 > stats.poisson(7).cdf(np.arange(8, 12)).mean()
    assert (at["reorder_point"], at["lot"], at["order_up_to"], at["safety_stock"]) == (8.0, 4.0, None, 1.0)
    assert at["planned_cycle_service"] == pytest.approx(served)
    assert [row["order_packs"] for row in (at, above, far_below)] == [1.0, 0.0, 3.0]
    assert at["cycle_service"] == pytest.approx(stats.poisson(7).cdf(12))


def test_fill_rate_needs_less_stock_than_the_same_cycle_service() -> None:
    """The published levels for 95 % are 11 and 12."""
    assert row_of(with_policy(service="fill_rate"))["order_up_to"] == 11.0
    lost = row_of(with_policy(service="fill_rate", lost_sales=True))
    assert lost["fill_rate"] == pytest.approx(1 / (1 + (1 - 0.970740)), abs=1e-6)


def test_least_cost_of_lost_sales_weighs_the_margin_against_holding() -> None:
    """Holding 5.2 at 0.98 a year costs 0.098 a week, the margin is 0.9: the ratio is 0.902."""
    batch = with_policy(service="cost", lost_sales=True, holding_rate=0.98)
    row = row_of(batch, unit_cost=5.2, price=6.1)
    ratio = 0.9 / (0.9 + 5.2 * 0.98 / 365 * 7)
    assert stats.poisson(7).cdf(10) < ratio < stats.poisson(7).cdf(11)
    assert (row["order_up_to"], row["service_target"]) == (11.0, None)


def test_least_cost_of_waiting_averages_over_the_days_between_deliveries() -> None:
    row = row_of(with_policy(service="cost", holding_rate=0.25, delay_rate=4.75))
    average = [np.mean([stats.poisson(0.5 * day).cdf(level) for day in range(8, 15)]) for level in range(20)]
    assert row["order_up_to"] == float(np.argmax(np.array(average) >= 0.95))


def test_lead_times_with_probabilities_are_mixed() -> None:
    batch = replace(WEEKLY, defaults=replace(WEEKLY.defaults, lead_times={3: 0.8, 11: 0.2}))
    row = row_of(batch)
    mixed = 0.8 * stats.poisson(5).cdf(np.arange(20)) + 0.2 * stats.poisson(9).cdf(np.arange(20))
    assert row["order_up_to"] == float(np.argmax(mixed >= 0.95))
    assert row["mean_until_next"] == pytest.approx(0.8 * 5 + 0.2 * 9)
    assert (row["receipt_date"], row["next_receipt_date"]) == (19_012, 19_019)
    assert row["words"].startswith("order 7: 5.8 expected in 12 days")
    own = row_of(batch, lead_time=7.0)
    assert own["order_up_to"] == 12.0


def test_fractional_products_are_ordered_in_fractions() -> None:
    row = row_of(quantile_method="gamma", forecast=[0.25] * 28, parameters=of_sums(0.5))
    level = stats.gamma(7.0, scale=0.5).ppf(0.95)
    assert row["order_up_to"] == pytest.approx(level, abs=1e-6)
    assert row["order_quantity"] == pytest.approx(level - 4.0, abs=1e-6)
    packed = row_of(quantile_method="gamma", forecast=[0.25] * 28, parameters=of_sums(0.5), pack_size=0.4)
    assert packed["order_packs"] == pytest.approx(np.ceil((level - 4.0) / 0.4))


@pytest.mark.parametrize(
    ("product", "status", "reason"),
    [
        ({"on_hand": None}, "no_stock", "no stock: stock_levels has no row with on_hand"),
        ({"as_of_day": 18_999.0}, "no_stock", "the stock is of 2022-01-07, the last sales of 2022-01-08"),
        ({"as_of_day": 19_002.0}, "no_stock", "the stock is of 2022-01-10, the last sales of 2022-01-08"),
        ({"lead_time": 30.0}, "unusable", "set forecast.horizon to 37 or more"),
        ({"pack_size": 2.5}, "unusable", "a pack that is not a whole number"),
        ({"forecast": [np.nan] * 28}, "unusable", "the forecast is not finite"),
        ({"forecast": None}, "unusable", "the forecast is not finite"),
        ({"forecast": [1.0] * 27}, "unusable", "the forecast is not finite"),
    ],
)
def test_product_without_an_order_has_a_status_and_a_reason(
    product: dict[str, Any], status: str, reason: str
) -> None:
    row, other = rows_of(WEEKLY, product, {})
    assert row["status"] == status
    assert reason in row["reason"]
    assert (row["words"], row["order_quantity"]) == (None, None)
    assert row["order_up_to"] == (12.0 if status == "no_stock" and "forecast" not in product else None)
    assert other["order_quantity"] == 8.0


@pytest.mark.parametrize("day", [19_000.0, 19_001.0], ids=["end of the cutoff", "next morning"])
def test_stock_of_the_cutoff_is_used(day: float) -> None:
    assert row_of(as_of_day=day)["order_quantity"] == 8.0


def test_no_lead_time_and_no_price_are_reasons() -> None:
    none = replace(WEEKLY, defaults=replace(WEEKLY.defaults, lead_times={}))
    assert "no lead time" in row_of(none)["reason"]
    assert row_of(none, lead_time=7.0)["order_up_to"] == 12.0
    costly = with_policy(service="cost", lost_sales=True)
    assert "a price above the unit cost" in row_of(costly, unit_cost=2.0)["reason"]


def test_product_without_demand_needs_no_order() -> None:
    row = row_of(forecast=[0.0] * 28, on_hand=0.0)
    assert row["words"] == "no order: 0 expected in 14 days, 0 safety stock, 0 on hand"
    assert (row["fill_rate"], row["days_of_cover"]) == (1.0, None)


def test_orders_of_a_series_do_not_depend_on_the_others() -> None:
    products = [{"forecast": [mean] * 28} for mean in (0.0, 0.01, 3.0, 900.0)]
    products += [{"quantile_method": "gamma"}, {"lead_time": 40.0}, {"on_hand": None}]
    together = rows_of(WEEKLY, *products)
    assert [row_of(**product) for product in products] == together
    assert list(together[0]) == list(COLUMN_NAMES)


def test_days_needed_are_those_of_the_configured_lead_times() -> None:
    assert WEEKLY.days_needed == 14
    assert replace(WEEKLY, defaults=replace(WEEKLY.defaults, lead_times={})).days_needed == 0


def test_shelf_life_beyond_the_horizon_counts_mean_days() -> None:
    """28 days of 0.5 and 12 of 0.5 after them are 20 units, 7 + 33 days being the end of the shelf life."""
    batch = replace(WEEKLY, defaults=replace(WEEKLY.defaults, target=0.999999999))
    capped = row_of(batch, shelf_life=33.0, on_hand=0.0)
    assert capped["order_up_to"] > 20.0
    assert (capped["order_quantity"], capped["words"][-18:]) == (20.0, "shelf life 33 days")


def test_days_of_cover_go_on_after_the_horizon_by_the_mean_day() -> None:
    assert row_of(on_hand=14.0)["days_of_cover"] == 28.0
    assert row_of(on_hand=16.2)["days_of_cover"] == 32.0
    assert row_of(on_hand=0.0)["days_of_cover"] == 0.0
