"""What to do today: what is out of date, what failed, what to order, what is not as it was."""

from collections.abc import Iterator, Sequence
from datetime import date

from lepton_spark.gates import Gate
from lepton_spark.report.page.blocks import Block, Cell, Level, Notice, Section, Table, cells, named
from lepton_spark.report.page.figures import Alarm, Figures, Order, Orders
from lepton_spark.report.page.formats import NONE, of, share, units

_NO_STOCK = (
    "There is no stock data, so these are levels to order up to, not orders. "
    "With stock_levels.path the page lists orders."
)


def todo(figures: Figures) -> Section:
    """The most urgent first; one good notice where nothing is to be done."""
    notices = list(_notices(figures))
    tables = [*_alarms(figures), *order_tables(figures.orders)]
    if not notices and not figures.orders.n_orders:
        notices = [Notice("good", "Nothing is overdue", "The forecasts are current, and every gate passed.")]
    return Section("today", "What to do today", (*notices, *tables))


def _notices(figures: Figures) -> Iterator[Block]:
    run, today = figures.run, figures.made_at.date()
    if today > run.valid_until:
        text = (
            f"They were meant to be used until {run.valid_until}. "
            "Do not order by them: deliver the missing days of sales, then run again."
        )
        yield Notice("bad", "These forecasts are out of date", text)
    if figures.freshness.failed:
        found = f"The newest complete day is {figures.freshness.found}; allowed: {figures.freshness.allowed}."
        yield Notice("bad", "The sales are old", found)
    if run.refused_cutoff is not None:
        text = f"You see the forecasts of {run.cutoff} instead. {_gates(run.refused)}"
        yield Notice("bad", f"The forecasts of {run.refused_cutoff} were not published", text)
    failed = tuple(gate for gate in run.gates if gate.failed)
    if failed:
        yield Notice("warn", of(len(failed), "gate failed", "gates failed"), _gates(failed))
    if figures.cleaning.refused:
        n_files = of(len(figures.cleaning.refused), "file was refused", "files were refused")
        first = "; ".join(f"{name}: {words}" for name, words in figures.cleaning.refused[:3])
        yield Notice("warn", n_files, f"Their sales are missing. {first}")
    if figures.monitored is not None and figures.monitored.counts.get("alarm"):
        n_alarms = of(figures.monitored.counts["alarm"], "product alarm", "product alarms")
        text = f"Sales up to {figures.monitored.last_day} do not fit their forecasts. Look at them below."
        yield Notice("warn", n_alarms, text)
    if figures.orders.n_orders:
        yield _order_notice(figures.orders)


def _order_notice(orders: Orders) -> Notice:
    cost = "" if orders.value is None else f", worth {units(orders.value)}"
    text = (
        f"{units(orders.units)} units in all{cost}. Without them, {units(orders.units_short)} units "
        "are expected to be short before the next order arrives."
    )
    return Notice("info", f"{of(orders.n_orders, 'product', 'products')} to order", text)


def _gates(gates: tuple[Gate, ...]) -> str:
    return " ".join(f"{gate.name}: found {gate.found}; allowed: {gate.allowed}." for gate in gates)


def _alarms(figures: Figures) -> Iterator[Block]:
    if figures.monitored is None or not figures.monitored.alarms:
        return
    caption = f"Not as in earlier periods, up to {figures.monitored.last_day}"
    head = ("what", "state", "since", "forecast", "sold", "why")
    rows = tuple(_alarm(alarm) for alarm in figures.monitored.alarms)
    yield Table(caption, head, rows, frozenset({3, 4}))


def _alarm(alarm: Alarm) -> tuple[Cell, ...]:
    level: Level = "bad" if alarm.state == "alarm" else "warn"
    subject = named(alarm.series) if alarm.series is not None else Cell(_shop(alarm.subject))
    state = Cell(alarm.state.replace("_", " "), level=level)
    return cells(subject, state, _day(alarm.since), units(alarm.forecast), units(alarm.actual), alarm.reason)


def _shop(subject: str) -> str:
    """A segment or a measure of the whole shop."""
    return "all products" if subject == "all" else subject.replace("_", " ")


def order_tables(orders: Orders) -> Iterator[Block]:
    """The most urgent orders, or the levels of the products with most demand."""
    if orders.urgent:
        yield _order_table(orders.urgent)
    elif orders.most_demanded:
        yield Notice("info", "No orders without stock data", _NO_STOCK)
        yield _level_table(orders.most_demanded)


def _order_table(orders: Sequence[Order]) -> Table:
    head = ("product", "order", "by", "stock-out risk", "short without it", "why")
    rows = tuple(
        cells(
            named(order.series),
            units(order.order_quantity),
            _day(order.order_date),
            share(order.stockout_risk),
            units(order.units_short),
            order.words or "",
        )
        for order in orders
    )
    return Table("Most urgent orders, in units", head, rows, frozenset({1, 3, 4}))


def _level_table(levels: Sequence[Order]) -> Table:
    head = ("product", "expected until the next delivery", "safety stock", "order up to")
    rows = tuple(
        cells(named(one.series), units(one.mean_until_next), units(one.safety_stock), units(one.level))
        for one in levels
    )
    return Table("Levels of the products with most demand, in units", head, rows, frozenset({1, 2, 3}))


def _day(day: date | None) -> str:
    return NONE if day is None else f"{day}"
