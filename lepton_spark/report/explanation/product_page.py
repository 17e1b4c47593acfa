"""Prints a product on one page: what it sold, what is expected with its band, and why."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table as Grid

from lepton_spark.language import later, short_weekday
from lepton_spark.language import translated as _
from lepton_spark.report.explanation.explained import Explained
from lepton_spark.report.explanation.page import print_sentences
from lepton_spark.report.explanation.recent import WeekSold
from lepton_spark.report.explanation.words import how_wrong, why
from lepton_spark.report.terms import WHERE_EXPLAINED

_QUANTILES = later("The quantiles of several days must not be added.")


def print_product(console: Console, explained: Explained, weeks: Sequence[WeekSold]) -> None:
    """Prints the weeks before the cutoff, the days ahead, the first of them in words, and the model."""
    console.print(_weeks(weeks))
    console.print(_ahead(explained))
    day = explained.days[0]
    print_sentences(console, explained, day)
    for line in (*why(explained), *how_wrong(explained, day), _(_QUANTILES), _(WHERE_EXPLAINED)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _weeks(weeks: Sequence[WeekSold]) -> Grid:
    grid = Grid(_("from"), _("to"), title=_("Sold in the last weeks, in units"), title_justify="left")
    grid.add_column(_("sold"), justify="right")
    for week in weeks:
        grid.add_row(f"{week.first}", f"{week.last}", f"{week.units:,.4g}")
    return grid


def _ahead(explained: Explained) -> Grid:
    title = _("Expected in the {n} weeks ahead: {units} units")
    if explained.period == 1:
        title = _("Expected in the {n} days ahead: {units} units")
    total = sum(day.forecast for day in explained.days)
    title = title.format(n=len(explained.days), units=f"{total:,.1f}")
    grid = Grid(_("from") if explained.period > 1 else _("date"), title=title, title_justify="left")
    for name in (_("forecast"), "p10", "p50", "p90"):
        grid.add_column(name, justify="right")
    for day in explained.days:
        quantiles = (f"{day.quantiles[name]:.4g}" for name in ("p10", "p50", "p90"))
        grid.add_row(f"{short_weekday(day.date)} {day.date}", f"{day.forecast:.2f}", *quantiles)
    return grid
