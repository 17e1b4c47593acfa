"""How each product is ordered, and what is in stock: one row of arrays per series."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lepton_spark.models.data.arrays import FloatArray, IntArray

TERM_COLUMNS = (
    *("lead_time", "review_period", "pack_size", "minimum_order", "shelf_life", "service_target"),
    *("unit_cost", "price"),
)
"""Columns of `stock_levels` that say how a product is ordered."""


@dataclass(frozen=True)
class Defaults:
    """The configured values for products without values of their own.

    lead_times: probability by days; empty: none. review: days between orders. pack: units.
    """

    lead_times: Mapping[int, float]
    review: int
    target: float
    pack: float | None


@dataclass(frozen=True)
class Terms:
    """Parameters of S series; NaN = not given.

    lead_time: [S, K], days, -1 where there is none. probability: [S, K]. review: [S], days. target: [S].
    pack: [S], units. minimum: [S], units, 0 without one. shelf_life: [S], days. cost, price: [S], money.
    """

    lead_time: IntArray
    probability: FloatArray
    review: IntArray
    target: FloatArray
    pack: FloatArray
    minimum: FloatArray
    shelf_life: FloatArray
    cost: FloatArray
    price: FloatArray


@dataclass(frozen=True)
class Stock:
    """What S series have: units, NaN = unknown.

    on_hand, backorders: [S]. as_of: [S], days since 1970-01-01. due: for each series its deliveries on order,
    as days since 1970-01-01 and units.
    """

    on_hand: FloatArray
    backorders: FloatArray
    as_of: FloatArray
    due: tuple[tuple[tuple[int, float], ...], ...]

    def arriving(self, last_day: IntArray) -> FloatArray:
        """[S], units on order that are due by the last day [S]."""
        return np.array(
            [
                sum((units for day, units in deliveries if day <= last), 0.0)
                for deliveries, last in zip(self.due, last_day.tolist(), strict=True)
            ]
        )


def terms_of(rows: pd.DataFrame, defaults: Defaults) -> Terms:
    """The parameters of each row, from its columns of `stock_levels`, else the defaults."""
    lead_time, probability = _lead_times(_numbers(rows, "lead_time"), defaults.lead_times)
    return Terms(
        lead_time,
        probability,
        review=_numbers(rows, "review_period", defaults.review).astype(np.int64),
        target=_numbers(rows, "service_target", defaults.target),
        pack=_numbers(rows, "pack_size", defaults.pack),
        minimum=_numbers(rows, "minimum_order", 0.0),
        shelf_life=_numbers(rows, "shelf_life"),
        cost=_numbers(rows, "unit_cost"),
        price=_numbers(rows, "price"),
    )


def stock_of(rows: pd.DataFrame) -> Stock:
    """The stock of each row; `due_days` and `due_units` are lists of equal length, or null."""
    due = tuple(
        () if days is None else tuple(zip(map(int, days), map(float, units), strict=True))
        for days, units in zip(rows["due_days"], rows["due_units"], strict=True)
    )
    on_hand, backorders = _numbers(rows, "on_hand"), _numbers(rows, "backorders", 0.0)
    return Stock(on_hand, backorders, _numbers(rows, "as_of_day"), due)


def _lead_times(own: FloatArray, configured: Mapping[int, float]) -> tuple[IntArray, FloatArray]:
    """[S, K] days and probabilities: a product's own lead time is certain; -1 where there is none."""
    days = np.array([*configured] or [-1])
    shares = np.array([*configured.values()] or [1.0])
    is_own = ~np.isnan(own)[:, np.newaxis]
    certain = np.arange(len(days)) == 0
    lead_time = np.where(is_own, np.nan_to_num(own)[:, np.newaxis], days).astype(np.int64)
    return lead_time, np.where(is_own, certain, shares).astype(np.float64)


def _numbers(rows: pd.DataFrame, name: str, default: float | None = None) -> FloatArray:
    """[S], a column of numbers; the default, or NaN, where it is null."""
    values = pd.to_numeric(rows[name]).to_numpy(dtype=np.float64)
    return values if default is None else np.where(np.isnan(values), float(default), values)
