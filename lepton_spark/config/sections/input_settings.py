"""The section `input`: the delivered files and the rules that read them."""

from datetime import date
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from lepton_spark.config.refusal import refuse
from lepton_spark.config.sections.file_formats import FileFormat, ReaderOptions
from lepton_spark.config.sections.input_checks import (
    cancelling_faults,
    column_faults,
    personal_faults,
    price_faults,
)
from lepton_spark.config.sections.section import DateForm, Day, Name, Pattern, Section, Zone


class ColumnNames(Section):
    """The source's name of each column; the last four are optional."""

    product_id: Name = "product_id"
    location_id: Name | None = None
    date: Name = "date"
    quantity: Name = "quantity"
    price: Name | None = None
    transaction_id: Name | None = None
    customer_id: Name | None = None


class InputSettings(Section):
    """The delivered files and the rules that read them."""

    path: Name | None = Field(None, description="a file, a folder, a glob, or a Delta table")
    format: FileFormat = "csv"
    kind: Literal["daily", "transactions"] = Field(
        "daily", description="daily: one figure a product-day; transactions: one line a sale or return"
    )
    columns: ColumnNames = ColumnNames()
    options: ReaderOptions = Field(default_factory=dict, description="reader options of the format")
    date_formats: tuple[DateForm, ...] = Field(
        ("yyyy-MM-dd",),
        min_length=1,
        description="the forms a date may have, tried in this order, never guessed",
    )
    source_timezone: Zone = Field("UTC", description="the zone of times that are written without an offset")
    timezone: Zone = Field("UTC", description="the zone in whose calendar a business day is counted")
    earliest_date: Day = Field(date(1990, 1, 1), description="a line of an earlier day is `implausible_date`")
    duplicates: Literal["drop", "keep"] = Field("drop", description="what a line repeated within its file is")
    conflicts: Literal["reject", "sum"] = Field(
        "reject", description="two values of one product-day in one load of daily input"
    )
    product_case: Literal["keep", "upper", "lower"] = Field(
        "keep", description="how product codes are folded"
    )
    product_pattern: Pattern | None = Field(
        None, description="what a folded product code looks like as a whole; other codes are `not_a_product`"
    )
    cancellation_pattern: Pattern | None = Field(
        None,
        description="transaction ids of cancellations and returns; a negative line without it is a write-off",
    )
    cancel_window_days: int = Field(60, ge=0, le=3660, description="how long a sale can still be cancelled")
    price_is: Literal["unit", "line_total"] = Field("unit", description="what the price column holds")
    non_positive_price: Literal["reject", "keep"] = "reject"
    min_unit_price: float | None = Field(
        None, gt=0, description="a line sold below this price a unit is not counted in units (`not_units`)"
    )
    personal_columns: tuple[Name, ...] = Field((), description="further source columns that speak of persons")
    max_file_bytes: int = Field(
        1 << 30, gt=0, le=2_000_000_000, description="a larger file is refused; split it"
    )
    max_unpacked_bytes: int = Field(
        1 << 32, gt=0, description="a gzip that holds more is refused, and never unpacked further; split it"
    )

    @field_validator("columns")
    @classmethod
    def _each_column_once(cls, columns: ColumnNames, info: ValidationInfo) -> ColumnNames:
        refuse(column_faults(info.data.get("kind"), columns.model_dump()))
        return columns

    @field_validator("cancellation_pattern")
    @classmethod
    def _has_transaction_ids(cls, pattern: str | None, info: ValidationInfo) -> str | None:
        if "columns" in info.data:
            refuse(cancelling_faults(pattern, info.data.get("kind"), info.data["columns"].model_dump()))
        return pattern

    @field_validator("price_is", "min_unit_price")
    @classmethod
    def _has_prices(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - a word or a number
        if "columns" in info.data:
            refuse(price_faults(value, info.data["columns"].model_dump()))
        return value

    @field_validator("personal_columns")
    @classmethod
    def _personal_is_not_stored(cls, personal: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if "columns" in info.data:
            refuse(personal_faults(personal, info.data["columns"].model_dump()))
        return personal
