"""Orders and stock at risk, all products together."""

from lepton_spark.language import counted, later
from lepton_spark.language import translated as _
from lepton_spark.report.page import charts
from lepton_spark.report.page.blocks import Block, Chart, Section, Table, Text, cells
from lepton_spark.report.page.figures import Orders
from lepton_spark.report.page.formats import count, units

_STATES = {
    "ok": later("with an order or enough stock"),
    "no_stock": later("with levels only: no stock data"),
    "unusable": later("without levels; see the column reason of inventory"),
}
_NONE = later(
    "No lead time is configured, so there are no orders: set inventory.lead_time or give stock_levels.path."
)


def orders(found: Orders) -> Section:
    """Counts by state, and how likely products are to run out."""
    blocks: list[Block] = []
    if not found.counts:
        blocks.append(Text(_(_NONE)))
    else:
        rows = tuple(
            cells(_(_STATES.get(state, state)), count(number))
            for state, number in sorted(found.counts.items())
        )
        caption = _("Products by what is known of their stock")
        blocks.append(Table(caption, ("", _("products")), rows, frozenset({1})))
    if found.at_risk:
        blocks.insert(0, Text(_words(found)))
        blocks.append(_risk(found))
    return Section("orders", _("Orders and stock at risk"), tuple(blocks))


def _words(found: Orders) -> str:
    cost = "" if found.value is None else _(" at a cost of {value}").format(value=units(found.value))
    needed = counted(found.n_orders, "{n} product needs an order", "{n} products need an order")
    text = _(
        "{needed}, {ordered} units in all{cost}. If nothing is ordered, {short} units are expected "
        "to be short."
    )
    return text.format(needed=needed, ordered=units(found.units), cost=cost, short=units(found.units_short))


def _risk(found: Orders) -> Chart:
    title = _("Likelihood of a stock-out before an order placed now is received")
    names = [
        _("{low} to {high} %").format(low=number * 10, high=number * 10 + 10)
        for number in range(len(found.at_risk))
    ]
    rows = tuple(cells(name, count(number)) for name, number in zip(names, found.at_risk, strict=True))
    table = Table(title, (_("likelihood"), _("products")), rows, frozenset({1}))
    n_likely = sum(found.at_risk[len(found.at_risk) // 2 :])
    description = counted(
        n_likely,
        "{n} product is more likely than not to run out, whatever is ordered now.",
        "{n} products are more likely than not to run out, whatever is ordered now.",
    )
    return Chart(title, description, charts.stock_risk(found.at_risk), table)
