"""The chart of an explained forecast: the parts of each day as stacked bars, the forecast and its range."""

from pathlib import Path
from typing import Any

from lepton_spark.errors import InputError, SetupError, explain
from lepton_spark.models.data.parts import GROUPS
from lepton_spark.report.explanation.explained import Day, Explained

VEGA_LITE = "6.1"
SUFFIXES = (".html", ".png", ".svg")
BASE = "usual day"
COLOURS = ("#c7cdd4", "#4c78a8", "#72b7b2", "#f58518", "#54a24b", "#e45756", "#b279a2", "#eeca3b", "#9d755d",
           "#ff9da6", "#79706e", "#333333", "#bab0ac")  # fmt: skip


_NAMES = (BASE, *(group.replace("_", " ") for group in GROUPS), "override")


def require_drawable(path: Path) -> None:
    """Raises InputError for another kind of file, SetupError without the package that draws."""
    if path.suffix not in SUFFIXES:
        found = f"'{path.suffix}'" if path.suffix else "no suffix"
        allowed = f"a file that ends with {', '.join(SUFFIXES)}"
        raise InputError(explain(f"chart {path}", found, allowed, "Choose another name."))
    try:
        import vl_convert  # noqa: F401, PLC0415  an optional package
    except ImportError as fault:
        remedy = "Run pip install 'lepton-spark[report]'."
        raise SetupError(
            explain(f"chart {path}", "no package vl-convert-python", "installed", remedy)
        ) from fault


def write_chart(explained: Explained, path: Path) -> None:
    """Draws the chart in the format that the file's suffix names."""
    write_drawing(chart_of(explained), path)


def write_drawing(spec: dict[str, Any], path: Path) -> None:
    """Draws a Vega-Lite specification in the format that the file's suffix names."""
    import vl_convert  # noqa: PLC0415  an optional package

    if path.suffix == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=2))
    elif path.suffix == ".html":
        page = vl_convert.vegalite_to_html(spec, vl_version=VEGA_LITE, bundle=True)
        path.write_text(page, encoding="utf-8")
    else:
        path.write_text(svg_of(spec), encoding="utf-8")


def svg_of(spec: dict[str, Any]) -> str:
    """The drawing as SVG."""
    import vl_convert  # noqa: PLC0415  an optional package

    return str(vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE))


def _units(day: Day) -> tuple[float, ...]:
    """Of the usual day, of each group, and of the override."""
    return (day.base, *day.parts.values(), 0.0 if day.override is None else day.override.units)


def chart_of(explained: Explained) -> dict[str, Any]:
    """The chart as a Vega-Lite specification, with its data."""
    bars = [
        {"date": f"{day.date}", "part": name, "units": units, "place": place}
        for day in explained.days
        for place, (name, units) in enumerate(zip(_NAMES, _units(day), strict=True))
        if units
    ]
    points = [
        {
            "date": f"{day.date}",
            "forecast": day.forecast,
            "p10": day.quantiles["p10"],
            "p90": day.quantiles["p90"],
        }
        for day in explained.days
    ]
    used = {str(bar["part"]) for bar in bars}
    pairs = [pair for pair in zip(_NAMES, COLOURS, strict=True) if pair[0] in used]
    date = {"field": "date", "type": "ordinal", "title": None}
    order = {"field": "place", "type": "quantitative"}
    colour = {
        "field": "part",
        "title": None,
        "scale": {"domain": [name for name, _ in pairs], "range": [shade for _, shade in pairs]},
    }
    units = {"field": "units", "type": "quantitative", "title": "units", "stack": "zero"}
    return {
        "title": f"Product {explained.product_id}, {explained.location_id}: forecast, its parts, p10 to p90",
        "width": 720,
        "height": 360,
        "background": "white",
        "layer": [
            {
                "data": {"values": bars},
                "mark": "bar",
                "encoding": {"x": date, "y": units, "color": colour, "order": order},
            },
            {
                "data": {"values": points},
                "mark": "rule",
                "encoding": {
                    "x": date,
                    "y": {"field": "p10", "type": "quantitative"},
                    "y2": {"field": "p90"},
                },
            },
            {
                "data": {"values": points},
                "mark": {"type": "point", "filled": True, "color": "black", "size": 40},
                "encoding": {"x": date, "y": {"field": "forecast", "type": "quantitative"}},
            },
        ],
    }
