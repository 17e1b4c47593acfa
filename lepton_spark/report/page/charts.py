"""Charts of the page as Vega-Lite specifications with their data.

A colour is a name with `@`: the page replaces it with the colour of the light or the dark theme.
Every colour comes with a shape, a dash or a label of its own, for readers who cannot tell colours apart.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lepton_spark.report.page.figures import DayTotal, SegmentErrors

Spec = Mapping[str, Any]

SOLD, FORECAST, EARLIER = "sold", "forecast", "earlier forecast"
OURS, NAIVE = "forecast", "seasonal naive"

_LINES = {
    "scale": {"domain": [SOLD, FORECAST, EARLIER], "range": ["@ink", "@blue", "@orange"]},
    "title": None,
    "legend": {"orient": "top", "symbolStrokeWidth": 2},
}
_DASHES = {"scale": {"domain": [SOLD, FORECAST, EARLIER], "range": [[1, 0], [6, 3], [2, 3]]}, "title": None}
_DAY = {"field": "date", "type": "temporal", "title": None, "axis": {"format": "%d %b", "labelOverlap": True}}
_TICKS = {"grid": True, "tickCount": 6}
_PER_CENT = {**_TICKS, "format": ".0%"}


def lines(
    values: Sequence[Mapping[str, Any]] | None,
    title: str,
    bands: Sequence[tuple[str, str]] = (("p10", "p90"),),
) -> Spec:
    """Sold, forecast and earlier forecast by day, as lines; of a product also ranges, by default p10 to p90.

    values: rows with `date`, `what` and `units`; None: rows of a product are added later, the forecast's with
    the quantiles of `bands`.
    """
    units = {"field": "units", "type": "quantitative", "title": title}
    areas = [
        {
            "transform": [{"filter": f"isValid(datum.{low})"}],
            "mark": {"type": "area", "color": "@blue", "opacity": 0.18},
            "encoding": {
                "x": _DAY,
                "y": {"field": low, "type": "quantitative", "title": title},
                "y2": {"field": high},
            },
        }
        for low, high in bands
    ]
    drawn = {
        "mark": {"type": "line", "strokeWidth": 1.8, "invalid": "break-paths-show-domains"},
        "encoding": {
            "x": _DAY,
            "y": units,
            "color": {"field": "what", "type": "nominal", **_LINES},
            "strokeDash": {"field": "what", "type": "nominal", **_DASHES},
            "tooltip": [
                {"field": "date", "type": "temporal", "format": "%a %d %b %Y"},
                {"field": "what", "type": "nominal", "title": "figure"},
                {"field": "units", "type": "quantitative", "format": ",.1f"},
            ],
        },
    }
    data = {"name": "days"} if values is None else {"values": list(values)}
    layers = [*areas, drawn] if values is None else [drawn]
    return {"data": data, "width": "container", "height": 260, "layer": layers}


def totals(days: Iterable[DayTotal]) -> Spec:
    """All series together by day."""
    rows = [
        {"date": f"{day.date}", "what": what, "units": units}
        for day in days
        for what, units in ((SOLD, day.sold), (FORECAST, day.forecast), (EARLIER, day.earlier))
        if units is not None
    ]
    return lines(rows, "units")


def errors_beside_naive(errors: Iterable[SegmentErrors], names: Mapping[str, str]) -> Spec:
    """WAPE of each segment as a point, joined to that of seasonal naive."""
    known = [one for one in errors if one.wape is not None and one.naive_wape is not None]
    rows = [
        {"segment": names[one.segment], "what": what, "wape": value, "place": place}
        for place, one in enumerate(known)
        for what, value in ((OURS, one.wape), (NAIVE, one.naive_wape))
    ]
    y = {"field": "segment", "type": "nominal", "title": None, "sort": {"field": "place"}}
    x = {"field": "wape", "type": "quantitative", "title": "error (WAPE); left is better", "axis": _PER_CENT}
    rule = {"mark": {"type": "line", "color": "@grid", "strokeWidth": 3}, "encoding": {
        "x": x, "y": y, "detail": {"field": "segment", "type": "nominal"}}}  # fmt: skip
    domain = [OURS, NAIVE]
    point = {
        "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
        "encoding": {
            "x": x,
            "y": y,
            "color": {
                "field": "what",
                "type": "nominal",
                "title": None,
                "scale": {"domain": domain, "range": ["@blue", "@orange"]},
                "legend": {"orient": "top"},
            },
            "shape": {
                "field": "what",
                "type": "nominal",
                "title": None,
                "scale": {"domain": domain, "range": ["circle", "diamond"]},
            },
            "tooltip": [
                {"field": "segment", "type": "nominal"},
                {"field": "what", "type": "nominal", "title": "forecast"},
                {"field": "wape", "type": "quantitative", "title": "WAPE", "format": ".1%"},
            ],
        },
    }
    return _sized({"data": {"values": rows}, "layer": [rule, point]}, len(known))


def bias(errors: Iterable[SegmentErrors], names: Mapping[str, str]) -> Spec:
    """Bias of each segment as a bar from 0: to the right too much, to the left too little."""
    rows = _known(errors, names, "bias")
    x = {
        "field": "bias",
        "type": "quantitative",
        "title": "too little forecast   |   too much forecast",
        "axis": {**_PER_CENT, "format": "+.1~%"},
    }
    colour = {"condition": {"test": "datum.bias < 0", "value": "@orange"}, "value": "@blue"}
    return _bars(rows, x, colour, ".1%")


def _known(errors: Iterable[SegmentErrors], names: Mapping[str, str], figure: str) -> list[dict[str, Any]]:
    """The segments whose figure is known, with their places in the chart."""
    return [
        {"segment": names[one.segment], figure: getattr(one, figure), "place": place}
        for place, one in enumerate(errors)
        if getattr(one, figure) is not None
    ]


def coverage(errors: Iterable[SegmentErrors], names: Mapping[str, str], nominal: float) -> Spec:
    """Share of the days inside the range p10 to p90 as a bar, with the share that is meant as a rule."""
    rows = _known(errors, names, "coverage")
    x = {
        "field": "coverage",
        "type": "quantitative",
        "title": "days inside the range p10 to p90",
        "scale": {"domain": [0, 1]},
        "axis": _PER_CENT,
    }
    bars = _bars(rows, x, {"value": "@blue"}, ".1%")
    meant = {
        "data": {"values": [{"nominal": nominal}]},
        "mark": {"type": "rule", "strokeDash": [5, 4], "strokeWidth": 2, "color": "@ink"},
        "encoding": {"x": {"field": "nominal", "type": "quantitative"}},
    }
    return {**bars, "layer": [*bars["layer"], meant]}


def stock_risk(at_risk: Sequence[int]) -> Spec:
    """Series by likelihood of a stock-out, in tenths."""
    rows = [
        {"segment": f"{number * 10}–{number * 10 + 10} %", "n": n, "place": number}  # noqa: RUF001
        for number, n in enumerate(at_risk)
    ]
    x = {"field": "n", "type": "quantitative", "title": "products", "axis": {**_TICKS, "tickMinStep": 1}}
    return _bars(rows, x, {"value": "@blue"}, ",")


def changes(rows: Iterable[tuple[str, float]]) -> Spec:
    """Units by which the forecast of each series changed, as bars from 0."""
    bars = [{"segment": name, "units": units, "place": place} for place, (name, units) in enumerate(rows)]
    x = {
        "field": "units",
        "type": "quantitative",
        "title": "less than before   |   more than before (units)",
        "axis": {**_TICKS, "format": "+,"},
    }
    colour = {"condition": {"test": "datum.units < 0", "value": "@orange"}, "value": "@blue"}
    return _bars(bars, x, colour, "+,.1f")


def _bars(rows: list[dict[str, Any]], x: Spec, colour: Spec, number: str) -> dict[str, Any]:
    y = {
        "field": "segment",
        "type": "nominal",
        "title": None,
        "sort": {"field": "place"},
        "axis": {"labelLimit": 150},
    }
    tooltip = [
        {"field": "segment", "type": "nominal"},
        {"field": x["field"], "type": "quantitative", "format": number},
    ]
    bar = {
        "data": {"values": rows},
        "mark": {"type": "bar", "height": {"band": 0.62}},
        "encoding": {"x": x, "y": y, "color": colour, "tooltip": tooltip},
    }
    return _sized({"layer": [bar]}, len(rows))


def _sized(spec: Spec, n_rows: int) -> dict[str, Any]:
    return {**spec, "width": "container", "height": max(60, 28 * n_rows)}
