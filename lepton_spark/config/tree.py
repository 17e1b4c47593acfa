"""The configuration tree: every key, its type, its default and what it means."""

import re
from datetime import date
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)

from lepton_spark.config.options import READER_OPTIONS, option_faults

KNOWN_MODELS = "known_models"
"""Names the models in the validation's context: the registry stands above this room."""


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("a time zone of the IANA data base such as UTC or America/New_York")
    return name


def _compilable(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as fault:
        raise ValueError(f"a regular expression ({fault})") from fault
    return pattern


def _as_text(value: object) -> object:
    """YAML reads `header: true` and `quote: 1` as values of their own; options are text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _known_model(name: str, info: ValidationInfo) -> str:
    known = (info.context or {}).get(KNOWN_MODELS)
    if known is not None and name not in known:
        raise ValueError(f"a known model: {', '.join(known)}")
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]
Pattern = Annotated[str, AfterValidator(_compilable)]
OptionText = Annotated[str, BeforeValidator(_as_text)]
Name = Annotated[str, Field(min_length=1)]
ModelName = Annotated[Name, AfterValidator(_known_model)]


class Section(BaseModel):
    """A frozen section that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class WarehouseSettings(Section):
    """Where the tables stand."""

    root: Name = Field("warehouse", description="folder or object-store path that holds every Delta table")


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
    format: Literal["csv", "json", "parquet", "delta"] = "csv"
    kind: Literal["daily", "transactions"] = Field(
        "daily", description="daily: one figure a product-day; transactions: one line a sale or return"
    )
    columns: ColumnNames = ColumnNames()
    options: dict[str, OptionText] = Field(default_factory=dict, description="reader options of the format")
    date_formats: tuple[Name, ...] = Field(
        ("yyyy-MM-dd",),
        min_length=1,
        description="the forms a date may have, tried in this order, never guessed",
    )
    source_timezone: Zone = Field("UTC", description="the zone of times that are written without an offset")
    timezone: Zone = Field("UTC", description="the zone in whose calendar a business day is counted")
    earliest_date: date = Field(
        date(1990, 1, 1), description="a line of an earlier day is `implausible_date`"
    )
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

    @model_validator(mode="after")
    def _options_fit_the_format(self) -> Self:
        faults = option_faults(self.format, self.options)
        if faults:
            known = ", ".join(sorted(READER_OPTIONS[self.format])) or "none"
            raise ValueError(f"options of {self.format}: {known} (found {', '.join(faults)})")
        return self


class PanelSettings(Section):
    """How sales become series."""

    obsolete_days: int = Field(180, ge=1, description="a product without a sale for so long is obsolete")
    new_days: int = Field(56, ge=1, description="a product first sold less long ago is new")
    last_day: Literal["by_volume", "complete", "incomplete"] = Field(
        "by_volume", description="whether the last delivered day counts as complete"
    )
    min_last_day_share: float = Field(
        0.5, ge=0, le=1, description="share of its weekday's usual lines that makes the last day complete"
    )


class ForecastSettings(Section):
    """What is forecast, by which models."""

    horizon: int = Field(28, ge=1, le=366)
    models: tuple[ModelName, ...] = Field(
        ("ridge", "seasonal_window_average", "seasonal_naive", "mean"),
        min_length=1,
        description="names from the registry",
    )
    cutoff: date | None = Field(
        None, description="the last day a model may see; default: the last complete day"
    )
    half_lives: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (28.0, 84.0, 224.0),
        min_length=1,
        description="days in which a day's weight halves, chosen per product",
    )
    series_per_batch: int = Field(512, ge=1, le=16384, description="series that one call fits, about")


class BacktestSettings(Section):
    """The windows a model is chosen and judged by."""

    validation_windows: int = Field(3, ge=0, le=26)
    stride: int = Field(28, ge=1, description="days between the cutoffs of validation windows")
    min_train_days: int = Field(28, ge=2, description="known days a series needs before a window scores it")


class GateSettings(Section):
    """What a run must pass before it is published."""

    enabled: bool = True
    max_total_factor: float = Field(
        3.0,
        gt=1,
        description="total forecast against recent demand, either way; judged from 28 known days on",
    )
    max_error_ratio: float = Field(
        1.0, gt=0, description="root mean squared scaled error against seasonal naive on validation windows"
    )


class PublishSettings(Section):
    """What readers are told of the published forecasts."""

    valid_days: int = Field(7, ge=1, description="days after the cutoff for which the forecasts may be used")


class SparkSettings(Section):
    """The local session; under spark-submit the cluster's own settings stand."""

    master: Name = "local[*]"
    driver_memory: Name = "4g"
    shuffle_partitions: int = Field(8, ge=1)
    local_dir: Name | None = None
    options: dict[str, OptionText] = Field(default_factory=dict)


class Config(Section):
    """The whole tree."""

    warehouse: WarehouseSettings = WarehouseSettings()
    input: InputSettings = InputSettings()
    panel: PanelSettings = PanelSettings()
    forecast: ForecastSettings = ForecastSettings()
    backtest: BacktestSettings = BacktestSettings()
    gates: GateSettings = GateSettings()
    publish: PublishSettings = PublishSettings()
    spark: SparkSettings = SparkSettings()
