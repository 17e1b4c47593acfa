"""Sales of two products that repeat by week."""

import pandas as pd

WEEK = [1, 2, 3, 4, 5, 6, 7]


def sales_by_week(n_weeks: int = 10) -> pd.DataFrame:
    """Products 7 and 12, which sells twice as much, from Monday 2021-01-04 on."""
    days = pd.date_range("2021-01-04", periods=7 * n_weeks)
    parts = [pd.DataFrame({"sku": sku, "when": days, "units": units * n_weeks}) for sku, units in
             ((12, [2 * unit for unit in WEEK]), (7, WEEK))]  # fmt: skip
    return pd.concat(parts, ignore_index=True)
