"""Exchange curves: the share of demand met from stock against the stock it takes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from speed_parts.chart import STYLE, VEGA_LITE

from inventory_parts.levels import LEPTON_P1, LEPTON_P2, USUAL_P1, USUAL_P2

COLOURS = {LEPTON_P1: "#123c69", LEPTON_P2: "#4c9be8", USUAL_P1: "#c8553d", USUAL_P2: "#f2a541"}
DASHES = {LEPTON_P1: [1, 0], LEPTON_P2: [6, 3], USUAL_P1: [1, 0], USUAL_P2: [6, 3]}
LOWEST_FILL = 0.8
"""Fill rate below which curves are not drawn."""


def write_chart(points: Sequence[Mapping[str, object]], path: Path) -> None:
    """Draw one panel for each set as SVG."""
    from vl_convert import vegalite_to_svg  # noqa: PLC0415  installed with the peers

    shown = [
        {
            "set": point["set"],
            "method": point["method"],
            "fill": float(str(point["fill_rate"])),
            "days": float(str(point["days_of_stock"])),
        }
        for point in points
        if float(str(point["fill_rate"])) >= LOWEST_FILL
    ]
    panels = [_panel(str(name), shown) for name in dict.fromkeys(point["set"] for point in shown)]
    spec = {"hconcat": panels, "config": STYLE}
    path.write_text(vegalite_to_svg(spec, vl_version=VEGA_LITE))


def _panel(name: str, points: Sequence[Mapping[str, object]]) -> dict[str, object]:
    methods = list(COLOURS)
    colour = {"domain": methods, "range": list(COLOURS.values())}
    dash = {"domain": methods, "range": list(DASHES.values())}
    return {
        "title": {"text": name},
        "width": 330,
        "height": 330,
        "data": {"values": [point for point in points if point["set"] == name]},
        "mark": {"type": "line"},
        "encoding": {
            "x": {"field": "days", "type": "quantitative", "title": "stock, days of demand"},
            "y": {
                "field": "fill",
                "type": "quantitative",
                "title": "demand met from stock",
                "axis": {"format": "%"},
                "scale": {"domain": [LOWEST_FILL, 1.0], "clamp": True},
            },
            "order": {"field": "days"},
            "color": {"field": "method", "title": None, "scale": colour},
            "strokeDash": {"field": "method", "title": None, "scale": dash},
        },
    }
