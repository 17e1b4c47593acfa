"""`plot`: the sales and the forecast of one product as a chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from lepton_spark.api.forecasts import Forecast
from lepton_spark.api.frames.fitting import rows_where
from lepton_spark.api.frames.typed_columns import codes
from lepton_spark.api.intervals import INTERVALS, interval_columns
from lepton_spark.api.runs import Run
from lepton_spark.errors import InputError, examples, explain
from lepton_spark.forecasting.packing import KEY
from lepton_spark.ingest.lines.reading.values import ALL_LOCATIONS
from lepton_spark.panel.calendar import EPOCH, epoch_day
from lepton_spark.panel.pack import UNKNOWN
from lepton_spark.pipelines.report import drawn_product
from lepton_spark.report.explanation.chart import require_drawable, svg_of, write_drawing
from lepton_spark.report.gathered.products import HISTORY, by_period, joined_years
from lepton_spark.report.page.charts import FORECAST, SOLD
from lepton_spark.report.page.drawn_product import dated_rows, line_chart


@dataclass(frozen=True, repr=False)
class Chart:
    """A drawing that notebooks show. spec: the Vega-Lite specification with its data."""

    spec: Mapping[str, Any]

    def save(self, path: str | Path) -> Path:
        """Writes the drawing. Raises: InputError for another file than .svg, .png or .html."""
        file = Path(path)
        require_drawable(file)
        write_drawing(dict(self.spec), file)
        return file

    def __repr__(self) -> str:
        return f"Chart({self.spec['title']!r})"

    def _repr_svg_(self) -> str:
        return svg_of(dict(self.spec))


@dataclass(frozen=True)
class _Drawn:
    """A product's figures. history: units by day from `first_day` on, or by week; None = unknown.

    ahead: one row per step, with `forecast` and quantiles. period: days of one forecast.
    """

    label: str
    cutoff: date
    period: int
    first_day: date
    history: Sequence[float | None]
    ahead: pd.DataFrame


def plot(
    source: Run | Forecast[Any],
    product_id: object,
    *,
    levels: Sequence[int] = (80,),
    location_id: object = None,
) -> Chart:
    """The sales of the last half year and the forecast of a product, with the intervals of some levels.

    source: of a run, the published forecast is drawn. levels: of 50, 80 and 90; of a `Forecast`, those that
    it was made with. location_id: may be left out if the product has one only.

    Raises: InputError for a product, location or level without a forecast; SetupError without the package
    that draws.
    """
    require_drawable(Path("chart.svg"))
    quantiles = interval_columns(levels)
    if isinstance(source, Run):
        drawn = _of_run(source, product_id, location_id)
    else:
        drawn = _of_frame(source, product_id, location_id)
    missing = [name for name in quantiles if name not in drawn.ahead]
    if missing:
        found, remedy = f"no {examples(missing)}", "Name these levels when you forecast: levels=(50, 80, 90)."
        raise InputError(explain("forecast", found, "the quantiles of the levels", remedy))
    begin = drawn.cutoff + timedelta(days=1)
    sold = dated_rows(SOLD, drawn.first_day, drawn.period, drawn.history)
    rows = dated_rows(FORECAST, begin, drawn.period, drawn.ahead["forecast"].tolist())
    bounds = drawn.ahead[quantiles].to_dict("records")
    ahead = [{**row, **bound} for row, bound in zip(rows, bounds, strict=True)]
    words = " and ".join(f"{level} %" for level in sorted(set(levels)))
    title = f"Product {drawn.label}: sales, forecast after {drawn.cutoff}, interval of {words}"
    bands = [INTERVALS[level] for level in sorted(set(levels), reverse=True)]
    return Chart(line_chart(title, [*sold, *ahead], drawn.period, bands))


def _of_run(run: Run, product_id: object, location_id: object) -> _Drawn:
    place = None if location_id is None else str(location_id)
    product, published = drawn_product(run.context, str(product_id), place)
    series = dict(zip(KEY, (product.series.product_id, product.series.location_id), strict=True))
    ahead = rows_where(run.context.warehouse.read("latest_forecasts"), series).sort_values("step")
    return _Drawn(
        product.series.label, published.cutoff, published.period, product.first_day, product.history, ahead
    )


def _of_frame(made: Forecast[Any], product_id: object, location_id: object) -> _Drawn:
    columns, wanted = made.columns, {made.columns.product: product_id}
    if columns.location is not None and location_id is not None:
        wanted[columns.location] = location_id
    ahead = rows_where(made.forecasts, wanted).sort_values(columns.date)
    label = f"{product_id}"
    if columns.location is not None and len(ahead):
        places = ahead[columns.location].unique().tolist()
        if len(places) > 1:
            allowed = f"one of {examples(places)}"
            raise InputError(explain(label, "several locations", allowed, "Name it: location_id=."))
        label, wanted[columns.location] = f"{label} at {places[0]}", places[0]
    if not len(ahead):
        found = " and ".join(f"{name} {value!r}" for name, value in wanted.items())
        raise InputError(
            explain("forecast", f"none of {found}", "a series of the data frame", "See .models.")
        )
    return _Drawn(label, made.cutoff, made.period, *_history(made, [*wanted.values()]), ahead)


def _history(made: Forecast[Any], values: Sequence[object]) -> tuple[date, Sequence[float | None]]:
    """The first day that is drawn, and the units of each day or week, None where unknown."""
    key = [*codes(pd.Series(values, dtype=object)), ALL_LOCATIONS][: len(KEY)]
    daily = rows_where(made.sales, dict(zip(KEY, key, strict=True)))
    begin = made.cutoff - timedelta(days=HISTORY - 1)
    day = daily["day"] if "day" in daily else daily["date"].map(epoch_day)
    units = pd.Series(daily["quantity"].fillna(UNKNOWN).to_numpy(), day).sort_index()
    first = int(units.index.min())
    by_day = units.reindex(range(first, int(units.index.max()) + 1)).astype(object)
    year = (EPOCH + timedelta(days=first), by_day.where(by_day.notna(), None).tolist())
    return by_period(joined_years([year], begin, made.cutoff), begin, made.period)
