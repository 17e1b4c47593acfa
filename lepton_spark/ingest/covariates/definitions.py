"""The covariate sources: columns, rejection reasons and keys of the inputs beside sales."""

from pyspark.sql import functions as F

from lepton_spark.config import (
    CalendarSettings,
    Config,
    PlanSettings,
    PriorSettings,
    ProductSettings,
    StockSettings,
)
from lepton_spark.config.sections.inputs.covariate_settings import DAYS_AFTER, DAYS_BEFORE
from lepton_spark.ingest.covariates.fields import (
    day_column,
    flag_of,
    known_column,
    location_column,
    product_column,
    share_of,
    source_columns,
    text_of,
)
from lepton_spark.ingest.covariates.overrides import overrides
from lepton_spark.ingest.covariates.source import CovariateColumn, CovariateSource
from lepton_spark.ingest.covariates.stock_levels import stock_levels
from lepton_spark.ingest.lines.reading.numbers import number
from lepton_spark.tables.schemas.covariate_tables import EVERYWHERE, LONGEST_WINDOW, NO_END


def covariate_sources(config: Config) -> list[CovariateSource]:
    """The sources that have a path in the configuration."""
    case = config.input.product_case
    sources = (
        _plans(config.plans, case),
        _products(config.products, case),
        _stock(config.stock, case),
        _priors(config.priors, case),
        _calendar(config.calendar),
        stock_levels(config.stock_levels, case),
        overrides(config.overrides, case),
    )
    return [source for source in sources if source.settings.path is not None]


def _plans(settings: PlanSettings, case: str) -> CovariateSource:
    names = settings.columns
    start, end = (
        day_column("start_date", names.start_date, settings),
        day_column("end_date", names.end_date, settings),
    )
    measures = F.array(*(share_of(text_of(name)) for name in names.measures))
    all_valid = ~F.exists(measures, lambda value: value.isNull())
    columns = [
        product_column(names.product_id, case),
        start,
        end,
        CovariateColumn("measures", F.when(all_valid, measures), "measure_not_from_0_to_1"),
        known_column(names.known_at, settings),
        location_column(names.location_id),
    ]
    checks = [("ends_before_it_starts", end.value < start.value)]
    return CovariateSource("plans", settings, source_columns(names.model_dump()), columns, checks)


def _products(settings: ProductSettings, case: str) -> CovariateSource:
    names = settings.columns
    columns = [
        product_column(names.product_id, case),
        location_column(names.location_id),
        CovariateColumn("category", text_of(names.category)),
        day_column("delisted_on", names.delisted_on, settings, F.lit(None).cast("date")),
        known_column(names.known_at, settings),
    ]
    key = ("product_id", "location_id", "known_at")
    return CovariateSource("products", settings, source_columns(names.model_dump()), columns, key=key)


def _stock(settings: StockSettings, case: str) -> CovariateSource:
    names = settings.columns
    on_hand_text, flag_text = text_of(names.on_hand), text_of(names.out_of_stock)
    on_hand, flag = number(on_hand_text), flag_of(flag_text)
    columns = [
        product_column(names.product_id, case),
        location_column(names.location_id),
        day_column("date", names.date, settings),
        CovariateColumn("on_hand", on_hand, "unparsable_on_hand", is_given=on_hand_text.isNotNull()),
        CovariateColumn("out_of_stock", F.coalesce(flag, on_hand <= 0), "missing_stock"),
    ]
    checks = [("unparsable_out_of_stock", flag_text.isNotNull() & flag.isNull())]
    key = ("product_id", "location_id", "date")
    return CovariateSource("stock", settings, source_columns(names.model_dump()), columns, checks, key)


def _priors(settings: PriorSettings, case: str) -> CovariateSource:
    names = settings.columns
    level = number(text_of(names.level))
    weight = share_of(text_of(names.weight)) if names.weight else F.lit(1.0)
    columns = [
        product_column(names.product_id, case),
        location_column(names.location_id),
        CovariateColumn("level", F.when(level >= 0, level), "level_not_from_0_up"),
        CovariateColumn("weight", weight, "weight_not_from_0_to_1"),
        day_column("end_date", names.end_date, settings, F.lit(NO_END)),
        known_column(names.known_at, settings),
    ]
    key = ("product_id", "location_id", "end_date", "known_at")
    return CovariateSource("priors", settings, source_columns(names.model_dump()), columns, key=key)


def _calendar(settings: CalendarSettings) -> CovariateSource:
    names = settings.columns
    status_text, event = text_of(names.status), F.coalesce(text_of(names.event), F.lit(""))
    location, status = F.coalesce(text_of(names.location_id), F.lit(EVERYWHERE)), F.lower(status_text)
    columns = [
        day_column("date", names.date, settings),
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
        known_column(names.known_at, settings),
    ]
    checks = [
        ("missing_status_and_event", status_text.isNull() & (event == "")),
        ("event_of_one_location", (event != "") & (location != EVERYWHERE)),
    ]
    key = ("date", "location_id", "event", "known_at")
    return CovariateSource("calendar", settings, source_columns(names.model_dump()), columns, checks, key)


def _window(column: str, name: str | None, default: int) -> CovariateColumn:
    """A whole number of days; the default where there is none."""
    days = number(text_of(name))
    valid = F.when(days.between(0, LONGEST_WINDOW) & (days == F.floor(days)), days.cast("int"))
    value = F.when(text_of(name).isNull(), F.lit(default)).otherwise(valid)
    return CovariateColumn(column, value, "window_not_from_0_to_60")
