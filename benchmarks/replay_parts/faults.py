"""Faults planted into daily sales."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

SEED = 23
N_SHIFTED, N_PROMOTED = 50, 40
FACTOR = 3
"""Units sold are three times as many after a shift up, a third after a shift down."""

SHIFT_FROM = date(2017, 7, 3)
PROMOTION, PROMOTION_FACTOR = date(2017, 9, 4), 4
OUTAGE, OUTAGE_DAYS = date(2017, 10, 10), 3
CLOSING_FROM, CLOSED_LOCATION = date(2017, 8, 21), "stores 3"


@dataclass(frozen=True)
class Faults:
    """shifted_up, shifted_down, promoted: product ids; each is empty if nothing was planted."""

    shifted_up: frozenset[str]
    shifted_down: frozenset[str]
    promoted: frozenset[str]


def plant(sales: pd.DataFrame, *, nothing: bool) -> tuple[pd.DataFrame, Faults]:
    """The sales with the faults, and the products that were changed; days are Mondays to Sundays."""
    if nothing:
        return sales, Faults(frozenset(), frozenset(), frozenset())
    rng = np.random.default_rng(SEED)
    products = rng.permutation(np.sort(sales["product_id"].unique()))
    shifted, promoted = products[:N_SHIFTED], products[N_SHIFTED : N_SHIFTED + N_PROMOTED]
    up, down = shifted[: N_SHIFTED // 2], shifted[N_SHIFTED // 2 :]
    days, product = sales["date"], sales["product_id"]
    quantity = sales["quantity"].to_numpy(dtype=np.int64).copy()
    after = (days >= SHIFT_FROM).to_numpy()
    quantity[after & product.isin(up)] *= FACTOR
    fewer = after & product.isin(down).to_numpy()
    quantity[fewer] = rng.binomial(quantity[fewer], 1.0 / FACTOR)
    week = ((days >= PROMOTION) & (days < PROMOTION + timedelta(days=7))).to_numpy()
    quantity[week & product.isin(promoted)] *= PROMOTION_FACTOR
    is_out = (days >= OUTAGE) & (days < OUTAGE + timedelta(days=OUTAGE_DAYS))
    is_closed = (days >= CLOSING_FROM) & (sales["location_id"] == CLOSED_LOCATION)
    kept = ~is_out & ~is_closed & (quantity > 0)
    return sales.assign(quantity=quantity)[kept], Faults(frozenset(up), frozenset(down), frozenset(promoted))
