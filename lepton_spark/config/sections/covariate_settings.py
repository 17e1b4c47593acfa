"""Optional inputs beside sales: plans, products, stock, priors. Each is read whole, at every ingest."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from lepton_spark.config.refusal import Refusal, refuse
from lepton_spark.config.sections.file_formats import FileFormat, ReaderOptions
from lepton_spark.config.sections.reader_options import ALIASES
from lepton_spark.config.sections.section import DateForm, Name, Section

MAX_MEASURES = 4
SPARK_ENCODINGS = ("UTF-8", "US-ASCII", "ISO-8859-1", "UTF-16", "UTF-16BE", "UTF-16LE", "UTF-32")

_LOCATION = "none: a row is for every location"
_KNOWN = "the day from which a row was known; none: always"


class SideSettings(Section):
    """Where such an input stands and how it is read; columns are found by their names."""

    path: Name | None = Field(None, description="a file, a folder, a glob, or a Delta table; none: no input")
    format: FileFormat = "csv"
    options: ReaderOptions = Field(default_factory=dict, description="reader options of the format")
    date_formats: tuple[DateForm, ...] = Field(
        ("yyyy-MM-dd",), min_length=1, description="the forms a date may have, tried in this order"
    )

    @field_validator("columns", check_fields=False)
    @classmethod
    def _each_column_once(cls, columns: Any) -> Any:  # noqa: ANN401 - each section's own columns
        refuse(_twice(columns))
        return columns

    @field_validator("options")
    @classmethod
    def _options_of_a_table_with_names(cls, options: dict[str, str]) -> dict[str, str]:
        refuse(_unreadable(options))
        return options


class PlanColumns(Section):
    """The source's name of each column."""

    product_id: Name = "product_id"
    location_id: Name | None = Field(None, description=_LOCATION)
    start_date: Name = "start_date"
    end_date: Name = "end_date"
    known_at: Name | None = Field(None, description=_KNOWN)
    measures: tuple[Name, ...] = Field(
        ("promotion",),
        min_length=1,
        max_length=MAX_MEASURES,
        description="numbers from 0 to 1, such as the share of stores that promote the product",
    )


class PlanSettings(SideSettings):
    """Promotions that are known ahead."""

    columns: PlanColumns = PlanColumns()

    @property
    def n_measures(self) -> int:
        """Measures a day; 0 without plans."""
        return len(self.columns.measures) if self.path else 0


class ProductColumns(Section):
    """The source's name of each column."""

    product_id: Name = "product_id"
    location_id: Name | None = Field(None, description=_LOCATION)
    category: Name | None = Field(None, description="what forecasts and errors are also added up by")
    delisted_on: Name | None = Field(None, description="the first day on which a product is no longer sold")
    known_at: Name | None = Field(None, description=_KNOWN)


class ProductSettings(SideSettings):
    """Facts about products."""

    columns: ProductColumns = ProductColumns()


class StockColumns(Section):
    """The source's name of each column."""

    product_id: Name = "product_id"
    location_id: Name | None = Field(None, description=_LOCATION)
    date: Name = "date"
    out_of_stock: Name | None = Field(None, description="true or false, yes or no, 1 or 0")
    on_hand: Name | None = Field(None, description="units; 0 or less is out of stock where no flag says it")


class StockSettings(SideSettings):
    """Days on which a product was out of stock: its demand on them is unknown, whatever was sold."""

    columns: StockColumns = StockColumns()

    @field_validator("columns")
    @classmethod
    def _says_what_was_there(cls, columns: StockColumns, info: ValidationInfo) -> StockColumns:
        if info.data.get("path") and columns.out_of_stock is None and columns.on_hand is None:
            allowed = "a column of the source, here or as on_hand, or both"
            refuse([Refusal(("out_of_stock",), "none", allowed)])
        return columns


class PriorColumns(Section):
    """The source's name of each column."""

    product_id: Name = "product_id"
    location_id: Name | None = Field(None, description=_LOCATION)
    level: Name = Field("level", description="units a day that the planner expects")
    weight: Name | None = Field(None, description="the planner's share from 0 to 1; none: 1, the level holds")
    end_date: Name | None = Field(None, description="the last day on which it counts; none: no end")
    known_at: Name | None = Field(None, description=_KNOWN)


class PriorSettings(SideSettings):
    """Levels set by hand; models know nothing of them, forecasts are drawn to them and marked."""

    columns: PriorColumns = PriorColumns()


def _unreadable(options: dict[str, str]) -> Iterator[Refusal]:
    """Spark reads these itself, unlike deliveries, and knows fewer encodings."""
    for name, value in options.items():
        if name == "header" and value != "true":
            yield Refusal((name,), value, "true: columns are found by their names")
        if ALIASES.get(name, name) == "encoding" and value.upper() not in SPARK_ENCODINGS:
            yield Refusal((name,), value, f"one of {', '.join(SPARK_ENCODINGS)}; convert the file first")


def _twice(columns: BaseModel) -> Iterator[Refusal]:
    seen: dict[str, str] = {}
    for key, value in columns.model_dump().items():
        names = [value] if isinstance(value, str) else list(value or ())
        for name in names:
            if name in seen:
                yield Refusal((key,), name, f"a column of its own; {seen[name]} is mapped to it")
            seen[name] = key
