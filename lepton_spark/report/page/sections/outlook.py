"""All products together: what was sold and what is forecast."""

from lepton_spark.report.page import charts
from lepton_spark.report.page.blocks import Chart, Section, Table, cells
from lepton_spark.report.page.figures import Figures
from lepton_spark.report.page.formats import units


def outlook(figures: Figures) -> Section:
    """One chart with its table."""
    span = "day" if figures.run.period == 1 else "week"
    title = f"Units by {span}, all products together"
    rows = tuple(
        cells(f"{total.date}", units(total.sold), units(total.forecast), units(total.earlier))
        for total in figures.totals
    )
    table = Table(title, (span, "sold", "forecast", "forecast before"), rows, frozenset({1, 2, 3}))
    description = (
        "Solid: sold. Dashed: the forecast. Dotted: the forecast that was published before, if there is one."
    )
    return Section(
        "outlook", "The weeks ahead", (Chart(title, description, charts.totals(figures.totals), table),)
    )
