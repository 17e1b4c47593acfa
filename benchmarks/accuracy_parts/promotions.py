"""Complete Journey's promotions: shares of stores with a product on display and in the mailer, by day.

The data's weeks begin on Mondays in the shop's time, but for the first, which is 1 January 2017 alone.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from accuracy_parts.sets import Panel
from lepton_spark.models.data.arrays import FloatArray, IntArray

FIRST_MONDAY = int((np.datetime64("2017-01-02") - np.datetime64("1970-01-01")).astype(int))
NOT_PROMOTED = "0"
MEASURES = ("display", "mailer")


def weeks_of(days: IntArray) -> IntArray:
    """The data's week of each epoch day."""
    weeks: IntArray = (days - FIRST_MONDAY) // 7 + 2
    return weeks


def promotions(panel: Panel, folder: Path, cache: Path) -> FloatArray:
    """[P, T, 2], shares of the stores that promoted anything in that week; cached beside the panel."""
    stored = cache / f"{panel.name}_promotions.npz"
    if not stored.exists():
        table = pd.read_parquet(folder / "promotions.parquet")
        np.savez(stored, planned=by_day(panel, table))
    with np.load(stored) as arrays:
        planned: FloatArray = arrays["planned"]
    return planned


def plans(table: pd.DataFrame) -> pd.DataFrame:
    """The same as rows for `plans.path`: `product_id`, `start_date`, `end_date`, display, mailer."""
    n_stores = table.groupby("week")["store_id"].nunique()
    rows = table.assign(
        display=table["display_location"].astype(str) != NOT_PROMOTED,
        mailer=table["mailer_location"].astype(str) != NOT_PROMOTED,
    )
    by_store = rows.groupby(["product_id", "week", "store_id"], as_index=False)[list(MEASURES)].max()
    shares = by_store.groupby(["product_id", "week"], as_index=False)[list(MEASURES)].sum()
    for measure in MEASURES:
        shares[measure] = (shares[measure] / shares["week"].map(n_stores)).clip(upper=1.0)
    monday = np.datetime64("1970-01-01") + FIRST_MONDAY + 7 * (shares["week"].to_numpy() - 2)
    start = np.maximum(monday, np.datetime64("2017-01-01"))
    ends = monday + np.timedelta64(6, "D")
    return shares.assign(start_date=start.astype(str), end_date=ends.astype(str)).drop(columns="week")


def by_day(panel: Panel, table: pd.DataFrame) -> FloatArray:
    """[P, T, 2] from rows of `product_id`, `store_id`, `display_location`, `mailer_location`, `week`."""
    planned = np.zeros((len(panel.product_ids), len(panel.days), len(MEASURES)))
    product = pd.Index(panel.product_ids).get_indexer(table["product_id"].astype(str))
    n_stores = table.groupby("week")["store_id"].nunique()
    day_week = weeks_of(panel.days)
    for place, measure in enumerate(MEASURES):
        promoted = (table[f"{measure}_location"].astype(str) != NOT_PROMOTED) & (product >= 0)
        rows = pd.DataFrame({"product": product, "week": table["week"], "store": table["store_id"]})[promoted]
        stores = rows.drop_duplicates().groupby(["product", "week"]).size()
        for (row, week), count in stores.items():
            planned[row, day_week == week, place] = count / n_stores[week]
    return planned
