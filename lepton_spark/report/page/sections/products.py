"""Products: search and draw them; the best, the worst, the most valuable, the most uncertain."""

from collections.abc import Callable, Iterable, Iterator

from lepton_spark.language import translated as _
from lepton_spark.report.page.blocks import Block, ProductBox, Section, Table, Text, cells, named
from lepton_spark.report.page.figures import Figures, Product
from lepton_spark.report.page.formats import count, share, signed_share, units
from lepton_spark.report.terms import class_name

SHOWN = 10
"""Products of each list."""

LEAST_SOLD = 10.0
"""Units in the test weeks below which a WAPE is mostly chance."""

COMMAND = "lepton explain --product ID"


def products(figures: Figures) -> Section:
    """The search box, and four lists of embedded products."""
    blocks = (Text(_embedded(figures)), ProductBox(), *_lists(figures.products))
    return Section("products", _("Products"), blocks)


def _embedded(figures: Figures) -> str:
    shown, every = len(figures.products), figures.n_series
    if shown >= every:
        text = _("All {n} {unit} of this run are in this page.")
        return text.format(n=count(every), unit=figures.unit)
    text = _(
        "This page holds {shown} of {n} {unit}: those of its tables, and those"
        " whose forecast is worth most. For any other product, run: {command}"
    )
    return text.format(shown=count(shown), n=count(every), unit=figures.unit, command=COMMAND)


def _lists(found: Iterable[Product]) -> Iterator[Block]:
    every = list(found)
    if not every:
        return
    priced = [one for one in every if one.value is not None]
    yield _table(
        _("Most valuable: forecast units at the last known price"), priced, lambda one: -(one.value or 0)
    )
    uncertain = [one for one in every if one.spread is not None and one.units >= LEAST_SOLD]
    yield _table(
        _("Most uncertain: widest range p10 to p90 for the units forecast"),
        uncertain,
        lambda one: -(one.spread or 0),
    )
    judged = [one for one in every if one.wape is not None and (one.sold or 0) >= LEAST_SOLD]
    best = _("Best: lowest error of products that sold at least {n} units in the test weeks")
    worst = _("Worst: highest error of products that sold at least {n} units in the test weeks")
    least = f"{LEAST_SOLD:.0f}"
    yield _table(best.format(n=least), judged, lambda one: one.wape or 0)
    yield _table(worst.format(n=least), judged, lambda one: -(one.wape or 0))


def _table(caption: str, found: list[Product], by: Callable[[Product], float]) -> Table:
    head = (
        _("product"),
        _("class"),
        _("model"),
        _("forecast"),
        _("value"),
        _("range / forecast"),
        _("WAPE"),
        _("naive WAPE"),
        _("bias"),
    )
    first = sorted(found, key=lambda one: (by(one), one.series))[:SHOWN]
    rows = tuple(
        cells(
            named(one.series),
            class_name(one.demand_class),
            one.model,
            units(one.units),
            units(one.value),
            share(one.spread),
            share(one.wape),
            share(one.naive_wape),
            signed_share(one.bias),
        )
        for one in first
    )
    return Table(caption, head, rows, frozenset(range(3, len(head))))
