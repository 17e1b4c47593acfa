"""The summary at the end of a run, and other tables, printed for people."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from lepton_spark.gates import Gate
from lepton_spark.language import later, shown
from lepton_spark.language import translated as _
from lepton_spark.report.summary import ClassError, SegmentGain, Summary
from lepton_spark.report.terms import WHERE_EXPLAINED, class_name, terms_among
from lepton_spark.tables import TABLES, Table, Warehouse

STATES = {True: later("passed"), False: later("FAILED"), None: later("not judged")}
"""A gate's result in words."""

_REJECTED = "rejected."

ALWAYS_SHOWN = ("lines_read", "accepted", "already_loaded", "repeat", "rejected")
"""Counts of a load that are printed even if they are 0."""


def print_summary(
    console: Console,
    summary: Summary,
    counts: Mapping[str, int],
    warehouse: Warehouse,
    *,
    ahead: str,
    published: bool,
) -> None:
    """Prints products, lines, errors beside seasonal naive's, and how to read the forecasts.

    counts: those of the load, empty to print none. ahead: the horizon in words.
    """
    print_pairs(console, _count_title(summary), _product_lines(summary))
    if counts:
        print_counts(console, counts)
    if summary.errors:
        console.print(_error_grid(summary.errors, summary.models_of))
        _print_plain(console, _(WHERE_EXPLAINED))
    else:
        _print_plain(
            console, _("No product has enough history for a test window, so errors are not measured.")
        )
    if summary.segments:
        console.print(_segment_grid(summary.segments))
    _print_queries(console, summary.run_id, warehouse, ahead=ahead, published=published)


def print_counts(console: Console, counts: Mapping[str, int]) -> None:
    """Prints the lines of a load by outcome."""
    print_pairs(console, _("Lines of this load"), _count_lines(counts))


def print_tables(console: Console, root: str) -> None:
    """Prints every table of the warehouse with its meaning and key."""
    grid = Grid(_("table"), _("a row is"), _("key"), title_justify="left")
    grid.title = _("Tables under {root}").format(root=root)
    for table in TABLES.values():
        grid.add_row(table.name, _(table.comment), ", ".join(table.key))
    console.print(grid)
    _print_plain(console, _("Columns of a table and their meanings: lepton tables NAME"))


def print_columns(console: Console, table: Table) -> None:
    """Prints every column of a table with its meaning, and the terms among them in more words."""
    title = f"{table.name}: {_(table.comment)}"
    grid = Grid(_("column"), _("type"), _("meaning"), title=title, title_justify="left", show_lines=False)
    for column in table.columns:
        name = _("{column} (key)").format(column=column.name) if column.name in table.key else column.name
        grid.add_row(name, column.type.lower(), _(column.comment))
    console.print(grid, markup=False)
    for term, words in terms_among(table.column_names).items():
        _print_plain(console, f"{term}: {words}")


def print_gates(console: Console, gates: Iterable[Gate]) -> None:
    """Prints each gate: passed, failed or not judged, what was found and what is allowed."""
    grid = Grid(_("gate"), "", _("found"), _("allowed"), title=_("Gates"), title_justify="left")
    for gate in gates:
        grid.add_row(gate.name, _(STATES[gate.passed]), gate.found, gate.allowed)
    console.print(grid)


