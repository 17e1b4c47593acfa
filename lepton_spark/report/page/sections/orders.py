"""Orders and stock at risk, all products together."""

from lepton_spark.report.page import charts
from lepton_spark.report.page.blocks import Block, Chart, Section, Table, Text, cells
from lepton_spark.report.page.figures import Orders
from lepton_spark.report.page.formats import count, of, units

_STATES = {
    "ok": "with an order or enough stock",
    "no_stock": "with levels only: no stock data",
    "unusable": "without levels; see the column reason of inventory",
}
_NONE = (
    "No lead time is configured, so there are no orders: set inventory.lead_time or give stock_levels.path."
)


def orders(found: Orders) -> Section:
    """Counts by state, and how likely products are to run out."""
    blocks: list[Block] = []
    if not found.counts:
        blocks.append(Text(_NONE))
    else:
        rows = tuple(
            cells(_STATES.get(state, state), count(number)) for state, number in sorted(found.counts.items())
        )
        blocks.append(
            Table("Products by what is known of their stock", ("", "products"), rows, frozenset({1}))
        )
    if found.at_risk:
        blocks.insert(0, Text(_words(found)))
        blocks.append(_risk(found))
    return Section("orders", "Orders and stock at risk", tuple(blocks))


def _words(found: Orders) -> str:
    cost = "" if found.value is None else f" at a cost of {units(found.value)}"
    return (
        f"{of(found.n_orders, 'product needs', 'products need')} an order, {units(found.units)} units in all"
        f"{cost}. If nothing is ordered, {units(found.units_short)} units are expected to be short."
    )


def _risk(found: Orders) -> Chart:
    title = "Likelihood of a stock-out before an order placed now is received"
    names = [f"{number * 10} to {number * 10 + 10} %" for number in range(len(found.at_risk))]
    rows = tuple(cells(name, count(number)) for name, number in zip(names, found.at_risk, strict=True))
    table = Table(title, ("likelihood", "products"), rows, frozenset({1}))
    n_likely = sum(found.at_risk[len(found.at_risk) // 2 :])
    likely = of(n_likely, "product is", "products are")
    description = f"{likely} more likely than not to run out, whatever is ordered now."
    return Chart(title, description, charts.stock_risk(found.at_risk), table)
