"""The most urgent orders of a run, printed for people."""

from collections.abc import Mapping

from pyspark.sql import Row
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table as Grid

from lepton_spark.tables import Warehouse

SHOWN = 10
"""Orders that are printed."""


def urgent_orders(warehouse: Warehouse, run_id: str) -> list[Row]:
    """The orders without which most units are expected to be short before the next delivery."""
    of_run = warehouse.read("inventory").where(F.col("run_id") == F.lit(run_id))
    urgent = of_run.where("order_quantity > 0").orderBy(
        F.desc("units_short_unordered"), "product_id", "location_id"
    )
    return urgent.limit(SHOWN).collect()


def print_orders(console: Console, warehouse: Warehouse, run_id: str, counts: Mapping[str, int]) -> None:
    """Prints the most urgent orders, or what is missing for orders; counts: series by status."""
    orders = urgent_orders(warehouse, run_id)
    if orders:
        console.print(_grid(orders))
    else:
        _print_plain(console, "No product needs an order.")
    if counts.get("no_stock"):
        _print_plain(console, f"{counts['no_stock']:,} products have levels but no order: no stock data.")
    if counts.get("unusable"):
        _print_plain(console, f"{counts['unusable']:,} products have no levels; see the column reason.")
    _print_plain(console, f"Table: {warehouse.path('inventory')}")


def _grid(orders: list[Row]) -> Grid:
    has_locations = any(row["location_id"] != "all" for row in orders)
    names = ("product", "location", "stock-out before delivery", "order")
    grid = Grid(title="Most urgent orders", title_justify="left")
    for name in names:
        if name != "location" or has_locations:
            grid.add_column(name)
    for row in orders:
        place = [row["location_id"]] if has_locations else []
        grid.add_row(row["product_id"], *place, f"{row['stockout_before_receipt']:.0%}", row["words"])
    return grid


def _print_plain(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
