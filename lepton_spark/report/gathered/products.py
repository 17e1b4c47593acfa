"""The series that the page embeds: the most valuable ones, with history, forecasts and errors.

The only place of the report that collects days of series; `EMBEDDED` bounds how many.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lepton_spark.panel.pack import UNKNOWN
from lepton_spark.report.page.figures import Product, Series
from lepton_spark.tables import Warehouse
from lepton_spark.tables.schemas.schema import SERIES_KEY

EMBEDDED = 1_000
"""Series that the page embeds."""

HISTORY = 182
"""Days before the first forecast that are drawn."""

_LEVELS = ("forecast", "p10", "p50", "p90")


def embedded_products(
    warehouse: Warehouse,
    run_id: str,
    errors_of: str,
    earlier_id: str | None,
    cutoff: date,
    period: int,
    wanted: Iterable[Series],
    most: int = EMBEDDED,
) -> tuple[Product, ...]:
    """The series that the page names, and of the others the most valuable; most valuable first.

    errors_of: the run whose backtest chose the models. earlier_id: the run published before, if any.
    period: days of one forecast. wanted: what the page names; at most `most` are taken.
    """
    values = _chosen(warehouse, list(dict.fromkeys(wanted))[:most], most)
    if not values:
        return ()
    keys = _keys(warehouse, values)
    of_run = F.col("run_id") == F.lit(run_id)
    by_step = _by_step(warehouse.read("latest_forecasts").join(keys, list(SERIES_KEY), "left_semi"))
    models = _by_series(warehouse.read("models").where(of_run), keys, ("status", "demand_class"))
    metrics = warehouse.read("metrics").where(
        (F.col("run_id") == F.lit(errors_of)) & (F.col("split") == "test")
    )
    errors = _errors(metrics, keys)
    earlier = _earlier(warehouse, earlier_id, keys)
    begin = cutoff - timedelta(days=HISTORY - 1)
    history = _history(warehouse, keys, begin, period)
    return tuple(
        _product(
            series,
            value,
            by_step[series],
            models.get(series),
            errors.get((series, "chosen")),
            errors.get((series, "seasonal_naive")),
            earlier.get(series, {}),
            history.get(series, (begin, ())),
        )
        for series, value in values.items()
    )


def _chosen(warehouse: Warehouse, wanted: Sequence[Series], most: int) -> dict[Series, float | None]:
    """The value of each embedded series; None without a price, then units decide."""
    latest, panel = warehouse.read("latest_forecasts"), warehouse.read("panel")
    if len(wanted) >= most:  # no other series has a place, so that none needs to be ranked
        latest, panel = (
            rows.join(_keys(warehouse, wanted), list(SERIES_KEY), "left_semi") for rows in (latest, panel)
        )
    units = latest.groupBy(*SERIES_KEY).agg(F.sum("forecast").alias("units"))
    ranked = units.join(_prices(panel), list(SERIES_KEY), "left").withColumn(
        "value", F.col("units") * F.col("last_price")
    )
    named = _keys(warehouse, wanted).withColumn("named", F.lit(True))
    by_value = (F.desc_nulls_last("named"), F.desc_nulls_last("value"), F.desc("units"), *SERIES_KEY)
    rows = ranked.join(named, list(SERIES_KEY), "left").orderBy(*by_value).limit(most).collect()
    rows.sort(key=lambda row: (-(row["value"] or -1.0), -row["units"], row["product_id"], row["location_id"]))
    return {_series(row): row["value"] for row in rows}


def _prices(panel: DataFrame) -> DataFrame:
    """The last known price of each series; packed years have it without a look at each sale."""
    last = F.try_element_at(F.filter("price", lambda price: price > 0), F.lit(-1))
    years = panel.select(*SERIES_KEY, "chunk", last.alias("price"))
    known = years.where("price is not null").groupBy(*SERIES_KEY)
    return known.agg(F.max_by("price", "chunk").alias("last_price"))


def _keys(warehouse: Warehouse, found: Iterable[Series]) -> DataFrame:
    rows = [{"product_id": one.product_id, "location_id": one.location_id} for one in found]
    return F.broadcast(warehouse.rows("models", rows).select(*SERIES_KEY))


def _series(row: Row) -> Series:
    return Series(row["product_id"], row["location_id"])


def _by_series(rows: DataFrame, keys: DataFrame, columns: tuple[str, ...]) -> dict[Series, Row]:
    shown = rows.join(keys, list(SERIES_KEY), "left_semi").select(*SERIES_KEY, *columns)
    return {_series(row): row for row in shown.collect()}


def _errors(metrics: DataFrame, keys: DataFrame) -> dict[tuple[Series, str], Row]:
    """Errors on the test window by series and role."""
    rows = metrics.join(keys, list(SERIES_KEY), "left_semi")
    columns = (*SERIES_KEY, "role", "wape", "bias", "sum_actual")
    return {(_series(row), row["role"]): row for row in rows.select(*columns).collect()}


def _by_step(latest: DataFrame) -> dict[Series, Row]:
    """Lists of forecasts in the order of their steps."""
    day = F.struct("step", *_LEVELS, "date")
    rows = latest.groupBy(*SERIES_KEY).agg(
        F.array_sort(F.collect_list(day)).alias("days"), F.first("model").alias("model")
    )
    return {_series(row): row for row in rows.collect()}


def _earlier(
    warehouse: Warehouse, earlier_id: str | None, keys: DataFrame
) -> dict[Series, Mapping[date, float]]:
    """The earlier run's forecast of each series by date."""
    if earlier_id is None:
        return {}
    rows = warehouse.read("forecasts").where(F.col("run_id") == F.lit(earlier_id))
    rows = rows.join(keys, list(SERIES_KEY), "left_semi").where("forecast is not null")
    pairs = F.map_from_entries(F.collect_list(F.struct("date", "forecast"))).alias("by_day")
    return {_series(row): row["by_day"] for row in rows.groupBy(*SERIES_KEY).agg(pairs).collect()}


