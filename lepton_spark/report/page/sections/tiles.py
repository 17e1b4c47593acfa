"""The figures at the top of the page."""

from collections.abc import Iterator

from lepton_spark.language import counted
from lepton_spark.language import translated as _
from lepton_spark.report.page.blocks import Tile
from lepton_spark.report.page.figures import Figures
from lepton_spark.report.page.formats import NONE, count, share, signed_share, units


def tiles(figures: Figures) -> tuple[Tile, ...]:
    """What a planner wants to know first."""
    return tuple(_tiles(figures))


def _tiles(figures: Figures) -> Iterator[Tile]:
    span = _("days") if figures.run.period == 1 else _("weeks")
    ahead = sum(total.forecast for total in figures.totals if total.forecast is not None)
    when = _("in the {n} {span} after {cutoff}")
    when = when.format(n=figures.run.horizon, span=span, cutoff=figures.run.cutoff)
    yield Tile(_("units expected"), units(ahead), when)
    yield _error(figures)
    yield _orders(figures)
    alarms = 0 if figures.monitored is None else figures.monitored.counts.get("alarm", 0)
    note = _("nothing was monitored yet")
    if figures.monitored is not None:
        note = _("in the sales up to {day}").format(day=figures.monitored.last_day)
    yield Tile(_("product alarms"), count(alarms), note, "warn" if alarms else None)
    yield _gates(figures)
    tested = _("{n} with a tested model").format(n=count(figures.n_ok))
    yield Tile(figures.unit, count(figures.n_series), tested)


def _error(figures: Figures) -> Tile:
    every = next((one for one in figures.errors if one.segment == "all"), None)
    if every is None or every.wape is None or every.naive_wape is None:
        return Tile(_("error (WAPE)"), NONE, _("no product could be tested"))
    better = every.wape < every.naive_wape
    note = _("seasonal naive {naive}, bias {bias}")
    note = note.format(naive=share(every.naive_wape), bias=signed_share(every.bias))
    return Tile(_("error (WAPE)"), share(every.wape), note, "good" if better else "bad")


def _orders(figures: Figures) -> Tile:
    found = figures.orders
    if found.counts.get("ok"):
        in_all = _("{n} units in all").format(n=units(found.units))
        return Tile(_("products to order"), count(found.n_orders), in_all)
    note = _("levels only: no stock data") if found.counts else _("no lead time is configured")
    return Tile(_("products to order"), NONE, note)


def _gates(figures: Figures) -> Tile:
    gates = (*figures.run.gates, *figures.run.refused, figures.freshness)
    failed = sum(gate.failed for gate in gates)
    passed = sum(gate.passed is True for gate in gates)
    note = counted(passed, "{n} gate passed", "{n} gates passed")
    if failed:
        return Tile(_("gates failed"), count(failed), note, "bad")
    return Tile(_("gates failed"), "0", note, "good" if passed else None)
