"""All products together: what was sold and what is forecast."""

from lepton_spark.language import translated as _
from lepton_spark.report.page import charts
from lepton_spark.report.page.blocks import Chart, Section, Table, cells
from lepton_spark.report.page.figures import Figures
from lepton_spark.report.page.formats import units


def outlook(figures: Figures) -> Section:
    """One chart with its table."""
    span = _("day") if figures.run.period == 1 else _("week")
    title = _("Units by {span}, all products together").format(span=span)
    rows = tuple(
        cells(f"{total.date}", units(total.sold), units(total.forecast), units(total.earlier))
        for total in figures.totals
    )
    table = Table(title, (span, _("sold"), _("forecast"), _("forecast before")), rows, frozenset({1, 2, 3}))
    description = _(
        "Solid: sold. Dashed: the forecast. Dotted: the forecast that was published before, if there is one."
    )
    chart = Chart(title, description, charts.totals(figures.totals), table)
    return Section("outlook", _("The weeks ahead"), (chart,))
