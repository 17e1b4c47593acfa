"""What to do today: what is out of date, what failed, what to order, what is not as it was."""

from collections.abc import Iterator, Sequence
from datetime import date

from lepton_spark.gates import Gate
from lepton_spark.language import counted, later
from lepton_spark.language import translated as _
from lepton_spark.report.page.blocks import Block, Cell, Level, Notice, Section, Table, cells, named
from lepton_spark.report.page.figures import Alarm, Figures, Order, Orders
from lepton_spark.report.page.formats import NONE, share, units
from lepton_spark.report.terms import state_name

_NO_STOCK = later(
    "There is no stock data, so these are levels to order up to, not orders. "
    "With stock_levels.path the page lists orders."
)


def todo(figures: Figures) -> Section:
    """The most urgent first; one good notice where nothing is to be done."""
    notices = list(_notices(figures))
    tables = [*_alarms(figures), *order_tables(figures.orders)]
    if not notices and not figures.orders.n_orders:
        text = _("The forecasts are current, and every gate passed.")
        notices = [Notice("good", _("Nothing is overdue"), text)]
    return Section("today", _("What to do today"), (*notices, *tables))


def _notices(figures: Figures) -> Iterator[Block]:
    run, today = figures.run, figures.made_at.date()
    if today > run.valid_until:
        text = _(
            "They were meant to be used until {day}. "
            "Do not order by them: deliver the missing days of sales, then run again."
        )
        yield Notice("bad", _("These forecasts are out of date"), text.format(day=run.valid_until))
    if figures.freshness.failed:
        text = _("The newest complete day is {found}; allowed: {allowed}.")
        text = text.format(found=figures.freshness.found, allowed=figures.freshness.allowed)
        yield Notice("bad", _("The sales are old"), text)
    if run.refused_cutoff is not None:
        title = _("The forecasts of {cutoff} were not published").format(cutoff=run.refused_cutoff)
        text = _("You see the forecasts of {cutoff} instead. {gates}")
        yield Notice("bad", title, text.format(cutoff=run.cutoff, gates=_gates(run.refused)))
    failed = tuple(gate for gate in run.gates if gate.failed)
    if failed:
        yield Notice("warn", counted(len(failed), "{n} gate failed", "{n} gates failed"), _gates(failed))
    if figures.cleaning.refused:
        n_files = counted(len(figures.cleaning.refused), "{n} file was refused", "{n} files were refused")
        first = "; ".join(f"{name}: {words}" for name, words in figures.cleaning.refused[:3])
        yield Notice("warn", n_files, _("Their sales are missing. {files}").format(files=first))
    if figures.monitored is not None and figures.monitored.counts.get("alarm"):
        n_alarms = counted(figures.monitored.counts["alarm"], "{n} product alarm", "{n} product alarms")
        text = _("Sales up to {day} do not fit their forecasts. Look at them below.")
        yield Notice("warn", n_alarms, text.format(day=figures.monitored.last_day))
    if figures.orders.n_orders:
        yield _order_notice(figures.orders)


def _order_notice(orders: Orders) -> Notice:
    cost = "" if orders.value is None else _(", worth {value}").format(value=units(orders.value))
    text = _(
        "{ordered} units in all{cost}. Without them, {short} units "
        "are expected to be short before the next order arrives."
    )
    text = text.format(ordered=units(orders.units), cost=cost, short=units(orders.units_short))
    title = counted(orders.n_orders, "{n} product to order", "{n} products to order")
    return Notice("info", title, text)


def _gates(gates: tuple[Gate, ...]) -> str:
    text = _("{gate}: found {found}; allowed: {allowed}.")
    return " ".join(text.format(gate=one.name, found=one.found, allowed=one.allowed) for one in gates)


def _alarms(figures: Figures) -> Iterator[Block]:
    if figures.monitored is None or not figures.monitored.alarms:
        return
    caption = _("Not as in earlier periods, up to {day}").format(day=figures.monitored.last_day)
    head = (_("what"), _("state"), _("since"), _("forecast"), _("sold"), _("why"))
    rows = tuple(_alarm(alarm) for alarm in figures.monitored.alarms)
    yield Table(caption, head, rows, frozenset({3, 4}))


def _alarm(alarm: Alarm) -> tuple[Cell, ...]:
    level: Level = "bad" if alarm.state == "alarm" else "warn"
    subject = named(alarm.series) if alarm.series is not None else Cell(_shop(alarm.subject))
    state = Cell(state_name(alarm.state), level=level)
    return cells(subject, state, _day(alarm.since), units(alarm.forecast), units(alarm.actual), alarm.reason)


def _shop(subject: str) -> str:
    """A segment or a measure of the whole shop."""
    return _("all products") if subject == "all" else subject.replace("_", " ")


def order_tables(orders: Orders) -> Iterator[Block]:
    """The most urgent orders, or the levels of the products with most demand."""
    if orders.urgent:
        yield _order_table(orders.urgent)
    elif orders.most_demanded:
        yield Notice("info", _("No orders without stock data"), _(_NO_STOCK))
        yield _level_table(orders.most_demanded)


def _order_table(orders: Sequence[Order]) -> Table:
    head = (_("product"), _("order"), _("by"), _("stock-out risk"), _("short without it"), _("why"))
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
    return Table(_("Most urgent orders, in units"), head, rows, frozenset({1, 3, 4}))


def _level_table(levels: Sequence[Order]) -> Table:
    head = (_("product"), _("expected until the next delivery"), _("safety stock"), _("order up to"))
    rows = tuple(
        cells(named(one.series), units(one.mean_until_next), units(one.safety_stock), units(one.level))
        for one in levels
    )
    return Table(_("Levels of the products with most demand, in units"), head, rows, frozenset({1, 2, 3}))


def _day(day: date | None) -> str:
    return NONE if day is None else f"{day}"
