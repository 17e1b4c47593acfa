"""Prints a product on one page: what it sold, what is expected with its band, and why."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table as Grid

from lepton_spark.report.explanation.explained import Explained
from lepton_spark.report.explanation.page import print_sentences
from lepton_spark.report.explanation.recent import WeekSold
from lepton_spark.report.explanation.words import how_wrong, why
from lepton_spark.report.terms import WHERE_EXPLAINED

_QUANTILES = "The quantiles of several days must not be added."


def print_product(console: Console, explained: Explained, weeks: Sequence[WeekSold]) -> None:
    """Prints the weeks before the cutoff, the days ahead, the first of them in words, and the model."""
    console.print(_weeks(weeks))
    console.print(_ahead(explained))
    day = explained.days[0]
    print_sentences(console, explained, day)
    for line in (*why(explained), *how_wrong(explained, day), _QUANTILES, WHERE_EXPLAINED):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _weeks(weeks: Sequence[WeekSold]) -> Grid:
    grid = Grid("from", "to", title="Sold in the last weeks, in units", title_justify="left")
    grid.add_column("sold", justify="right")
    for week in weeks:
        grid.add_row(f"{week.first}", f"{week.last}", f"{week.units:,.4g}")
    return grid


def _ahead(explained: Explained) -> Grid:
    span = "days" if explained.period == 1 else "weeks"
    total = sum(day.forecast for day in explained.days)
    title = f"Expected in the {len(explained.days)} {span} ahead: {total:,.1f} units"
    grid = Grid("from" if explained.period > 1 else "date", title=title, title_justify="left")
    for name in ("forecast", "p10", "p50", "p90"):
        grid.add_column(name, justify="right")
    for day in explained.days:
        quantiles = (f"{day.quantiles[name]:.4g}" for name in ("p10", "p50", "p90"))
        grid.add_row(f"{day.date:%a} {day.date}", f"{day.forecast:.2f}", *quantiles)
    return grid
