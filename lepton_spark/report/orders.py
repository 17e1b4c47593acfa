"""The most urgent orders of a run, printed for people."""

from collections.abc import Mapping

from pyspark.sql import Row
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table as Grid

from lepton_spark.language import translated as _
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


def first_product(warehouse: Warehouse, run_id: str) -> tuple[str, str] | None:
    """Product and location that the printed orders, or levels, begin with; None if there are none."""
    rows = urgent_orders(warehouse, run_id) or _most_demanded(warehouse, run_id)
    return (rows[0]["product_id"], rows[0]["location_id"]) if rows else None


def print_orders(console: Console, warehouse: Warehouse, run_id: str, counts: Mapping[str, int]) -> None:
    """Prints the most urgent orders, or what is missing for orders; counts: series by status."""
    orders = urgent_orders(warehouse, run_id)
    if orders:
        console.print(_order_grid(orders))
    elif counts.get("ok"):
        _print_plain(console, _("No product needs an order."))
    elif counts.get("no_stock"):
        console.print(_level_grid(_most_demanded(warehouse, run_id)))
    if counts.get("no_stock"):
        text = _("{n} products have levels but no order: no stock data.")
        _print_plain(console, text.format(n=f"{counts['no_stock']:,}"))
    if counts.get("unusable"):
        text = _("{n} products have no levels; see the column reason.")
        _print_plain(console, text.format(n=f"{counts['unusable']:,}"))
    _print_plain(console, _("Table: {path}").format(path=warehouse.path("inventory")))


def _most_demanded(warehouse: Warehouse, run_id: str) -> list[Row]:
    """The series with most demand until the next delivery."""
    of_run = warehouse.read("inventory").where(F.col("run_id") == F.lit(run_id))
    with_levels = of_run.where("mean_until_next IS NOT NULL")
    return with_levels.orderBy(F.desc("mean_until_next"), "product_id", "location_id").limit(SHOWN).collect()


def _order_grid(orders: list[Row]) -> Grid:
    grid = Grid(_("product"), _("location"), _("stock-out before delivery"), _("order"))
    grid.title, grid.title_justify = _("Most urgent orders"), "left"
    for row in orders:
        risk = f"{row['stockout_before_receipt']:.0%}"
        grid.add_row(row["product_id"], row["location_id"], risk, row["words"])
    return grid


def _level_grid(series: list[Row]) -> Grid:
    grid = Grid(title=_("Levels of the products with most demand"), title_justify="left")
    for name in (_("product"), _("location")):
        grid.add_column(name)
    for name in (_("expected until the next delivery"), _("safety stock"), _("level")):
        grid.add_column(name, justify="right")
    for row in series:
        level = row["order_up_to"] if row["reorder_point"] is None else row["reorder_point"]
        numbers = (row["mean_until_next"], row["safety_stock"], level)
        grid.add_row(row["product_id"], row["location_id"], *(f"{number:,.1f}" for number in numbers))
    return grid


def _print_plain(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
