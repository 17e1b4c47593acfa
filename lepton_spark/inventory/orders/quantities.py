"""How much to order: the difference to a level, in packs, at least a minimum, at most what sells in time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lepton_spark.inventory.demand import expected, is_whole
from lepton_spark.inventory.protection import Protection
from lepton_spark.inventory.terms import Stock, Terms
from lepton_spark.models.data.arrays import BoolArray, FloatArray

ALMOST = 1e-9
"""Packs by which a number of packs may differ from a whole one."""


@dataclass(frozen=True)
class Order:
    """The order of each of S series, in units; NaN where the stock is unknown.

    arriving: on order and due before this order is received at the latest. position: on hand and arriving,
    less backorders. quantity, packs: to order; packs are NaN without a pack size. is_capped: whether the
    shelf life made the order smaller.
    """

    arriving: FloatArray
    position: FloatArray
    quantity: FloatArray
    packs: FloatArray
    is_capped: BoolArray


def orders(
    rows: pd.DataFrame,
    level: FloatArray,
    protection: Protection,
    terms: Terms,
    stock: Stock,
    cutoff: int,
) -> Order:
    """The orders that raise the position to the level, if it is below.

    level: [S], the order-up-to level, or the least position above the reorder point. cutoff: days since
    1970-01-01.
    """
    whole = is_whole(rows)
    arriving = stock.arriving(cutoff + 1 + protection.latest_receipt)
    position = stock.on_hand + arriving - stock.backorders
    missing = np.maximum(level - position, 0.0)
    step = np.where(np.isnan(terms.pack), whole.astype(np.float64), terms.pack)
    wanted = _up(np.where(missing > 0, np.maximum(missing, terms.minimum), missing), step)
    most = _down(np.maximum(sold_in_time(rows, protection, terms) - position, 0.0), step)
    is_capped = most < wanted
    quantity = np.where(is_capped, most, wanted)
    return Order(arriving, position, quantity, quantity / terms.pack, is_capped)


def sold_in_time(rows: pd.DataFrame, protection: Protection, terms: Terms) -> FloatArray:
    """[S], expected units until the shelf life of a delivery ends; infinite without a shelf life."""
    shelf_life = np.nan_to_num(terms.shelf_life).astype(np.int64)
    units = expected(rows, protection.latest_receipt + shelf_life)
    return np.where(np.isnan(terms.shelf_life), np.inf, units)


def days_of_cover(rows: pd.DataFrame, position: FloatArray) -> FloatArray:
    """[S], days for which the position covers the expected demand; NaN where none is expected.

    After the horizon the mean day counts.
    """
    forecast = np.stack(rows["forecast"].to_list()).astype(np.float64)
    horizon, sums = forecast.shape[1], np.cumsum(forecast, axis=1)
    covered = np.count_nonzero(sums <= position[:, np.newaxis], axis=1).astype(np.float64)
    mean = sums[:, -1] / horizon
    later = np.divide(position - sums[:, -1], mean, out=np.full(len(mean), np.nan), where=mean > 0)
    days = np.where(covered == horizon, horizon + np.floor(later), covered)
    return np.where((mean > 0) & ~np.isnan(position), days, np.nan)


def _up(units: FloatArray, step: FloatArray) -> FloatArray:
    """[S], the units in whole steps, rounded up; as they are where the step is 0."""
    size = np.where(step > 0, step, 1.0)
    return np.where(step > 0, np.ceil(units / size - ALMOST) * size, units)


def _down(units: FloatArray, step: FloatArray) -> FloatArray:
    """[S], the units in whole steps, rounded down; as they are where the step is 0."""
    size = np.where(step > 0, step, 1.0)
    return np.where(step > 0, np.floor(units / size + ALMOST) * size, units)
