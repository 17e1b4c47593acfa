"""Prints the page of an explained forecast."""

from rich.console import Console
from rich.table import Table as Grid

from lepton_spark.language import translated as _
from lepton_spark.report.explanation.explained import Day, Explained
from lepton_spark.report.explanation.words import cleaning, headline, how_wrong, sentences, table, why
from lepton_spark.report.terms import WHERE_EXPLAINED

N_DAY_COLUMNS = 2
"""Columns of the table that name the day: date and weekday."""


def print_page(console: Console, explained: Explained, day: Day) -> None:
    """Prints one day in words, then all days as a table, then the model, its errors and the cleaning."""
    print_sentences(console, explained, day)
    head, rows = table(explained)
    grid = Grid(title=_("All days ahead, in units"), title_justify="left")
    for place, name in enumerate(head):
        grid.add_column(name, justify="left" if place < N_DAY_COLUMNS else "right")
    for row in rows:
        grid.add_row(*row)
    console.print(grid)
    for line in (
        *why(explained),
        *how_wrong(explained, day),
        *cleaning(explained.adjustments),
        _(WHERE_EXPLAINED),
    ):
        _print(console, line)


def print_sentences(console: Console, explained: Explained, day: Day) -> None:
    """Prints one day in words."""
    _print(console, headline(explained, day))
    for line in sentences(explained, day):
        _print(console, f"  {line}")


def _print(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
