"""What changed since the run that was published before."""

from lepton_spark.language import counted, later
from lepton_spark.language import translated as _
from lepton_spark.report.page import charts
from lepton_spark.report.page.blocks import Chart, Section, Table, Text, cells, named
from lepton_spark.report.page.figures import Changes
from lepton_spark.report.page.formats import change, count, signed_share, units

_TITLE = later("Changes since the last run")


def changes(found: Changes | None) -> Section:
    """The totals in words, and the products that changed most."""
    if found is None:
        text = _("No earlier published run forecast any of these days, so there is nothing to compare with.")
        return Section("changes", _(_TITLE), (Text(text),))
    ratio = (found.after - found.before) / found.before if found.before else None
    text = _(
        "On the {days} that both runs forecast, the total went from {before} to {after} units ({change}) "
        "since the run of {cutoff}. {new} products are new, {gone} are gone, and {others} have another model."
    ).format(
        days=counted(found.n_days, "{n} day", "{n} days"),
        before=units(found.before),
        after=units(found.after),
        change=signed_share(ratio),
        cutoff=found.cutoff,
        new=count(found.n_new),
        gone=count(found.n_gone),
        others=count(found.n_other_model),
    )
    return Section("changes", _(_TITLE), (Text(text), _largest(found)) if found.largest else (Text(text),))


def _largest(found: Changes) -> Chart:
    title = _("Products whose forecast changed most")
    rows = tuple(
        cells(named(one.series), units(one.before), units(one.after), change(one.difference))
        for one in found.largest
    )
    head = (_("product"), _("before"), _("now"), _("change"))
    table = Table(_("Products whose forecast changed most, in units"), head, rows, frozenset({1, 2, 3}))
    spec = charts.changes((one.series.label, one.difference) for one in found.largest)
    description = _("Units on the {n} days that both runs forecast.").format(n=found.n_days)
    return Chart(title, description, spec, table)
