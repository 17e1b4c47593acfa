"""Made-up daily sales of a catalogue of any size.

Shaped like those of the public sets: most products sell rarely, a few every day; some are launched or given
up in the meantime.
"""

import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

N_DAYS = 730
FIRST_DAY = date(2023, 1, 2)
LAST_DAY = FIRST_DAY + timedelta(days=N_DAYS - 1)
PRODUCTS_PER_FILE = 20_000
MEDIAN_RATE, SPREAD = 0.02, 1.7
"""Median and standard deviation of the logarithm of units a day: some 30 lines for each product."""
LAUNCHED, GIVEN_UP = 0.4, 0.2
"""Shares of products whose first day, and last day, lies within the period."""
SHARE_AT_ONCE = 2_000
"""Products whose days are drawn at once, to bound memory."""


@dataclass(frozen=True)
class Catalogue:
    """Delivered lines of the first `n_products` products; those without any sale have no line."""

    folder: Path
    n_products: int

    @property
    def history(self) -> Path:
        """The folder of all lines up to `LAST_DAY`, 20,000 products a file."""
        return self.folder / "history"

    @property
    def next_day(self) -> Path:
        """The file of the lines of the day after."""
        return self.folder / "next-day.parquet"

    @property
    def condition(self) -> pc.Expression:
        """Whether a line of the folder belongs to these products."""
        return pc.field("sku") < product_name(self.n_products)

    def count(self) -> tuple[int, int]:
        """Products with a line up to `LAST_DAY`, and the number of these lines."""
        n_series = n_lines = 0
        for path in sorted(self.history.glob("*.parquet")):
            names = pq.read_table(path, columns=["sku"], filters=self.condition)["sku"]
            n_series, n_lines = n_series + pc.count_distinct(names).as_py(), n_lines + len(names)
        return n_series, n_lines


def make_catalogue(folder: Path, n_products: int) -> Catalogue:
    """Write the lines of a catalogue as Parquet, unless the folder exists.

    A product's sales do not depend on the size of the catalogue.
    """
    if not folder.exists():
        made = Catalogue(folder.with_name(f"{folder.name}-unfinished"), n_products)
        shutil.rmtree(made.folder, ignore_errors=True)
        _write(made)
        made.folder.rename(folder)
    return Catalogue(folder, n_products)


def _write(catalogue: Catalogue) -> None:
    catalogue.history.mkdir(parents=True)
    in_history = pc.field("day") <= pa.scalar(LAST_DAY)
    next_day = []
    for first in range(0, catalogue.n_products, PRODUCTS_PER_FILE):
        last = min(first + PRODUCTS_PER_FILE, catalogue.n_products)
        starts = range(first, last, SHARE_AT_ONCE)
        parts = [lines(start, start + SHARE_AT_ONCE, N_DAYS + 1) for start in starts]
        table = pa.concat_tables(parts).filter(catalogue.condition)
        path = catalogue.history / f"sales-{first:08d}.parquet"
        pq.write_table(table.filter(in_history), path, row_group_size=1 << 20)
        next_day.append(table.filter(~in_history))
    pq.write_table(pa.concat_tables(next_day), catalogue.next_day)


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
    names = pa.array([product_name(number) for number in range(first, last)])
    return pa.table(
        {
            "day": dates.take(pa.array(day)),
            "sku": names.take(pa.array(product)),
            "units": units[product, day],
            "price": price[product],
        }
    )


def product_name(number: int) -> str:
    return f"SKU-{number:08d}"
