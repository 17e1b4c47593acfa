"""Synthetic daily sales as packed rows, for benchmarks of speed."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

CUTOFF = date(2024, 12, 31)


def packed_years(ids: np.ndarray, n_days: int) -> pd.DataFrame:
    """Rows of the table `panel` for some series: Poisson sales up to `CUTOFF`, one row per series and year.

    Every series has a level, a trend and a weekday profile of its own. Days without a sale are NaN.

    ids: [S], numbers of the series; the first one is the seed.
    """
    rng = np.random.default_rng(int(ids[0]))
    days = np.arange(n_days)
    level = np.exp(rng.normal(1.0, 1.0, (len(ids), 1)))
    weekday = rng.gamma(5.0, 0.2, (len(ids), 7))[:, days % 7]
    trend = 1.0 + rng.normal(0.0, 0.2, (len(ids), 1)) * days / n_days
    units = rng.poisson(np.maximum(level * weekday * trend, 0.0)).astype(np.float64)
    units[units == 0] = np.nan
    units[:, 0] = 1.0
    first = CUTOFF - timedelta(days=n_days - 1)
    years = np.array([(first + timedelta(days=int(day))).year for day in days])
    parts = [
        pd.DataFrame(
            {
                "product_id": [product_id(int(number)) for number in ids],
                "location_id": "all",
                "chunk": int(year),
                "first_date": max(first, date(int(year), 1, 1)),
                "quantity": list(units[:, years == year]),
            }
        )
        for year in np.unique(years)
    ]
    return pd.concat(parts, ignore_index=True)


def product_id(number: int) -> str:
    return f"product-{number:08d}"
