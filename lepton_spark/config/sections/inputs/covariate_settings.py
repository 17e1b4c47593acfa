"""The sections of the optional inputs beside sales, which are read in full at every ingest."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from lepton_spark.config.invalid_settings import InvalidSetting, raise_if_any
from lepton_spark.config.sections.section import Section
from lepton_spark.config.values.file_formats import FileFormat, ReaderOptions
from lepton_spark.config.values.reader_options import ALIASES
from lepton_spark.config.values.types import DateForm, Name

MAX_MEASURES = 4
SPARK_ENCODINGS = ("UTF-8", "US-ASCII", "ISO-8859-1", "UTF-16", "UTF-16BE", "UTF-16LE", "UTF-32")

DAYS_BEFORE, DAYS_AFTER = 21, 7
"""The window of an event whose row has none."""

_LOCATION = "none: a row applies to every location"
_KNOWN = "first day on which a row was known; none: always"


class CovariateSettings(Section):
    """Location and format of one covariate source; columns are found by name."""

    path: Name | None = Field(None, description="a file, a folder, a glob, or a Delta table; none: no input")
    format: FileFormat = "csv"
    options: ReaderOptions = Field(default_factory=dict, description="reader options of the format")
    date_formats: tuple[DateForm, ...] = Field(
        ("yyyy-MM-dd",), min_length=1, description="patterns of dates, tried in this order"
    )

    @field_validator("columns", check_fields=False)
    @classmethod
    def _each_column_once(cls, columns: Any) -> Any:  # noqa: ANN401 - each section's own columns
        raise_if_any(_mapped_twice(columns))
        return columns

    @field_validator("options")
    @classmethod
    def _options_that_spark_supports(cls, options: dict[str, str]) -> dict[str, str]:
        raise_if_any(_unsupported(options))
        return options


class PlanColumns(Section):
    """The source's name of each column."""

    product_id: Name = Field("product_id", description="product code as in the sales")
    location_id: Name | None = Field(None, description=_LOCATION)
    start_date: Name = Field("start_date", description="first day of the promotion")
    end_date: Name = Field("end_date", description="last day of the promotion")
    known_at: Name | None = Field(None, description=_KNOWN)
    measures: tuple[Name, ...] = Field(
        ("promotion",),
        min_length=1,
        max_length=MAX_MEASURES,
        description="values from 0 to 1, such as the share of stores that promote the product",
    )


class PlanSettings(CovariateSettings):
    """Promotions planned ahead."""

    columns: PlanColumns = PlanColumns()

    @property
    def n_measures(self) -> int:
        """Number of measures per day; 0 without plans."""
        return len(self.columns.measures) if self.path else 0


class ProductColumns(Section):
    """The source's name of each column."""

    product_id: Name = Field("product_id", description="product code as in the sales")
    location_id: Name | None = Field(None, description=_LOCATION)
    category: Name | None = Field(None, description="group by which forecasts and errors are also summed")
    delisted_on: Name | None = Field(None, description="first day on which a product is no longer sold")
    known_at: Name | None = Field(None, description=_KNOWN)


class ProductSettings(CovariateSettings):
    """Product attributes."""

    columns: ProductColumns = ProductColumns()


class StockColumns(Section):
    """The source's name of each column."""

    product_id: Name = Field("product_id", description="product code as in the sales")
    location_id: Name | None = Field(None, description=_LOCATION)
    date: Name = Field("date", description="day out of stock")
    out_of_stock: Name | None = Field(None, description="true or false, yes or no, 1 or 0")
    on_hand: Name | None = Field(
        None, description="units in stock; without out_of_stock, 0 or less means out of stock"
    )


class StockSettings(CovariateSettings):
    """Days on which a product was out of stock; its demand on them is unknown, whatever was sold."""

    columns: StockColumns = StockColumns()

    @field_validator("columns")
    @classmethod
    def _needs_a_stock_column(cls, columns: StockColumns, info: ValidationInfo) -> StockColumns:
        require_either(columns, info, "out_of_stock", "on_hand")
        return columns


class PriorColumns(Section):
    """The source's name of each column."""

    product_id: Name = Field("product_id", description="product code as in the sales")
    location_id: Name | None = Field(None, description=_LOCATION)
    level: Name = Field("level", description="units per day that the planner expects")
    weight: Name | None = Field(None, description="weight of the planner's level, 0 to 1; none: 1")
    end_date: Name | None = Field(None, description="last day on which the prior applies; none: no end")
    known_at: Name | None = Field(None, description=_KNOWN)


class PriorSettings(CovariateSettings):
    """Demand levels set by planners; models do not see them, forecasts are moved towards them and marked."""

    columns: PriorColumns = PriorColumns()


class CalendarColumns(Section):
    """The source's name of each column."""

    date: Name = Field("date", description="day that is closed, open, or of an event")
    location_id: Name | None = Field(None, description="none or empty: a row applies to every location")
    status: Name | None = Field(None, description="open or closed")
    event: Name | None = Field(None, description="name of an event, the same each time it occurs")
    days_before: Name | None = Field(
        None, description=f"days that an event affects before it; none or empty: {DAYS_BEFORE}"
    )
    days_after: Name | None = Field(
        None, description=f"days that an event affects after it; none or empty: {DAYS_AFTER}"
    )
    known_at: Name | None = Field(None, description=_KNOWN)


class CalendarSettings(CovariateSettings):
    """Days on which locations are open or closed, and days of events that recur on other dates."""

    columns: CalendarColumns = CalendarColumns()

    @field_validator("columns")
    @classmethod
    def _needs_a_status_or_event(cls, columns: CalendarColumns, info: ValidationInfo) -> CalendarColumns:
        require_either(columns, info, "status", "event")
        return columns


def require_either(columns: Section, info: ValidationInfo, one: str, other: str) -> None:
    """Raises ValidationError if the input has a path, but neither of two columns."""
    if info.data.get("path") and getattr(columns, one) is None and getattr(columns, other) is None:
        allowed = f"a column of the source, here or as {other}, or both"
        raise_if_any([InvalidSetting((one,), "none", allowed)])


def _unsupported(options: dict[str, str]) -> Iterator[InvalidSetting]:
    """Spark reads these sources itself, unlike deliveries, and supports fewer encodings."""
    for name, value in options.items():
        if name == "header" and value != "true":
            yield InvalidSetting((name,), value, "true: columns are found by their names")
        if ALIASES.get(name, name) == "encoding" and value.upper() not in SPARK_ENCODINGS:
            yield InvalidSetting(
                (name,), value, f"one of {', '.join(SPARK_ENCODINGS)}; convert the file first"
            )


def _mapped_twice(columns: BaseModel) -> Iterator[InvalidSetting]:
    seen: dict[str, str] = {}
    for key, value in columns.model_dump().items():
        names = [value] if isinstance(value, str) else list(value or ())
        for name in names:
            if name in seen:
                yield InvalidSetting((key,), name, f"a column of its own; {seen[name]} is mapped to it")
            seen[name] = key
