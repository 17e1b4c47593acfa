"""Orders in words, and why there is none."""

from dataclasses import dataclass

import numpy as np

from lepton_spark.inventory.orders.levels import Policy
from lepton_spark.inventory.orders.quantities import Order
from lepton_spark.inventory.protection import Protection
from lepton_spark.inventory.terms import Stock, Terms
from lepton_spark.models.data.arrays import BoolArray, FloatArray

OK, NO_STOCK, UNUSABLE = "ok", "no_stock", "unusable"
"""Status of a row: an order or none is needed; levels only; no levels either."""


@dataclass(frozen=True)
class Situation:
    """What the words are about, for S series: expected demand and safety stock in units, and the order."""

    expected: FloatArray
    safety_stock: FloatArray
    protection: Protection
    terms: Terms
    stock: Stock
    order: Order


def order_words(situation: Situation) -> list[str | None]:
    """The order of each series in words, such as `order 36: 41 expected in 14 days, 12 on hand, packs of 12`.

    None where the stock is unknown.
    """
    return [
        None if np.isnan(quantity) else _words(situation, row, quantity)
        for row, quantity in enumerate(situation.order.quantity.tolist())
    ]


def _words(situation: Situation, row: int, quantity: float) -> str:
    terms, stock, order = situation.terms, situation.stock, situation.order
    days, is_capped = round(float(situation.protection.mean_days[row])), bool(order.is_capped[row])
    is_order = quantity > 0 or is_capped
    parts = {
        f"{amount(situation.expected[row])} expected in {days} day{'' if days == 1 else 's'}": True,
        f"{amount(situation.safety_stock[row])} safety stock": True,
        f"{amount(stock.on_hand[row])} on hand": True,
        f"{amount(order.arriving[row])} on order": order.arriving[row] > 0,
        f"{amount(stock.backorders[row])} owed": stock.backorders[row] > 0,
        f"packs of {amount(terms.pack[row])}": is_order and terms.pack[row] > 0 and terms.pack[row] != 1,
        f"minimum order {amount(terms.minimum[row])}": is_order and terms.minimum[row] > 0,
        f"shelf life {terms.shelf_life[row]:.0f} days": is_capped,
    }
    listed = ", ".join(part for part, is_said in parts.items() if is_said)
    return f"{f'order {amount(quantity)}' if quantity > 0 else 'no order'}: {listed}"


def amount(units: float) -> str:
    """Units for reading: without decimals from 10 on, else with two digits.

    >>> amount(1234.6), amount(12.0), amount(0.125), amount(3.0)
    ('1,235', '12', '0.12', '3')
    """
    if np.isnan(units):
        return "none"
    return f"{units:,.0f}" if abs(units) >= 10 or units == round(units) else f"{units:.2g}"


def unusable_reasons(
    terms: Terms, protection: Protection, whole: BoolArray, finite: BoolArray, horizon: int, policy: Policy
) -> list[str | None]:
    """Why no levels can be set for a series; None where they can.

    whole, finite: [S], whether the series is sold in whole units, and has a forecast for every day.
    """
    longest = protection.longest
    conditions = {
        "the forecast is not finite": ~finite,
        "no lead time: set inventory.lead_time or stock_levels.columns.lead_time": terms.lead_time[:, 0] < 0,
        "a pack that is not a whole number, of a product that is sold in whole units": whole
        & (terms.pack % 1.0 != 0)
        & ~np.isnan(terms.pack),
        "inventory.service cost needs a price above the unit cost": policy.needs_prices
        & ~(terms.price > terms.cost),
    }
    reasons: list[str | None] = [None] * len(longest)
    for row in np.flatnonzero(longest > horizon).tolist():
        reasons[row] = (
            f"the next delivery is {longest[row] + 1} days after the cutoff, forecasts end after {horizon}: "
            f"set forecast.horizon to {longest[row]} or more, or a shorter lead time or review period"
        )
    for reason, applies in reversed(conditions.items()):
        for row in np.flatnonzero(applies).tolist():
            reasons[row] = reason
    return reasons


def stock_reasons(stock: Stock, cutoff: int) -> list[str | None]:
    """Why a series gets no order, though it has levels; None where it gets one.

    Stock counted at the end of the cutoff may be dated by the next day. cutoff: days since 1970-01-01.
    """
    is_dated = ~np.isnan(stock.as_of)
    is_other_day = is_dated & ((stock.as_of < cutoff) | (stock.as_of > cutoff + 1))
    return [
        "no stock: stock_levels has no row with on_hand for this product and location"
        if unknown
        else _stale(day, cutoff)
        if other
        else None
        for unknown, other, day in zip(
            np.isnan(stock.on_hand).tolist(), is_other_day.tolist(), stock.as_of.tolist(), strict=True
        )
    ]


def _stale(day: float, cutoff: int) -> str:
    counted, last = (np.datetime64(int(number), "D") for number in (day, cutoff))
    return f"the stock is of {counted}, the last sales of {last}: deliver the stock at the end of that day"
