"""The covariate source `overrides`: forecasts that planners change after the model."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from lepton_spark.config import OverrideSettings
from lepton_spark.ingest.covariates.fields import (
    day_column,
    known_column,
    product_column,
    source_columns,
    text_of,
)
from lepton_spark.ingest.covariates.source import CovariateColumn, CovariateSource
from lepton_spark.ingest.lines.reading.numbers import number
from lepton_spark.tables.schemas.covariate_tables import EVERYWHERE, LARGEST_FACTOR, LARGEST_VALUE


def overrides(settings: OverrideSettings, case: str) -> CovariateSource:
    """A row per override of some days of a product; `who` is masked in rejected rows."""
    names = settings.columns
    first = day_column("first_date", names.first_date, settings)
    last = day_column("last_date", names.last_date, settings)
    has_value, has_factor = text_of(names.value).isNotNull(), text_of(names.factor).isNotNull()
    columns = [
        product_column(names.product_id, case),
        CovariateColumn("location_id", F.coalesce(text_of(names.location_id), F.lit(EVERYWHERE))),
        first,
        last,
        _number("value", names.value, LARGEST_VALUE, "value_not_from_0_up"),
        _number("factor", names.factor, LARGEST_FACTOR, "factor_not_from_0_to_100"),
        CovariateColumn("who", text_of(names.who)),
        CovariateColumn("why", text_of(names.why)),
        known_column(names.known_at, settings),
    ]
    checks = [
        ("ends_before_it_starts", last.value < first.value),
        ("not_either_value_or_factor", has_value == has_factor),
    ]
    key = ("product_id", "location_id", "first_date", "last_date", "known_at")
    read = source_columns(names.model_dump())
    personal = [name for name in [names.who] if name is not None]
    return CovariateSource("overrides", settings, read, columns, checks, key, personal=personal)


def _number(column: str, name: str | None, largest: float, reason: str) -> CovariateColumn:
    """A number from 0 to the largest one allowed, null for an empty cell."""
    text = text_of(name)
    value: Column = number(text)
    return CovariateColumn(
        column, F.when(value.between(0.0, largest), value), reason, is_given=text.isNotNull()
    )
