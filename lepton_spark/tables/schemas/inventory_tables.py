"""Orders: what to order of each series of the published run, and why."""

from lepton_spark.tables.schemas.constraints import among, at_least, number, units, unless_null
from lepton_spark.tables.schemas.schema import RUN_ID, SERIES, SERIES_KEY, Column, Table

RECEIPT_LEVELS = {"p50": 0.50, "p90": 0.90, "p95": 0.95}
"""Levels of the published quantiles of demand until the order is received."""

NEXT_LEVELS = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p98": 0.98, "p99": 0.99}
"""Levels of the published quantiles of demand until the next order is received."""


def _demand(until: str, words: str, levels: dict[str, float]) -> tuple[Column, ...]:
    return (
        Column(f"mean_{until}", "DOUBLE", f"expected demand {words}, units"),
        *(
            Column(f"{name}_{until}", "DOUBLE", f"quantile at level {level:.2f} of demand {words}, units")
            for name, level in levels.items()
        ),
    )


_SHARES = {
    "service_target": "the service to reach",
    "planned_cycle_service": "P1 of the level: share of order cycles without a stock-out",
    "planned_fill_rate": "P2 of the level: share of demand met from stock",
    "stockout_before_receipt": "probability that demand exceeds the position before this order is received",
    "stockout_probability": "probability of that before the next order is received, if nothing is ordered",
    "cycle_service": "P1 of this order: probability of no stock-out before the next order is received",
    "fill_rate": "P2 of this order: share of the demand between the receipts that is met from stock",
}
_AMOUNTS = {
    "order_up_to": "level S that an order raises the position to; null with policy reorder_point",
    "lot": "units of a pack by which policy reorder_point orders; null with policy order_up_to",
    "on_order": "units on order that are due before this order is received",
    "backorders": "units owed to customers",
    "order_quantity": "units to order; null without stock data",
    "pack_size": "units in a pack; null: single units",
    "order_packs": "packs to order; null without a pack size",
    "days_of_cover": "days of expected demand that the position covers; null without expected demand",
    "units_short": "expected units short between the receipts, with this order",
    "units_short_unordered": "expected units short before the next order is received, if nothing is ordered",
    "order_value": "order_quantity x unit cost; null without a cost",
    "units_short_value": "units_short x price; null without a price",
}
_SIGNED = {
    "safety_stock": "level (S or s) - mean_until_next, units; can be negative",
    "reorder_point": "position s at which packs are ordered; null with policy order_up_to",
    "on_hand": "units in stock; null without stock data",
    "position": "on_hand + on_order - backorders",
    "safety_stock_value": "safety_stock x unit cost; null without a cost",
}

INVENTORY = Table(
    name="inventory",
    comment="Orders: one row per series of a published run, with levels, the order and why",
    columns=(
        RUN_ID,
        *SERIES,
        Column("cutoff", "DATE", "last day of sales that the run may see", False),
        Column("status", "STRING", "ok, no_stock (levels only) or unusable (no levels)", False),
        Column("reason", "STRING", "why the status is not ok; null when it is"),
        Column("words", "STRING", "the order in words; null without one"),
        Column("order_date", "DATE", "day of the order"),
        Column("receipt_date", "DATE", "day on which it is received, at the latest"),
        Column("next_receipt_date", "DATE", "day on which the order after it is received, at the latest"),
        Column("overridden_days", "INT", "days before next_receipt_date that a planner has overridden"),
        *_demand("until_receipt", "until the order is received", RECEIPT_LEVELS),
        *_demand("until_next", "until the next order is received", NEXT_LEVELS),
        Column("service", "STRING", "what the target is: cycle_service (P1), fill_rate (P2) or cost", False),
        *(Column(name, "DOUBLE", words) for name, words in _SHARES.items()),
        *(Column(name, "DOUBLE", words) for name, words in {**_AMOUNTS, **_SIGNED}.items()),
    ),
    key=("run_id", *SERIES_KEY),
    partition_by=("run_id",),
    checks={
        "known_status": among("status", "ok", "no_stock", "unusable"),
        "reason_unless_ok": "status = 'ok' OR reason IS NOT NULL",
        "overridden_days_from_zero": unless_null("overridden_days", at_least(0, "overridden_days")),
        "known_service": among("service", "cycle_service", "fill_rate", "cost"),
        **{f"share_{name}": unless_null(name, f"{name} >= 0 AND {name} <= 1") for name in _SHARES},
        **{f"finite_{name}": unless_null(name, units(name)) for name in _AMOUNTS},
        **{f"finite_{name}": unless_null(name, number(name)) for name in _SIGNED},
        **{
            f"finite_{name}": unless_null(name, units(name))
            for name in (
                "mean_until_receipt",
                *(f"{level}_until_receipt" for level in RECEIPT_LEVELS),
                "mean_until_next",
                *(f"{level}_until_next" for level in NEXT_LEVELS),
            )
        },
    },
)

INVENTORY_TABLES = (INVENTORY,)
