"""Made-up daily sales of a catalogue of any size.

Shaped like those of the public sets: most products sell rarely, a few every day; some are launched or given
up in the meantime.
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

N_DAYS = 730
FIRST_DAY = date(2023, 1, 2)
PRODUCTS_PER_FILE = 20_000
MEDIAN_RATE, SPREAD = 0.02, 1.7
"""Median and standard deviation of the logarithm of units a day: some 40 lines for each product."""
LAUNCHED, GIVEN_UP = 0.4, 0.2
"""Shares of products whose first day, and last day, lies within the period."""
SHARE_AT_ONCE = 2_000
"""Products whose days are drawn at once, to bound memory."""


def write_catalogue(folder: Path, n_products: int, n_days: int = N_DAYS) -> int:
    """Write the lines of a catalogue as Parquet, 20,000 products a file; returns the number of lines.

    A product's sales do not depend on the size of the catalogue.
    """
    folder.mkdir(parents=True)
    n_lines = 0
    for first in range(0, n_products, PRODUCTS_PER_FILE):
        last = min(first + PRODUCTS_PER_FILE, n_products)
        starts = range(first, last, SHARE_AT_ONCE)
        table = pa.concat_tables([lines(start, min(start + SHARE_AT_ONCE, last), n_days) for start in starts])
        pq.write_table(table, folder / f"sales-{first:08d}.parquet", row_group_size=1 << 20)
        n_lines += table.num_rows
    return n_lines


def lines(first: int, last: int, n_days: int) -> pa.Table:
    """The lines of the products numbered `first` to `last - 1`, with a sale each; `first` is the seed."""
    random = np.random.default_rng([42, first])
    n = last - first
    rate = MEDIAN_RATE * np.exp(random.normal(0.0, SPREAD, (n, 1)))
    days = np.arange(n_days)
    weekday = random.gamma(8.0, 1.0 / 8.0, (n, 7))[:, days % 7]
    phase, height = random.uniform(0.0, 1.0, (n, 1)), random.uniform(0.0, 0.5, (n, 1))
    season = 1.0 + height * np.sin(2.0 * np.pi * (days / 365.25 + phase))
    begin = np.where(random.random((n, 1)) < LAUNCHED, random.integers(0, n_days, (n, 1)), 0)
    end = np.where(random.random((n, 1)) < GIVEN_UP, random.integers(0, n_days, (n, 1)), n_days)
    units = random.poisson(rate * weekday * season * ((days >= begin) & (days < end)))
    price = np.round(np.exp(random.normal(2.0, 0.8, n)), 2)
    product, day = np.nonzero(units)
    dates = pa.array([FIRST_DAY + timedelta(days=int(number)) for number in days])
    names = pa.array([f"SKU-{number:08d}" for number in range(first, last)])
    return pa.table(
        {
            "day": dates.take(pa.array(day)),
            "sku": names.take(pa.array(product)),
            "units": units[product, day],
            "price": price[product],
        }
    )