def print_pairs(console: Console, title: str, pairs: Iterable[tuple[str, str]]) -> None:
    """Prints a title and, below it, names with their values."""
    grid = Grid(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    grid.add_column(min_width=28)
    grid.add_column(justify="right")
    for pair in pairs:
        grid.add_row(*pair)
    console.print(grid)


def _count_title(summary: Summary) -> str:
    if summary.n_products == summary.n_series:
        return _("Products")
    return _("Series (a product at a location)")


def _product_lines(summary: Summary) -> Iterator[tuple[str, str]]:
    yield _("total"), f"{summary.n_series:,}"
    if summary.n_products < summary.n_series:
        yield _("  different products"), f"{summary.n_products:,}"
    yield _("forecast by a chosen model"), f"{summary.n_ok + summary.n_short:,}"
    if summary.n_short:
        yield _("  too young for a backtest"), f"{summary.n_short:,}"
    yield _("forecast by a fallback"), f"{summary.n_fallback:,}"
    for reason, count in summary.fallbacks.items():
        yield f"  {reason}", f"{count:,}"
    yield _("obsolete (forecast is 0)"), f"{summary.n_obsolete:,}"


def _count_lines(counts: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for key, label in {
        "lines_read": later("read"),
        "lost": later("LOST: rejected, though they could be demand"),
        "accepted": later("accepted"),
        "equal_lines": later("  equal to another line, counted as sales of their own"),
        "days_as_written": later("  with a day as written: every time in their file is midnight"),
        "already_loaded": later("already loaded"),
        "repeat": later("repeated within a file"),
        "skipped": later("skipped by input.skip_where"),
        "withdrawn": later("  sales of earlier files that these lines cancel"),
        "unreadable_price": later("accepted without their price, which is no number"),
        "rejected": later("rejected"),
    }.items():
        if key in ALWAYS_SHOWN or counts.get(key):
            yield _(label), f"{counts.get(key, 0):,}"
    rejected = {key.removeprefix(_REJECTED): n for key, n in counts.items() if key.startswith(_REJECTED)}
    for reason, count in sorted(rejected.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {reason}", f"{count:,}"


def _error_grid(errors: Iterable[ClassError], models_of: date | None) -> Grid:
    title = _("Errors on the test window, beside those of seasonal naive")
    if models_of is not None:
        kept = _("{title}, from the full run of {cutoff}, whose models are kept")
        title = kept.format(title=title, cutoff=models_of)
    grid = Grid(title=title, title_justify="left")
    grid.add_column(_("demand class"))
    names = (
        _("series"),
        _("RMSSE"),
        _("naive RMSSE"),
        _("value added"),
        _("WAPE"),
        _("naive WAPE"),
        _("bias"),
    )
    for name in names:
        grid.add_column(name, justify="right")
    for error in errors:
        figures = (error.rmsse, error.naive_rmsse)
        ratios = (error.value_added, error.wape, error.naive_wape)
        grid.add_row(
            _("all") if error.demand_class == "all" else class_name(error.demand_class),
            f"{error.n_series:,}",
            *("-" if value is None else f"{value:.3f}" for value in figures),
            *("-" if value is None else f"{value:.1%}" for value in ratios),
            "-" if error.bias is None else f"{error.bias:+.1%}",
        )
    return grid


def _segment_grid(segments: Iterable[SegmentGain]) -> Grid:
    """What each segment gained; one without series took none."""
    grid = Grid(title=_("What segments gained on the test window"), title_justify="left")
    grid.add_column(_("segment"))
    for name in (_("series"), _("tested"), "RMSSE", _("standard RMSSE"), _("gain")):
        grid.add_column(name, justify="right")
    for one in segments:
        figures = ("-" if value is None else f"{value:.3f}" for value in (one.rmsse, one.standard_rmsse))
        gain = "-" if one.gain is None else f"{one.gain:+.1%}"
        n_series = f"{one.n_series:,}" if one.n_series else _("none matches")
        grid.add_row(escape(one.name), n_series, f"{one.n_tested:,}", *figures, gain)
    return grid


def _print_queries(
    console: Console, run_id: str, warehouse: Warehouse, *, ahead: str, published: bool
) -> None:
    name = "latest_forecasts" if published else "forecasts"
    path = warehouse.path(name)
    chosen = "" if published else f" WHERE run_id = '{run_id}'"
    run = _("Run {run}, {ahead}. Tables: {root}")
    _print_plain(console, run.format(run=run_id, ahead=shown(ahead), root=path.removesuffix(f"/{name}")))
    query = f"SELECT product_id, location_id, date, forecast, p10, p90 FROM delta.`{path}`{chosen}"  # noqa: S608 - shown, not run
    _print_plain(console, f"SQL:    {query}")
    _print_plain(console, f'Python: deltalake.DeltaTable("{path}").to_pandas()')


def _print_plain(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
