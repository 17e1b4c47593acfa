"""Exchange curves: the share of demand met from stock against the stock it takes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from speed_parts.chart import STYLE, VEGA_LITE

from inventory_parts.levels import LEPTON_P1, LEPTON_P2, USUAL_P1, USUAL_P2

COLOURS = {LEPTON_P1: "#123c69", LEPTON_P2: "#4c9be8", USUAL_P1: "#c8553d", USUAL_P2: "#f2a541"}
DASHES = {LEPTON_P1: [1, 0], LEPTON_P2: [6, 3], USUAL_P1: [1, 0], USUAL_P2: [6, 3]}
FILLS = (0.85, 0.99)
"""Fill rates between which curves are drawn."""


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
        if FILLS[0] <= float(str(point["fill_rate"])) <= FILLS[1]
    ]
    panels = [_panel(str(name), shown) for name in dict.fromkeys(point["set"] for point in shown)]
    spec = {"concat": panels, "columns": 2, "config": STYLE}
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
            "x": {
                "field": "days",
                "type": "quantitative",
                "title": "stock, days of demand",
                "scale": {"type": "log", "nice": False},
            },
            "y": {
                "field": "fill",
                "type": "quantitative",
                "title": "demand met from stock",
                "axis": {"format": "%"},
                "scale": {"domain": FILLS},
            },
            "order": {"field": "days"},
            "color": {"field": "method", "title": None, "scale": colour},
            "strokeDash": {"field": "method", "title": None, "scale": dash},
        },
    }
