"""What `lepton init` prints: how the files are written, what a load would accept, what can be forecast."""

from collections.abc import Iterable, Iterator, Mapping

from rich.console import Console
from rich.table import Table as Grid

from lepton_spark.evaluation.demand import DEMAND_CLASSES

MAX_WORDS = 110
"""Characters of an example that are printed."""


OUTLOOK: Mapping[str, str] = {
    "smooth": "sell on most days in similar amounts: forecasts of days are good",
    "erratic": "sell on most days in changing amounts: order by quantiles, not by the mean",
    "intermittent": "sell on few days: order by the demand of several days (docs/inventory.md)",
    "lumpy": "sell on few days in changing amounts: as intermittent, with larger stocks",
    "new": "have hardly any sales yet: forecast from similar products, without a measured error",
    "obsolete": "have sold nothing for long: forecast as 0",
}
"""What to expect of each demand class."""


def print_layout(console: Console, found: str, columns: Iterable[tuple[str, str, str]]) -> None:
    """Prints how the files are written and the role of each column. columns: name, role, reason."""
    console.print(found, markup=False, highlight=False, soft_wrap=True)
    grid = Grid("column", "is the", "because")
    for name, role, reason in columns:
        grid.add_row(name, role, reason)
    console.print(grid)


def print_outcomes(console: Console, counts: Mapping[str, int], examples: Mapping[str, str]) -> None:
    """Prints the lines by outcome, and rejected ones by reason with an example."""
    grid = Grid("a load would find", "lines", "for example")
    for name, words, example in _outcomes(counts, examples):
        grid.add_row(name, words, example)
    console.print(grid)


def _outcomes(counts: Mapping[str, int], examples: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in ("accepted", "already_loaded", "repeat", "skipped", "rejected"):
        if name == "accepted" or counts.get(name):
            yield name, f"{counts.get(name, 0):,}", ""
    for key, count in sorted(counts.items(), key=lambda item: -item[1]):
        if key.startswith("rejected.") and count:
            reason = key.removeprefix("rejected.")
            yield f"  {reason}", f"{count:,}", examples.get(reason, "")[:MAX_WORDS]


def print_read(
    console: Console,
    counts: Mapping[str, int],
    examples: Mapping[str, str],
    words: str,
    classes: Mapping[str, tuple[int, float]],
) -> None:
    """Prints the lines by outcome, then the days in words and the series by class, if there are any."""
    print_outcomes(console, counts, examples)
    if words:
        console.print(words, markup=False, highlight=False, soft_wrap=True)
        print_outlook(console, classes)


def print_outlook(console: Console, classes: Mapping[str, tuple[int, float]]) -> None:
    """Prints series and units by demand class, and what to expect. classes: series, units."""
    total = sum(units for _, units in classes.values())
    grid = Grid("demand class", "series", "of the units", "what to expect: these")
    for name in DEMAND_CLASSES:
        if name in classes:
            n_series, units = classes[name]
            share = f"{units / total:.0%}" if total else "-"
            grid.add_row(name, f"{n_series:,}", share, OUTLOOK[name])
    console.print(grid)
