"""Prints what changed from one run to another."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table as Grid

from lepton_spark.report.run_diff.diff import RunDiff, SeriesChange

MOST_SETTINGS = 10
"""Settings that are listed."""


def print_diff(console: Console, diff: RunDiff) -> None:
    """Prints the totals, what differs between the runs, and the series that changed most."""
    for line in overview(diff):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if not diff.changes:
        return
    grid = Grid("product", "location", title="Largest changes, in units of these days", title_justify="left")
    for name in ("before", "after", "change"):
        grid.add_column(name, justify="right")
    grid.add_column("why")
    for change in diff.changes:
        units = (f"{change.before:,.1f}", f"{change.after:,.1f}", f"{change.after - change.before:+,.1f}")
        grid.add_row(change.product_id, change.location_id, *units, reason(change, diff))
    console.print(grid)


def overview(diff: RunDiff) -> Iterator[str]:
    """The runs, the totals and what differs, a line each."""
    before, after = diff.before, diff.after
    yield f"Before: run {before.run_id} of cutoff {before.cutoff}"
    yield f"After:  run {after.run_id} of cutoff {after.cutoff}"
    yield (
        f"{diff.first} to {diff.last}, which both forecast: {diff.total_before:,.1f} units before, "
        f"{diff.total_after:,.1f} after ({_change(diff)}) for {diff.n_shared:,} series in both"
    )
    yield f"Series: {diff.n_new:,} new, {diff.n_gone:,} gone, {diff.n_other_model:,} with another model"
    days = (after.cutoff - before.cutoff).days
    if days:
        yield f"Sales: {abs(days)} {'more' if days > 0 else 'fewer'} days are known to the second run"
    if before.code_version != after.code_version:
        yield f"Code: {after.code_version} instead of {before.code_version}"
    for key, old, new in diff.settings[:MOST_SETTINGS]:
        yield f"Setting: {key} is {new}, was {old}"
    if len(diff.settings) > MOST_SETTINGS:
        yield f"and {len(diff.settings) - MOST_SETTINGS} more settings"


def reason(change: SeriesChange, diff: RunDiff) -> str:
    """Why a series changed, as far as the tables know."""
    parts = []
    if change.model_before != change.model_after:
        parts.append(f"model {change.model_after} instead of {change.model_before}")
    if change.sold is not None:
        expected = "" if change.expected is None else f", {change.expected:,.1f} expected"
        parts.append(f"new sales: {change.sold:,.0f}{expected}")
    if not parts and diff.settings:
        parts.append("settings changed")
    return "; ".join(parts) or "corrected sales, or sales of other series"


def _change(diff: RunDiff) -> str:
    if not diff.total_before:
        return "-"
    return f"{diff.total_after / diff.total_before - 1:+.1%}"