def _history(
    warehouse: Warehouse, keys: DataFrame, begin: date, period: int
) -> dict[Series, tuple[date, tuple[float | None, ...]]]:
    """First day and units by day, or week, of each series from `begin` on, up to its last known day."""
    years = warehouse.read("panel").where(F.col("chunk") >= begin.year)
    rows = years.join(keys, list(SERIES_KEY), "left_semi").select(*SERIES_KEY, "first_date", "quantity")
    packed: dict[Series, list[tuple[date, list[float | None]]]] = {}
    for row in rows.collect():
        packed.setdefault(_series(row), []).append((row["first_date"], row["quantity"]))
    last = max(
        (first + timedelta(days=len(units) - 1) for years in packed.values() for first, units in years),
        default=None,
    )
    return {
        series: by_period(joined_years(years, begin, last), begin, period) for series, years in packed.items()
    }


def joined_years(
    years: Iterable[tuple[date, Sequence[float | None]]], begin: date, last: date | None
) -> list[float | None]:
    """Units by day from `begin` to `last`: 0 on days without a sale, None where they are unknown.

    years: first day and packed units of each year, as in `panel`.
    """
    if last is None or last < begin:
        return []
    units: list[float | None] = [0.0] * ((last - begin).days + 1)
    first = len(units)
    for first_day, packed in years:
        offset = (first_day - begin).days
        for number, quantity in enumerate(packed, offset):
            if 0 <= number < len(units):
                units[number] = None if quantity == UNKNOWN else quantity or 0.0
                first = min(first, number)
    before: list[float | None] = [None] * (first if first < len(units) else 0)
    return before + units[len(before) :]


def by_period(
    days: Sequence[float | None], begin: date, period: int
) -> tuple[date, tuple[float | None, ...]]:
    """The first day and the units of each whole period; None if a day of it is unknown."""
    whole = range(0, len(days) - period + 1, period)
    sums = (days[start : start + period] for start in whole)
    known = (None if None in part else sum(day for day in part if day is not None) for part in sums)
    return begin, tuple(known)


def _product(
    series: Series,
    value: float | None,
    forecast: Row,
    model: Row | None,
    errors: Row | None,
    naive: Row | None,
    earlier: Mapping[date, float],
    history: tuple[date, tuple[float | None, ...]],
) -> Product:
    days = forecast["days"]
    return Product(
        series=series,
        model=forecast["model"],
        status="unknown" if model is None else model["status"],
        demand_class="unknown" if model is None else model["demand_class"] or "unknown",
        first_day=history[0],
        history=history[1],
        **{name: tuple(day[name] for day in days) for name in _LEVELS},
        earlier=tuple(earlier.get(day["date"]) for day in days),
        value=value,
        sold=None if errors is None else errors["sum_actual"],
        wape=None if errors is None else errors["wape"],
        naive_wape=None if naive is None else naive["wape"],
        bias=None if errors is None else errors["bias"],
    )
