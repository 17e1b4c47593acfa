"""Promotions of Complete Journey: shares of stores with a product on display and in the mailer, by day.

Weeks of the data begin on Mondays in local time; the first one is 1 January 2017 alone.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from accuracy_parts.datasets import Panel
from lepton_spark.models.data.arrays import FloatArray, IntArray

FIRST_MONDAY = int((np.datetime64("2017-01-02") - np.datetime64("1970-01-01")).astype(int))
NOT_PROMOTED = "0"
MEASURES = ("display", "mailer")


def weeks_of(days: IntArray) -> IntArray:
    """The week of the data for each epoch day."""
    weeks: IntArray = (days - FIRST_MONDAY) // 7 + 2
    return weeks


def promotions(panel: Panel, folder: Path, cache: Path) -> FloatArray:
    """[P, T, 2], the measures of every product and day, from the cache if possible."""
    stored = cache / f"{panel.name}_promotions.npz"
    if not stored.exists():
        table = pd.read_parquet(folder / "promotions.parquet")
        np.savez(stored, planned=by_day(panel, table))
    with np.load(stored) as arrays:
        planned: FloatArray = arrays["planned"]
    return planned


def plans(table: pd.DataFrame) -> pd.DataFrame:
    """Rows for `plans.path`: `product_id`, `start_date`, `end_date`, `display`, `mailer`."""
    shares = weekly_shares(table)
    monday = np.datetime64("1970-01-01") + FIRST_MONDAY + 7 * (shares["week"].to_numpy() - 2)
    start = np.maximum(monday, np.datetime64("2017-01-01"))
    ends = monday + np.timedelta64(6, "D")
    return shares.assign(start_date=start.astype(str), end_date=ends.astype(str)).drop(columns="week")


def weekly_shares(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of `product_id`, `week`, `display`, `mailer`: shares of the stores with any promotion that week.

    table: `product_id`, `store_id`, `display_location`, `mailer_location`, `week`; location 0 = not promoted.
    """
    n_stores = table.groupby("week")["store_id"].nunique()
    promoted = {measure: table[f"{measure}_location"].astype(str) != NOT_PROMOTED for measure in MEASURES}
    by_store = table.assign(**promoted).groupby(["product_id", "week", "store_id"], as_index=False)
    shares = by_store[list(MEASURES)].max().groupby(["product_id", "week"], as_index=False)
    rows = shares[list(MEASURES)].sum()
    for measure in MEASURES:
        rows[measure] = rows[measure] / rows["week"].map(n_stores)
    return rows


def by_day(panel: Panel, table: pd.DataFrame) -> FloatArray:
    """[P, T, 2], `weekly_shares` on every day of a panel."""
    planned = np.zeros((len(panel.product_ids), len(panel.days), len(MEASURES)))
    rows = weekly_shares(table)
    product = pd.Index(panel.product_ids).get_indexer(rows["product_id"].astype(str))
    day_week = weeks_of(panel.days)
    for week, group in rows.assign(product=product)[product >= 0].groupby("week"):
        values = group[list(MEASURES)].to_numpy(dtype=np.float64)
        planned[np.ix_(group["product"], day_week == week)] = values[:, np.newaxis]
    return planned
