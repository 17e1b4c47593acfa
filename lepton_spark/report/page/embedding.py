"""The data of the page as JSON: charts, and the products that are drawn on demand."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from lepton_spark.language import translated as _
from lepton_spark.report.page import charts
from lepton_spark.report.page.blocks import Chart
from lepton_spark.report.page.figures import Figures, Product
from lepton_spark.report.terms import class_name, state_name

_MESSAGE = re.compile(r'\b_\(("(?:[^"\\]|\\.)*")')
"""A message of the page's script: the literal in `_("...")`."""

_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""Characters that could end the script element or start another; JSON reads the escapes as the same text."""


def script_json(value: object) -> str:
    """JSON that can stand inside a script element, whatever the texts in it are; infinity becomes null."""
    text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text


def _finite(value: object) -> object:
    """The value without infinity and NaN, which JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(part) for key, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, list | tuple) else value


def page_data(figures: Figures, drawn: Iterable[Chart], script: str = "") -> dict[str, Any]:
    """What the script of the page needs: specifications in the order of the charts, then products.

    script: its messages are added as far as they are translated.
    """
    return {
        "words": translations(script),
        "cutoff": f"{figures.run.cutoff}",
        "period": figures.run.period,
        "charts": [chart.spec for chart in drawn],
        "productChart": charts.lines(
            None, _("units a day") if figures.run.period == 1 else _("units a week")
        ),
        "products": [product_data(product) for product in figures.products],
    }


def translations(script: str) -> dict[str, str]:
    """The messages of a script that differ in the reader's language, with their translations.

    >>> translations('_("sold")')
    {}
    """
    found = {str(json.loads(text)) for text in _MESSAGE.findall(script)}
    return {text: _(text) for text in sorted(found) if _(text) != text}


def product_data(product: Product) -> Mapping[str, Any]:
    """A product with short names, as there are a thousand of them."""
    return {
        "p": product.series.product_id,
        "l": product.series.location_id,
        "c": class_name(product.demand_class),
        "m": product.model,
        "s": state_name(product.status),
        "d": f"{product.first_day}",
        "h": [_short(units) for units in product.history],
        "f": [_short(units) for units in product.forecast],
        "lo": [_short(units) for units in product.p10],
        "md": [_short(units) for units in product.p50],
        "hi": [_short(units) for units in product.p90],
        "e": [_short(units) for units in product.earlier],
        "v": _short(product.value),
        "w": _short(product.wape, 3),
        "n": _short(product.naive_wape, 3),
        "b": _short(product.bias, 3),
    }


def _short(value: float | None, digits: int = 2) -> float | int | None:
    """The number rounded, whole numbers without a point."""
    if value is None or not math.isfinite(value):
        return None
    rounded = round(value, digits)
    return int(rounded) if rounded == int(rounded) else rounded
