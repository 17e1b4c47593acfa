"""Time per series by size of the catalogue: lepton beside peers and limits, and lepton by stage."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from speed_parts.limits import LIMIT
from speed_parts.peers import PEER
from speed_parts.whole_run import ALL, FULL_RUN, NEXT_DAY

VEGA_LITE = "6.1"
STYLE = {
    "axis": {"gridColor": "#e6e6e6", "domainColor": "#888", "tickColor": "#888", "titleFontWeight": "normal"},
    "legend": {"orient": "bottom", "columns": 2, "labelLimit": 400, "symbolType": "stroke"},
    "view": {"stroke": None},
    "line": {"point": {"size": 40}, "strokeWidth": 2},
    "title": {"anchor": "start"},
    "background": "white",
}
COLOURS = {
    FULL_RUN: ("#123c69",),
    NEXT_DAY: ("#4c9be8",),
    PEER: ("#c8553d", "#f2a541", "#8e5572", "#3f8f6b"),
    LIMIT: ("#777", "#aaa", "#ccc"),
}
STAGE_COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#e45756", "#9d755d", "#b279a2", "#72b7b2", "#eeca3b",
                 "#ff9da6", "#79706e")  # fmt: skip
WHOLE = {
    "text": "From lines to forecasts, two cores",
    "subtitle": "peers have no backtest, no quantiles and no tables; the slow ones forecast a part",
}
STAGES = {"text": "Stages of the full run", "subtitle": " "}
POWERS = [10.0**power for power in range(-4, 8)]


def write_chart(rows: Sequence[Mapping[str, str]], path: Path) -> None:
    """Draw the rows as SVG."""
    from vl_convert import vegalite_to_svg  # noqa: PLC0415  installed with the peers

    kept = [row for row in rows if row["stage"] == ALL or row["work"] in {PEER, LIMIT}]
    present = {work: {name_of(row) for row in kept if row["work"] == work} for work in COLOURS}
    colours = [colour for work, names in present.items() for colour in COLOURS[work][: len(names)]]
    stages = [row for row in rows if row["work"] == FULL_RUN and row["stage"] != ALL]
    panels = [
        _panel(WHOLE, [_point(row, name_of(row)) for row in kept], colours),
        _panel(STAGES, [_point(row, row["stage"]) for row in stages], STAGE_COLOURS),
    ]
    spec = {"hconcat": panels, "config": STYLE, "resolve": {"scale": {"color": "independent"}}}
    path.write_text(vegalite_to_svg(spec, vl_version=VEGA_LITE))


def name_of(row: Mapping[str, str]) -> str:
    """The line of the chart that a row belongs to."""
    if row["work"] in {FULL_RUN, NEXT_DAY}:
        return f"lepton, {row['work']}"
    return f"limit: {row['stage']}" if row["work"] == LIMIT else row["stage"]


def _point(row: Mapping[str, str], name: str) -> dict[str, object]:
    return {"products": int(row["catalogue"]), "ms": max(float(row["ms/series"]), POWERS[0]), "name": name}


def _panel(
    title: Mapping[str, str], points: Sequence[Mapping[str, object]], colours: Sequence[str]
) -> dict[str, object]:
    names = list(dict.fromkeys(point["name"] for point in points))
    return {
        "title": title,
        "width": 380,
        "height": 380,
        "data": {"values": points},
        "mark": {"type": "line"},
        "encoding": {
            "x": _axis("products", "products in the catalogue", "~s"),
            "y": _axis("ms", "ms per series", "~g"),
            "color": {"field": "name", "title": None, "scale": {"domain": names, "range": list(colours)}},
        },
    }


def _axis(field: str, title: str, label: str) -> dict[str, object]:
    axis = {"format": label, "values": POWERS}
    return {"field": field, "type": "quantitative", "title": title, "scale": {"type": "log"}, "axis": axis}
