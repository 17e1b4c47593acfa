"""Columns that several covariate sources have: codes, days, shares and flags."""

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from lepton_spark.config import CovariateSettings
from lepton_spark.ingest.covariates.source import CovariateColumn, source_text
from lepton_spark.ingest.lines.reading.numbers import number
from lepton_spark.ingest.lines.reading.parsing import folded, sold_on, trimmed
from lepton_spark.tables.schemas.covariate_tables import ALWAYS_KNOWN, EVERYWHERE

_YES, _NO = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


def source_columns(columns: Mapping[str, Any]) -> Sequence[str]:
    """The source names in a section of column names.

    >>> source_columns({"product_id": "sku", "location_id": None, "measures": ("display", "mailer")})
    ['sku', 'display', 'mailer']
    """
    named = [name for name in columns.values() if isinstance(name, str)]
    return [*named, *columns.get("measures", ())]


def product_column(name: str, case: str) -> CovariateColumn:
    """The product code, folded as in the sales."""
    return CovariateColumn("product_id", folded(text_of(name), case), "missing_product_id")


def location_column(name: str | None) -> CovariateColumn:
    """The location; every location where no column is mapped."""
    return CovariateColumn("location_id", text_of(name) if name else F.lit(EVERYWHERE), "missing_location_id")


def known_column(name: str | None, settings: CovariateSettings) -> CovariateColumn:
    """Required where its column is mapped: without it, a row would count before it was known."""
    if name is None:
        return CovariateColumn("known_at", F.lit(ALWAYS_KNOWN))
    return day_column("known_at", name, settings)


def day_column(
    column: str, name: str | None, settings: CovariateSettings, default: Column | None = None
) -> CovariateColumn:
    """A day; default: the value for an empty or unmapped source column. None: the day is required."""
    text = text_of(name)
    day = sold_on(text, F.lit(None).cast("timestamp"), settings.date_formats, "UTC")
    if default is None:
        return CovariateColumn(column, day, f"unparsable_{column}")
    value = F.when(text.isNull(), default).otherwise(day)
    return CovariateColumn(column, value, f"unparsable_{column}", is_given=text.isNotNull())


def text_of(name: str | None) -> Column:
    """The trimmed text of a source column; null where none is mapped."""
    return trimmed(source_text(name)) if name else F.lit(None).cast("string")


def share_of(text: Column) -> Column:
    """A number from 0 to 1, else null."""
    value = number(text)
    return F.when(value.between(0.0, 1.0), value)


def flag_of(text: Column) -> Column:
    """A truth value, else null."""
    bare = F.lower(text)
    return F.when(bare.isin(*_YES), F.lit(True)).when(bare.isin(*_NO), F.lit(False))
