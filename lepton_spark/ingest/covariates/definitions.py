"""The covariate sources: columns, rejection reasons and keys of the inputs beside sales."""

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from lepton_spark.config import (
    CalendarSettings,
    Config,
    CovariateSettings,
    PlanSettings,
    PriorSettings,
    ProductSettings,
    StockSettings,
)
from lepton_spark.config.sections.covariate_settings import DAYS_AFTER, DAYS_BEFORE
from lepton_spark.ingest.covariates.source import CovariateColumn, CovariateSource, source_text
from lepton_spark.ingest.lines.reading.numbers import number
from lepton_spark.ingest.lines.reading.parsing import folded, sold_on, trimmed
from lepton_spark.tables.schemas.covariate_tables import ALWAYS_KNOWN, EVERYWHERE, LONGEST_WINDOW, NO_END

_YES, _NO = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


def covariate_sources(config: Config) -> list[CovariateSource]:
    """The sources that have a path in the configuration."""
    case = config.input.product_case
    sources = (
        _plans(config.plans, case),
        _products(config.products, case),
        _stock(config.stock, case),
        _priors(config.priors, case),
        _calendar(config.calendar),
    )
    return [source for source in sources if source.settings.path is not None]


def _plans(settings: PlanSettings, case: str) -> CovariateSource:
    names = settings.columns
    start, end = _day("start_date", names.start_date, settings), _day("end_date", names.end_date, settings)
    measures = F.array(*(_share(_text(name)) for name in names.measures))
    all_valid = ~F.exists(measures, lambda value: value.isNull())
    columns = [
        _product(names.product_id, case),
        start,
        end,
        CovariateColumn("measures", F.when(all_valid, measures), "measure_not_from_0_to_1"),
        _known_at(names.known_at, settings),
        _location(names.location_id),
    ]
    checks = [("ends_before_it_starts", end.value < start.value)]
    return CovariateSource("plans", settings, _source_columns(names.model_dump()), columns, checks)


def _products(settings: ProductSettings, case: str) -> CovariateSource:
    names = settings.columns
    columns = [
        _product(names.product_id, case),
        _location(names.location_id),
        CovariateColumn("category", _text(names.category)),
        _day("delisted_on", names.delisted_on, settings, F.lit(None).cast("date")),
        _known_at(names.known_at, settings),
    ]
    key = ("product_id", "location_id", "known_at")
    return CovariateSource("products", settings, _source_columns(names.model_dump()), columns, key=key)


def _stock(settings: StockSettings, case: str) -> CovariateSource:
    names = settings.columns
    on_hand_text, flag_text = _text(names.on_hand), _text(names.out_of_stock)
    on_hand, flag = number(on_hand_text), _flag(flag_text)
    columns = [
        _product(names.product_id, case),
        _location(names.location_id),
        _day("date", names.date, settings),
        CovariateColumn("on_hand", on_hand, "unparsable_on_hand", is_given=on_hand_text.isNotNull()),
        CovariateColumn("out_of_stock", F.coalesce(flag, on_hand <= 0), "missing_stock"),
    ]
    checks = [("unparsable_out_of_stock", flag_text.isNotNull() & flag.isNull())]
    key = ("product_id", "location_id", "date")
    return CovariateSource("stock", settings, _source_columns(names.model_dump()), columns, checks, key)


def _priors(settings: PriorSettings, case: str) -> CovariateSource:
    names = settings.columns
    level = number(_text(names.level))
    weight = _share(_text(names.weight)) if names.weight else F.lit(1.0)
    columns = [
        _product(names.product_id, case),
        _location(names.location_id),
        CovariateColumn("level", F.when(level >= 0, level), "level_not_from_0_up"),
        CovariateColumn("weight", weight, "weight_not_from_0_to_1"),
        _day("end_date", names.end_date, settings, F.lit(NO_END)),
        _known_at(names.known_at, settings),
    ]
    key = ("product_id", "location_id", "end_date", "known_at")
    return CovariateSource("priors", settings, _source_columns(names.model_dump()), columns, key=key)


def _calendar(settings: CalendarSettings) -> CovariateSource:
    names = settings.columns
    status_text, event = _text(names.status), F.coalesce(_text(names.event), F.lit(""))
    location, status = F.coalesce(_text(names.location_id), F.lit(EVERYWHERE)), F.lower(status_text)
    columns = [
        _day("date", names.date, settings),
        CovariateColumn("location_id", location),
        CovariateColumn(
            "status",
            F.when(status.isin("open", "closed"), status),
            "unknown_status",
            is_given=status_text.isNotNull(),
        ),
        CovariateColumn("event", event),
        _window("days_before", names.days_before, DAYS_BEFORE),
        _window("days_after", names.days_after, DAYS_AFTER),
        _known_at(names.known_at, settings),
    ]
    checks = [
        ("missing_status_and_event", status_text.isNull() & (event == "")),
        ("event_of_one_location", (event != "") & (location != EVERYWHERE)),
    ]
    key = ("date", "location_id", "event", "known_at")
    return CovariateSource("calendar", settings, _source_columns(names.model_dump()), columns, checks, key)


def _window(column: str, name: str | None, default: int) -> CovariateColumn:
    """A whole number of days; the default where there is none."""
    days = number(_text(name))
    valid = F.when(days.between(0, LONGEST_WINDOW) & (days == F.floor(days)), days.cast("int"))
    value = F.when(_text(name).isNull(), F.lit(default)).otherwise(valid)
    return CovariateColumn(column, value, "window_not_from_0_to_60")


def _source_columns(columns: Mapping[str, Any]) -> Sequence[str]:
    """The source names in a section of column names.

    >>> _source_columns({"product_id": "sku", "location_id": None, "measures": ("display", "mailer")})
    ['sku', 'display', 'mailer']
    """
    named = [name for name in columns.values() if isinstance(name, str)]
    return [*named, *columns.get("measures", ())]


def _product(name: str, case: str) -> CovariateColumn:
    return CovariateColumn("product_id", folded(_text(name), case), "missing_product_id")


def _location(name: str | None) -> CovariateColumn:
    return CovariateColumn("location_id", _text(name) if name else F.lit(EVERYWHERE), "missing_location_id")


def _known_at(name: str | None, settings: CovariateSettings) -> CovariateColumn:
    """Required where its column is mapped: without it, a row would count before it was known."""
    if name is None:
        return CovariateColumn("known_at", F.lit(ALWAYS_KNOWN))
    return _day("known_at", name, settings)


def _day(
    column: str, name: str | None, settings: CovariateSettings, default: Column | None = None
) -> CovariateColumn:
    """A day; default: the value for an empty or unmapped source column. None: the day is required."""
    text = _text(name)
    day = sold_on(text, F.lit(None).cast("timestamp"), settings.date_formats, "UTC")
    if default is None:
        return CovariateColumn(column, day, f"unparsable_{column}")
    value = F.when(text.isNull(), default).otherwise(day)
    return CovariateColumn(column, value, f"unparsable_{column}", is_given=text.isNotNull())


def _text(name: str | None) -> Column:
    """The trimmed text of a source column; null where none is mapped."""
    return trimmed(source_text(name)) if name else F.lit(None).cast("string")


def _share(text: Column) -> Column:
    """A number from 0 to 1, else null."""
    value = number(text)
    return F.when(value.between(0.0, 1.0), value)


def _flag(text: Column) -> Column:
    bare = F.lower(text)
    return F.when(bare.isin(*_YES), F.lit(True)).when(bare.isin(*_NO), F.lit(False))
