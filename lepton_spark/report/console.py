"""The table at the end of a run, and other lists, as a person reads them."""

from collections.abc import Iterable, Iterator, Mapping

from rich.console import Console
from rich.table import Table as Grid

from lepton_spark.report.summary import ClassError, Summary
from lepton_spark.tables import TABLES, Warehouse

_REJECTED = "rejected."


def print_summary(
    console: Console,
    summary: Summary,
    counts: Mapping[str, int],
    warehouse: Warehouse,
    *,
    ahead: str,
    published: bool,
) -> None:
    """Products, lines, errors against seasonal naive, how far ahead, and how to read the forecasts."""
    print_pairs(console, "Products", _product_lines(summary))
    if counts:
        print_counts(console, counts)
    if summary.errors:
        console.print(_error_grid(summary.errors))
    else:
        _say(console, "No product has enough history for a test window; errors are not measured.")
    _print_where(console, summary.run_id, warehouse, ahead=ahead, published=published)


def print_counts(console: Console, counts: Mapping[str, int]) -> None:
    """What became of the lines of a load."""
    print_pairs(console, "Lines of this load", _count_lines(counts))


def print_tables(console: Console, root: str) -> None:
    """Every table of the warehouse, with its meaning and key."""
    grid = Grid("table", "a row is", "key", title=f"Tables under {root}", title_justify="left")
    for table in TABLES.values():
        grid.add_row(table.name, table.comment, ", ".join(table.key))
    console.print(grid)


def print_gates(console: Console, gates: Iterable[tuple[str, bool, str, str]]) -> None:
    """Each gate, whether it was passed, what was found and what is allowed."""
    grid = Grid("gate", "", "found", "allowed", title="Gates", title_justify="left")
    for name, passed, found, allowed in gates:
        grid.add_row(name, "passed" if passed else "FAILED", found, allowed)
    console.print(grid)


def print_pairs(console: Console, title: str, pairs: Iterable[tuple[str, str]]) -> None:
    """A title, and under it names with their values."""
    grid = Grid(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    grid.add_column(min_width=28)
    grid.add_column(justify="right")
    for pair in pairs:
        grid.add_row(*pair)
    console.print(grid)


def _product_lines(summary: Summary) -> Iterator[tuple[str, str]]:
    yield "in", f"{summary.n_products:,}"
    yield "forecast by a chosen model", f"{summary.n_ok:,}"
    yield "fallen back", f"{summary.n_fallback:,}"
    for reason, count in summary.fallbacks.items():
        yield f"  {reason}", f"{count:,}"
    yield "obsolete (forecast 0)", f"{summary.n_obsolete:,}"


def _count_lines(counts: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for key, words in {
        "lines_read": "read",
        "accepted": "accepted",
        "already_loaded": "already loaded",
        "repeat": "repeats within a file",
        "rejected": "rejected",
    }.items():
        yield words, f"{counts.get(key, 0):,}"
    rejected = {key.removeprefix(_REJECTED): n for key, n in counts.items() if key.startswith(_REJECTED)}
    for reason, count in sorted(rejected.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {reason}", f"{count:,}"


def _error_grid(errors: Iterable[ClassError]) -> Grid:
    title = "Error on the test window, against seasonal naive"
    grid = Grid(title=title, title_justify="left")
    grid.add_column("demand class")
    for name in ("products", "RMSSE", "naive", "value added", "WAPE", "naive"):
        grid.add_column(name, justify="right")
    for error in errors:
        figures = (error.rmsse, error.naive_rmsse)
        shares = (error.value_added, error.wape, error.naive_wape)
        grid.add_row(
            error.demand_class,
            f"{error.n_series:,}",
            *("-" if value is None else f"{value:.3f}" for value in figures),
            *("-" if value is None else f"{value:.1%}" for value in shares),
        )
    return grid


def _print_where(console: Console, run_id: str, warehouse: Warehouse, *, ahead: str, published: bool) -> None:
    name = "latest_forecasts" if published else "forecasts"
    path = warehouse.path(name)
    chosen = "" if published else f" WHERE run_id = '{run_id}'"
    _say(console, f"Run {run_id}, {ahead}. Tables: {path.removesuffix(f'/{name}')}")
    query = f"SELECT product_id, date, forecast, p10, p90 FROM delta.`{path}`{chosen}"  # noqa: S608 - shown, not run
    _say(console, f"SQL:    {query}")
    _say(console, f'Python: deltalake.DeltaTable("{path}").to_pandas()')


def _say(console: Console, words: str) -> None:
    console.print(words, markup=False, highlight=False, soft_wrap=True)
