"""Rows of `inventory`: levels and orders of some series, as a function of pandas frames."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lepton_spark.inventory.demand import is_whole
from lepton_spark.inventory.orders.columns import (
    Values,
    date_columns,
    demand_columns,
    level_columns,
    money_columns,
    nullable,
    order_columns,
    service_columns,
)
from lepton_spark.inventory.orders.levels import Policy, cycle_of, reorder_points
from lepton_spark.inventory.orders.quantities import orders
from lepton_spark.inventory.orders.reasons import (
    NO_STOCK,
    OK,
    UNUSABLE,
    Situation,
    order_words,
    stock_reasons,
    unusable_reasons,
)
from lepton_spark.inventory.protection import OrderingDays, Protection, protection
from lepton_spark.inventory.terms import TERM_COLUMNS, Defaults, Terms, stock_of, terms_of
from lepton_spark.tables.schemas.inventory_tables import INVENTORY
from lepton_spark.tables.schemas.schema import SERIES_KEY

ADDED_LATER = ("run_id", "cutoff", "service", "overridden_days")
"""Columns that do not depend on the levels of a series."""

_COLUMNS = tuple(column for column in INVENTORY.columns if column.name not in ADDED_LATER)
COLUMN_NAMES = tuple(column.name for column in _COLUMNS)
ROW_SCHEMA = ", ".join(f"{column.name} {column.type.replace('DATE', 'INT')}" for column in _COLUMNS)
"""Schema of the rows; dates are days since 1970-01-01."""

LARGEST = 1e12
"""Units expected within the horizon above which a forecast is an error."""


@dataclass(frozen=True)
class OrderBatch:
    """Turns rows of `fits`, joined with the stock of each series, into rows of `inventory`.

    cutoff: days since 1970-01-01. horizon: days with a forecast. A row depends on its own series only.
    """

    cutoff: int
    horizon: int
    days: OrderingDays
    defaults: Defaults
    policy: Policy

    @property
    def days_needed(self) -> int:
        """Days of forecasts that orders by the configured lead times need; 0 without any."""
        own = pd.DataFrame({name: [None] for name in TERM_COLUMNS})
        terms = terms_of(own, self.defaults)
        return 0 if not self.defaults.lead_times else int(self._protection(terms).longest[0])

    def __call__(self, rows: pd.DataFrame) -> pd.DataFrame:
        """One row for each row, in the same order."""
        reasons = self._unusable(rows)
        usable = np.array([reason is None for reason in reasons])
        made = {name: np.full(len(rows), None, dtype=object) for name in COLUMN_NAMES}
        for name in SERIES_KEY:
            made[name][:] = rows[name].to_numpy()
        made["status"][:], made["reason"][:] = UNUSABLE, reasons
        if usable.any():
            for name, values in self._usable(rows[usable].reset_index(drop=True)).items():
                made[name][usable] = nullable(values)
        return pd.DataFrame(made)

    def _unusable(self, rows: pd.DataFrame) -> list[str | None]:
        """Why no levels can be set for a series, else None."""
        terms = terms_of(rows, self.defaults)
        finite = [_is_finite(forecast, self.horizon) for forecast in rows["forecast"]]
        protected = self._protection(terms)
        return unusable_reasons(terms, protected, is_whole(rows), np.array(finite), self.horizon, self.policy)

    def _protection(self, terms: Terms) -> Protection:
        return protection(self.cutoff, self.days, terms.lead_time, terms.probability, terms.review)

    def _usable(self, rows: pd.DataFrame) -> dict[str, Values]:
        """The columns of series whose levels can be set."""
        terms, stock = terms_of(rows, self.defaults), stock_of(rows)
        protected = self._protection(terms)
        cycle = cycle_of(rows, protected, terms, self.policy)
        point = reorder_points(rows, cycle, protected, terms, self.policy)
        reasons = stock_reasons(stock, self.cutoff)
        counted = np.array([reason is None for reason in reasons])
        stock = replace(stock, on_hand=np.where(counted, stock.on_hand, np.nan))
        least = point + cycle.until_next.whole
        order = orders(rows, least, protected, terms, stock, self.cutoff)
        levels = level_columns(cycle, point, terms, self.policy)
        expected, safety = cycle.until_next.mean, levels["safety_stock"]
        situation = Situation(expected, safety, protected, terms, stock, order)
        service = service_columns(cycle, order, lost_sales=self.policy.lost_sales)
        return {
            "status": np.where(counted, OK, NO_STOCK).astype(object),
            "reason": np.array(reasons, dtype=object),
            "words": np.array(order_words(situation), dtype=object),
            **date_columns(self.cutoff, self.days.order_day, protected),
            **demand_columns(cycle),
            **levels,
            **order_columns(rows, stock, order, terms),
            **service,
            **money_columns(order, safety, service["units_short"], terms),
        }


def _is_finite(forecast: Sequence[float] | None, horizon: int) -> bool:
    """Whether there is a plausible forecast for each day."""
    if forecast is None or len(forecast) != horizon:
        return False
    return float(np.abs(np.asarray(forecast, np.float64)).sum()) < LARGEST
