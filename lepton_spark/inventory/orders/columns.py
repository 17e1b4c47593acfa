"""The columns of `inventory`, for S series."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lepton_spark.evaluation.distributions.parametric import Demand
from lepton_spark.inventory.measures import Cycle, cycle_service, fill_rate, units_short
from lepton_spark.inventory.orders.levels import Policy
from lepton_spark.inventory.orders.quantities import Order, days_of_cover
from lepton_spark.inventory.protection import Protection
from lepton_spark.inventory.terms import Stock, Terms
from lepton_spark.models.data.arrays import FloatArray
from lepton_spark.tables.schemas.inventory_tables import NEXT_LEVELS, RECEIPT_LEVELS

Values = NDArray[Any]


def nullable(values: Values) -> Values:
    """Python values, with None for numbers that are not finite."""
    if values.dtype == object:
        return values
    made = values.astype(object)
    made[~np.isfinite(values)] = None
    return made


def date_columns(cutoff: int, order_day: int, protected: Protection) -> dict[str, Values]:
    """Days since 1970-01-01."""
    first = cutoff + 1
    return {
        "order_date": np.full(len(protected.longest), order_day),
        "receipt_date": first + protected.latest_receipt,
        "next_receipt_date": first + protected.longest,
    }


def demand_columns(cycle: Cycle) -> dict[str, Values]:
    """Means and quantiles of demand until the two receipts."""
    return {
        **_quantiles("until_receipt", cycle.until_receipt, RECEIPT_LEVELS),
        **_quantiles("until_next", cycle.until_next, NEXT_LEVELS),
    }


def _quantiles(until: str, demand: Demand, levels: Mapping[str, float]) -> dict[str, Values]:
    quantiles = demand.quantile(tuple(levels.values()))
    columns = {f"{name}_{until}": quantiles[:, number] for number, name in enumerate(levels)}
    return {f"mean_{until}": demand.mean, **columns}


def level_columns(cycle: Cycle, point: FloatArray, terms: Terms, policy: Policy) -> dict[str, FloatArray]:
    """The levels, the safety stock, and the service that they give over many orders."""
    unused, lost_sales = np.full(len(point), np.nan), np.full(len(point), policy.lost_sales)
    level = point if policy.in_lots else point + cycle.until_next.whole
    return {
        "service_target": unused if policy.service == "cost" else terms.target,
        "order_up_to": unused if policy.in_lots else level,
        "reorder_point": level if policy.in_lots else unused,
        "lot": cycle.lot if policy.in_lots else unused,
        "safety_stock": level - cycle.until_next.mean,
        "planned_cycle_service": cycle_service(cycle, point),
        "planned_fill_rate": fill_rate(cycle, point, lost_sales),
    }


def order_columns(rows: pd.DataFrame, stock: Stock, order: Order, terms: Terms) -> dict[str, FloatArray]:
    """Stock and order; NaN without stock data."""
    is_known = ~np.isnan(order.position)
    return {
        "on_hand": stock.on_hand,
        "on_order": np.where(is_known, order.arriving, np.nan),
        "backorders": np.where(is_known, stock.backorders, np.nan),
        "position": order.position,
        "order_quantity": order.quantity,
        "pack_size": terms.pack,
        "order_packs": order.packs,
        "days_of_cover": days_of_cover(rows, order.position),
    }


def service_columns(cycle: Cycle, order: Order, *, lost_sales: bool) -> dict[str, FloatArray]:
    """What the position serves without an order and with this one; NaN without stock data."""
    is_known = ~np.isnan(order.position)
    position = np.where(is_known, order.position, 0.0)
    whole = cycle.until_next.whole.astype(np.float64)
    alone = Cycle(cycle.until_receipt, cycle.until_next, whole)
    point = position + np.where(is_known, order.quantity, 0.0) - whole
    values = {
        "stockout_before_receipt": 1.0 - cycle.until_receipt.cdf(position),
        "stockout_probability": 1.0 - cycle.until_next.cdf(position),
        "cycle_service": cycle_service(alone, point),
        "fill_rate": fill_rate(alone, point, np.full(len(point), lost_sales)),
        "units_short": units_short(alone, point),
        "units_short_unordered": cycle.until_next.loss(position),
    }
    return {name: np.where(is_known, value, np.nan) for name, value in values.items()}


def money_columns(order: Order, safety: FloatArray, short: FloatArray, terms: Terms) -> dict[str, FloatArray]:
    """Values where costs and prices are given, else NaN."""
    return {
        "order_value": order.quantity * terms.cost,
        "safety_stock_value": safety * terms.cost,
        "units_short_value": short * terms.price,
    }
