"""The figures at the top of the page."""

from collections.abc import Iterator

from lepton_spark.report.page.blocks import Tile
from lepton_spark.report.page.figures import Figures
from lepton_spark.report.page.formats import NONE, count, of, share, signed_share, units


def tiles(figures: Figures) -> tuple[Tile, ...]:
    """What a planner wants to know first."""
    return tuple(_tiles(figures))


def _tiles(figures: Figures) -> Iterator[Tile]:
    span = "days" if figures.run.period == 1 else "weeks"
    ahead = sum(total.forecast for total in figures.totals if total.forecast is not None)
    yield Tile(
        "units expected",
        units(ahead),
        f"in the {figures.run.horizon} {span} after {figures.run.cutoff}",
    )
    yield _error(figures)
    yield _orders(figures)
    alarms = 0 if figures.monitored is None else figures.monitored.counts.get("alarm", 0)
    note = "nothing was monitored yet"
    if figures.monitored is not None:
        note = f"in the sales up to {figures.monitored.last_day}"
    yield Tile("product alarms", count(alarms), note, "warn" if alarms else None)
    yield _gates(figures)
    yield Tile(figures.unit, count(figures.n_series), f"{count(figures.n_ok)} with a tested model")


def _error(figures: Figures) -> Tile:
    every = next((one for one in figures.errors if one.segment == "all"), None)
    if every is None or every.wape is None or every.naive_wape is None:
        return Tile("error (WAPE)", NONE, "no product could be tested")
    better = every.wape < every.naive_wape
    note = f"seasonal naive {share(every.naive_wape)}, bias {signed_share(every.bias)}"
    return Tile("error (WAPE)", share(every.wape), note, "good" if better else "bad")


def _orders(figures: Figures) -> Tile:
    found = figures.orders
    if found.counts.get("ok"):
        return Tile("products to order", count(found.n_orders), f"{units(found.units)} units in all")
    note = "levels only: no stock data" if found.counts else "no lead time is configured"
    return Tile("products to order", NONE, note)


def _gates(figures: Figures) -> Tile:
    gates = (*figures.run.gates, *figures.run.refused, figures.freshness)
    failed = sum(gate.failed for gate in gates)
    passed = sum(gate.passed is True for gate in gates)
    if failed:
        return Tile("gates failed", count(failed), of(passed, "gate passed", "gates passed"), "bad")
    return Tile("gates failed", "0", of(passed, "gate passed", "gates passed"), "good" if passed else None)
