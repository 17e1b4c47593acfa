"""The covariate source `stock_levels`: stock, open orders and how a product is ordered."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from lepton_spark.config import StockLevelSettings
from lepton_spark.ingest.covariates.fields import (
    day_column,
    location_column,
    product_column,
    source_columns,
    text_of,
)
from lepton_spark.ingest.covariates.source import CovariateColumn, CovariateSource
from lepton_spark.ingest.lines.reading.numbers import number
from lepton_spark.tables.schemas.covariate_tables import ALWAYS_KNOWN


def stock_levels(settings: StockLevelSettings, case: str) -> CovariateSource:
    """A row per delivery on order, or one per product without any; its other columns must agree."""
    names = settings.columns
    on_hand = number(text_of(names.on_hand))
    columns = [
        product_column(names.product_id, case),
        location_column(names.location_id),
        day_column("due_date", names.due_date, settings, F.lit(ALWAYS_KNOWN)),
        _units("on_order", names.on_order, default=F.lit(0.0)),
        day_column("as_of", names.as_of, settings, F.lit(None).cast("date")),
        CovariateColumn(
            "on_hand", on_hand, "unparsable_on_hand", is_given=text_of(names.on_hand).isNotNull()
        ),
        _units("backorders", names.backorders),
        _days("lead_time", names.lead_time, least=0),
        _days("review_period", names.review_period, least=1),
        _units("pack_size", names.pack_size, is_positive=True),
        _units("minimum_order", names.minimum_order),
        _days("shelf_life", names.shelf_life, least=1),
        _share("service_target", names.service_target),
        _units("unit_cost", names.unit_cost),
        _units("price", names.price),
    ]
    key = ("product_id", "location_id", "due_date")
    return CovariateSource(
        "stock_levels",
        settings,
        source_columns(names.model_dump()),
        columns,
        key=key,
        per_row=("due_date", "on_order"),
    )


def _units(
    column: str, name: str | None, *, default: Column | None = None, is_positive: bool = False
) -> CovariateColumn:
    """A number from 0, or above 0; default: for an empty cell, else null."""
    value = number(text_of(name))
    allowed = (value > 0) if is_positive else (value >= 0)
    reason = f"{column}_not_above_0" if is_positive else f"{column}_not_from_0_up"
    return _optional(column, name, F.when(allowed, value), reason, default)


def _days(column: str, name: str | None, *, least: int) -> CovariateColumn:
    """A whole number of days, null for an empty cell."""
    value = number(text_of(name))
    is_valid = value.between(least, 3650) & (value == F.floor(value))
    return _optional(column, name, F.when(is_valid, value.cast("int")), f"{column}_not_whole_days")


def _share(column: str, name: str | None) -> CovariateColumn:
    """A number between 0 and 1, null for an empty cell."""
    value = number(text_of(name))
    return _optional(column, name, F.when((value > 0) & (value < 1), value), f"{column}_not_between_0_and_1")


def _optional(
    column: str, name: str | None, value: Column, reason: str, default: Column | None = None
) -> CovariateColumn:
    text = text_of(name)
    if default is not None:
        value = F.when(text.isNull(), default).otherwise(value)
    return CovariateColumn(column, value, reason, is_given=text.isNotNull())
