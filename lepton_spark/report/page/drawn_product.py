"""The chart of one product as a specification of its own, in the colours of the light theme."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from importlib.resources import files
from typing import Any

from lepton_spark.report.page import charts
from lepton_spark.report.page.figures import Product

WIDTH = 800
"""Pixels."""


def product_chart(product: Product, cutoff: date, period: int) -> dict[str, Any]:
    """History, forecast with its range, and the forecast that was published before.

    cutoff: of the run. period: days of one forecast, 1 or 7.
    """
    title = f"Product {product.series.label}: sales, forecast after {cutoff}, p10 to p90"
    return line_chart(title, product_rows(product, cutoff, period), period)


def line_chart(
    title: str,
    rows: Sequence[Mapping[str, Any]],
    period: int,
    bands: Sequence[tuple[str, str]] = (("p10", "p90"),),
) -> dict[str, Any]:
    """Sales and forecasts by day with ranges.

    rows: from `dated_rows`. bands: names of the quantiles in the rows, the lower and the upper one.
    """
    spec = charts.lines(None, "units a day" if period == 1 else "units a week", bands)
    return {
        "title": title,
        **_coloured(spec, light_colours()),
        "data": {"values": list(rows)},
        "width": WIDTH,
        "background": "white",
    }


def product_rows(product: Product, cutoff: date, period: int) -> list[dict[str, Any]]:
    """What is drawn, by day; days without a known figure have no row."""
    sold = dated_rows(charts.SOLD, product.first_day, period, product.history)
    first = cutoff + timedelta(days=1)
    ahead = dated_rows(charts.FORECAST, first, period, product.forecast)
    for row, low, high in zip(ahead, product.p10, product.p90, strict=True):
        row |= {"p10": low, "p90": high}
    return [*sold, *ahead, *dated_rows(charts.EARLIER, first, period, product.earlier)]


def light_colours() -> Mapping[str, str]:
    """Colours by name, from the first block of the page's style."""
    style = files("lepton_spark.report.page").joinpath("templates", "page.css").read_text(encoding="utf-8")
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", style.partition("}")[0]))


def dated_rows(what: str, first: date, period: int, units: Sequence[float | None]) -> list[dict[str, Any]]:
    """Rows of a chart. what: of `charts.SOLD` and others. units: by day from `first` on; None has no row."""
    days = ((first + timedelta(days=number * period), value) for number, value in enumerate(units))
    return [
        {"date": f"{day}T00:00:00", "what": what, "units": value} for day, value in days if value is not None
    ]


def _coloured(part: Any, colours: Mapping[str, str]) -> Any:  # noqa: ANN401  any part of a specification
    """The specification with colours for their names; it holds no data yet."""
    if isinstance(part, str):
        return colours[part[1:]] if part.startswith("@") else part
    if isinstance(part, Mapping):
        return {name: _coloured(value, colours) for name, value in part.items()}
    return [_coloured(value, colours) for value in part] if isinstance(part, list) else part
