"""What changed since the run that was published before."""

from lepton_spark.report.page import charts
from lepton_spark.report.page.blocks import Chart, Section, Table, Text, cells, named
from lepton_spark.report.page.figures import Changes
from lepton_spark.report.page.formats import change, count, of, signed_share, units

_TITLE = "Changes since the last run"


def changes(found: Changes | None) -> Section:
    """The totals in words, and the products that changed most."""
    if found is None:
        text = "No earlier published run forecast any of these days, so there is nothing to compare with."
        return Section("changes", _TITLE, (Text(text),))
    ratio = (found.after - found.before) / found.before if found.before else None
    text = (
        f"On the {of(found.n_days, 'day', 'days')} that both runs forecast, the total went from "
        f"{units(found.before)} to {units(found.after)} units ({signed_share(ratio)}) since the run of "
        f"{found.cutoff}. {count(found.n_new)} products are new, {count(found.n_gone)} are gone, and "
        f"{count(found.n_other_model)} have another model."
    )
    return Section("changes", _TITLE, (Text(text), _largest(found)) if found.largest else (Text(text),))


def _largest(found: Changes) -> Chart:
    title = "Products whose forecast changed most"
    rows = tuple(
        cells(named(one.series), units(one.before), units(one.after), change(one.difference))
        for one in found.largest
    )
    head = ("product", "before", "now", "change")
    table = Table(f"{title}, in units", head, rows, frozenset({1, 2, 3}))
    spec = charts.changes((one.series.label, one.difference) for one in found.largest)
    return Chart(title, f"Units on the {found.n_days} days that both runs forecast.", spec, table)
