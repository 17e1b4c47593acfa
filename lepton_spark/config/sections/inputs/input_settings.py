"""The section `input`: the delivered files and how their lines are read."""

from datetime import date
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from lepton_spark.config.invalid_settings import raise_if_any
from lepton_spark.config.sections.inputs.input_checks import (
    invalid_cancellation,
    invalid_columns,
    invalid_identity,
    invalid_layout,
    invalid_personal,
    invalid_price,
)
from lepton_spark.config.sections.section import Section
from lepton_spark.config.values.file_formats import ReaderOptions, SalesFormat
from lepton_spark.config.values.types import DateForm, Day, Name, Pattern, Zone

NumberForm = Literal["trailing_minus", "parentheses", "unicode_minus", "unit"]


class ColumnNames(Section):
    """The name of each column in the source; none: the source has no such column."""

    product_id: Name = Field("product_id", description="product code")
    location_id: Name | None = Field(
        None, description="store or warehouse; unset: all sales are of one location"
    )
    date: Name = Field("date", description="day, or day and time, of the sale")
    quantity: Name = Field("quantity", description="units sold; negative for returns")
    price: Name | None = Field(None, description="price, per unit or per line (input.price_is)")
    transaction_id: Name | None = Field(
        None, description="order, invoice or ticket, by which lines are recognised in other files"
    )
    customer_id: Name | None = Field(
        None, description="customer, to match returns with sales; stored as a keyed hash only"
    )


class InputSettings(Section):
    """The delivered files and how their lines are read; a list of such sections for several sources."""

    path: Name | None = Field(
        None, description="a file, a folder, a glob, a Delta table, or package:NAME/FILE"
    )
    format: SalesFormat = "csv"
    kind: Literal["daily", "transactions"] = Field(
        "daily", description="daily: one line per product and day; transactions: one line per sale or return"
    )
    columns: ColumnNames = ColumnNames()
    options: ReaderOptions = Field(default_factory=dict, description="reader options of the format")
    layout: Literal["long", "wide"] = Field(
        "long",
        description="long: one line per product and day; wide: one line per product, with a column for each "
        "day whose header is a date in one of date_formats",
    )
    skip_rows: int = Field(
        0, ge=0, le=1000, description="lines above the header of a CSV file, or rows above that of a sheet"
    )
    skip_where: dict[Name, tuple[str, ...]] = Field(
        default_factory=dict,
        description="source column and values: lines with one of them are skipped, such as cancelled orders",
    )
    decimal: Literal[".", ","] | None = Field(
        None, description="decimal sign of numbers; unset: a point, unless it may separate thousands"
    )
    thousands: Literal[",", ".", "'", " "] | None = Field(
        None, description="sign between groups of three digits; unset: numbers have none"
    )
    number_forms: tuple[NumberForm, ...] = Field(
        (),
        description="further forms of numbers: trailing_minus 5-, parentheses (5), unicode_minus, unit 5 kg",
    )
    date_formats: tuple[DateForm, ...] = Field(
        ("yyyy-MM-dd",),
        min_length=1,
        description="formats of dates, tried in this order",
    )
    source_timezone: Zone = Field("UTC", description="time zone of times without an offset")
    timezone: Zone = Field("UTC", description="time zone in which business days begin and end")
    earliest_date: Day = Field(
        date(1990, 1, 1), description="lines of earlier days are rejected as `implausible_date`"
    )
    duplicates: Literal["drop", "keep"] | None = Field(
        None,
        description="what to do with a line that equals another one of its file in all columns; unset: drop "
        "it if columns.transaction_id is mapped, otherwise keep it as a sale of its own",
    )
    identity: tuple[Name, ...] | None = Field(
        None,
        min_length=1,
        description="source columns by which, with product, location and day, a line is recognised in "
        "another file; unset: time, quantity, price and transaction_id",
    )
    conflicts: Literal["reject", "sum"] = Field(
        "reject", description="what to do with two values for one product and day in a load of kind daily"
    )
    product_case: Literal["keep", "upper", "lower"] = Field(
        "keep", description="how the case of product codes is changed"
    )
    product_pattern: Pattern | None = Field(
        None,
        description="regular expression for whole product codes, after product_case; else `not_a_product`",
    )
    cancellation_pattern: Pattern | None = Field(
        None,
        description="regular expression found in the transaction ids of returns and cancellations; "
        "other negative lines are rejected as `stock_adjustment`",
    )
    cancel_window_days: int = Field(
        60, ge=0, le=3660, description="days after a sale in which it can be cancelled"
    )
    price_is: Literal["unit", "line_total"] = Field(
        "unit", description="whether the price column is per unit or per line"
    )
    non_positive_price: Literal["reject", "keep"] = Field(
        "reject", description="what to do with a line whose price is 0 or less"
    )
    min_unit_price: float | None = Field(
        None, gt=0, description="a price per unit above 0 but below this is rejected as `not_units`"
    )
    personal_columns: tuple[Name, ...] = Field(
        (), description="further source columns with personal data, masked wherever lines are stored"
    )
    max_file_bytes: int = Field(
        1 << 30, gt=0, le=2_000_000_000, description="larger files are refused; split them"
    )
    max_unpacked_bytes: int = Field(
        1 << 32,
        gt=0,
        description="gzip files and workbooks with more content are refused; unpacking stops there",
    )

    @property
    def adds_figures(self) -> bool:
        """Whether the daily figures of one product and day in a load are added."""
        return self.kind == "daily" and self.conflicts == "sum"

    @field_validator("columns")
    @classmethod
    def _each_column_once(cls, columns: ColumnNames, info: ValidationInfo) -> ColumnNames:
        raise_if_any(invalid_columns(info.data.get("kind"), columns.model_dump()))
        return columns

    @field_validator("layout")
    @classmethod
    def _days_have_headers(cls, layout: str, info: ValidationInfo) -> str:
        data = info.data
        raise_if_any(invalid_layout(layout, data.get("format"), data.get("kind"), data.get("options", {})))
        return layout

    @field_validator("thousands")
    @classmethod
    def _differs_from_decimal(cls, sign: str | None, info: ValidationInfo) -> str | None:
        if sign is not None and sign == (info.data.get("decimal") or "."):
            raise ValueError("another sign than input.decimal, which is a point unless it is set")
        return sign

    @field_validator("cancellation_pattern")
    @classmethod
    def _needs_transaction_ids(cls, pattern: str | None, info: ValidationInfo) -> str | None:
        if "columns" in info.data:
            raise_if_any(
                invalid_cancellation(pattern, info.data.get("kind"), info.data["columns"].model_dump())
            )
        return pattern

    @field_validator("identity")
    @classmethod
    def _customers_do_not_identify(
        cls, identity: tuple[str, ...] | None, info: ValidationInfo
    ) -> tuple[str, ...] | None:
        if "columns" in info.data:
            raise_if_any(invalid_identity(identity, [info.data["columns"].customer_id]))
        return identity

    @field_validator("price_is", "min_unit_price")
    @classmethod
    def _needs_prices(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - text or a number
        if "columns" in info.data:
            raise_if_any(invalid_price(value, info.data["columns"].model_dump()))
        return value

    @field_validator("personal_columns")
    @classmethod
    def _personal_columns_are_not_mapped(
        cls, personal: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        if "columns" in info.data:
            raise_if_any(invalid_personal(personal, info.data["columns"].model_dump()))
            raise_if_any(invalid_identity(info.data.get("identity"), personal))
        return personal
