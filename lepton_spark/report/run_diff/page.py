"""Prints what changed from one run to another."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table as Grid

from lepton_spark.language import translated as _
from lepton_spark.report.run_diff.diff import RunDiff, SeriesChange

MOST_SETTINGS = 10
"""Settings that are listed."""


def print_diff(console: Console, diff: RunDiff) -> None:
    """Prints the totals, what differs between the runs, and the series that changed most."""
    for line in overview(diff):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if not diff.changes:
        return
    grid = Grid(_("product"), _("location"), title_justify="left")
    grid.title = _("Largest changes, in units of these days")
    for name in (_("before"), _("after"), _("change")):
        grid.add_column(name, justify="right")
    grid.add_column(_("why"))
    for change in diff.changes:
        units = (f"{change.before:,.1f}", f"{change.after:,.1f}", f"{change.after - change.before:+,.1f}")
        grid.add_row(change.product_id, change.location_id, *units, reason(change, diff))
    console.print(grid)


def overview(diff: RunDiff) -> Iterator[str]:
    """The runs, the totals and what differs, a line each."""
    before, after = diff.before, diff.after
    yield _("Before: run {run} of cutoff {cutoff}").format(run=before.run_id, cutoff=before.cutoff)
    yield _("After:  run {run} of cutoff {cutoff}").format(run=after.run_id, cutoff=after.cutoff)
    yield _(
        "{first} to {last}, which both forecast: {before} units before, {after} after ({change}) "
        "for {n} series in both"
    ).format(
        first=diff.first,
        last=diff.last,
        before=f"{diff.total_before:,.1f}",
        after=f"{diff.total_after:,.1f}",
        change=_change(diff),
        n=f"{diff.n_shared:,}",
    )
    counts = {"new": f"{diff.n_new:,}", "gone": f"{diff.n_gone:,}", "others": f"{diff.n_other_model:,}"}
    yield _("Series: {new} new, {gone} gone, {others} with another model").format(**counts)
    days = (after.cutoff - before.cutoff).days
    if days > 0:
        yield _("Sales: {n} more days are known to the second run").format(n=days)
    if days < 0:
        yield _("Sales: {n} fewer days are known to the second run").format(n=-days)
    if before.code_version != after.code_version:
        code = _("Code: {new} instead of {old}")
        yield code.format(new=after.code_version, old=before.code_version)
    for key, old, new in diff.settings[:MOST_SETTINGS]:
        yield _("Setting: {key} is {new}, was {old}").format(key=key, new=new, old=old)
    if len(diff.settings) > MOST_SETTINGS:
        yield _("and {n} more settings").format(n=len(diff.settings) - MOST_SETTINGS)


def reason(change: SeriesChange, diff: RunDiff) -> str:
    """Why a series changed, as far as the tables know."""
    parts = []
    if change.model_before != change.model_after:
        model = _("model {new} instead of {old}")
        parts.append(model.format(new=change.model_after, old=change.model_before))
    if change.sold is not None:
        expected = ""
        if change.expected is not None:
            expected = _(", {units} expected").format(units=f"{change.expected:,.1f}")
        parts.append(_("new sales: {units}{expected}").format(units=f"{change.sold:,.0f}", expected=expected))
    if not parts and diff.settings:
        parts.append(_("settings changed"))
    return _("; ").join(parts) or _("corrected sales, or sales of other series")


def _change(diff: RunDiff) -> str:
    if not diff.total_before:
        return "-"
    return f"{diff.total_after / diff.total_before - 1:+.1%}"
