"""The configuration tree: every key, its type, its default and what it means."""

import re
from typing import Annotated, Literal, get_args

from holidays import list_supported_countries
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from lepton_spark.config.refusal import Refusal, refuse
from lepton_spark.config.sections.covariate_settings import (
    PlanSettings,
    PriorSettings,
    ProductSettings,
    SideSettings,
    StockSettings,
)
from lepton_spark.config.sections.input_settings import ColumnNames, InputSettings
from lepton_spark.config.sections.section import Day, Name, OptionText, Section

__all__ = [
    "KNOWN_MODELS",
    "BacktestSettings",
    "ColumnNames",
    "Config",
    "ForecastSettings",
    "GateSettings",
    "InputSettings",
    "PanelSettings",
    "PlanSettings",
    "PriorSettings",
    "ProductSettings",
    "PublishSettings",
    "RetentionSettings",
    "SideSettings",
    "SparkSettings",
    "StockSettings",
    "WarehouseSettings",
]

KNOWN_MODELS = "known_models"
"""Names the models in the validation's context: the registry stands above this room."""

HOLIDAY_MODELS = frozenset({"planned_ridge", "pooled", "ridge", "shrunk_weekday"})
"""What reads holidays; the registry, which stands above this room, says so too."""


def _known_model(name: str, info: ValidationInfo) -> str:
    known = (info.context or {}).get(KNOWN_MODELS)
    if known is not None and name not in known:
        raise ValueError(f"a known model: {', '.join(known)}")
    return name


def _known_master(master: str) -> str:
    if not re.fullmatch(r"local(\[(\*|[1-9]\d*)(, *[1-9]\d*)?\])?|(spark|k8s)://\S+|yarn", master):
        raise ValueError("local[*], local[2] or spark://HOST:PORT, for instance")
    return master


def _known_region(region: str) -> str:
    country, dash, part = region.partition("-")
    parts = list_supported_countries().get(country)
    if parts is None:
        raise ValueError("a country of the holidays package by its ISO 3166-1 code, such as US, GB or DE-BY")
    if dash and part not in parts:
        raise ValueError(f"{country}, or one of its parts: {', '.join(parts) or 'none are known'}")
    return region


def _memory(size: str) -> str:
    if not re.fullmatch(r"[1-9]\d*[kmgt]b?", size.lower()):
        raise ValueError("an amount of memory such as 4g or 800m")
    return size


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)

RunTable = Literal[
    "pools",
    "pooled_trees",
    "candidates",
    "fits",
    "forecasts",
    "metrics",
    "metrics_summary",
    "models",
    "residual_paths",
    "adjustments",
    "group_forecasts",
]

ModelName = Annotated[Name, AfterValidator(_known_model)]


def _without_backtick(root: str) -> str:
    """Delta names a table by its path between backticks, and makes none of a path that holds one."""
    if "`" in root:
        raise ValueError("a path without a backtick")
    return root


class WarehouseSettings(Section):
    """Where the tables stand."""

    root: Annotated[Name, AfterValidator(_without_backtick)] = Field(
        "warehouse", description="folder or object-store path that holds every Delta table"
    )
    dead_after_seconds: int = Field(
        300, ge=2, description="a job that gave no sign of life for so long counts as dead; the next goes on"
    )


class PanelSettings(Section):
    """How sales become series."""

    obsolete_days: int = Field(
        180, ge=1, description="a product without a sale on so many known days is obsolete"
    )
    history_days: int = Field(
        1461, ge=28, description="how far back from the cutoff a model sees; older days are left out"
    )
    new_days: int = Field(56, ge=1, description="a product first sold less long ago is new")
    damp_spikes: bool = Field(
        True,
        description="whether days far beyond all sales before them are damped for pooled and shrunk_weekday",
    )
    last_day: Literal["by_volume", "complete", "incomplete"] = Field(
        "by_volume", description="whether the last delivered day counts as complete"
    )
    min_last_day_share: float = Field(
        0.5, ge=0, le=1, description="share of its weekday's usual lines that makes the last day complete"
    )


class ForecastSettings(Section):
    """What is forecast, by which models."""

    horizon: int = Field(28, ge=1, le=366, description="days ahead; weeks ahead of weekly forecasts")
    frequency: Literal["daily", "weekly"] = Field("daily", description="forecast days, or sums of weeks")
    week_end: Weekday = Field("sunday", description="the last day of a week, of weekly forecasts")
    models: tuple[ModelName, ...] = Field(
        ("pooled", "shrunk_weekday", "ridge", "seasonal_window_average", "seasonal_naive", "mean"),
        min_length=1,
        description="names from the registry",
    )
    cutoff: Day | None = Field(
        None, description="the last day a model may see; default: the last complete day"
    )
    half_lives: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (28.0, 84.0, 224.0),
        min_length=1,
        description="days in which a day's weight halves, chosen per product",
    )
    holidays: Annotated[str, AfterValidator(_known_region)] | None = Field(
        None, description="whose public holidays count: a country, or a part of one (US, DE-BY); not of weeks"
    )
    series_per_batch: int = Field(512, ge=1, le=16384, description="series that one call fits, about")

    @property
    def period(self) -> int:
        """Days that one forecast is for."""
        return 7 if self.frequency == "weekly" else 1

    @property
    def ahead(self) -> str:
        """How far the forecasts reach, in words."""
        unit = "week" if self.frequency == "weekly" else "day"
        return f"{self.horizon} {unit}{'s' if self.horizon > 1 else ''} ahead"

    @property
    def last_weekday(self) -> int:
        """The weekday on which weeks end, Monday = 0."""
        return WEEKDAYS.index(self.week_end)

    @field_validator("holidays")
    @classmethod
    def _days_have_holidays(cls, region: str | None, info: ValidationInfo) -> str | None:
        if region is not None and info.data.get("frequency") == "weekly":
            raise ValueError("unset with forecast.frequency weekly: a week has no holiday")
        if region is not None and not HOLIDAY_MODELS.intersection(info.data.get("models", HOLIDAY_MODELS)):
            raise ValueError(
                f"one of {', '.join(sorted(HOLIDAY_MODELS))} among forecast.models: no other reads it"
            )
        return region

    @field_validator("models")
    @classmethod
    def _each_model_once(cls, models: tuple[str, ...]) -> tuple[str, ...]:
        refuse(
            Refusal((position,), name, "each model once")
            for position, name in enumerate(models)
            if name in models[:position]
        )
        return models


class BacktestSettings(Section):
    """The windows a model is chosen and judged by."""

    validation_windows: int = Field(3, ge=0, le=26)
    stride: int = Field(
        28, ge=1, description="days between the cutoffs of validation windows; weeks of weekly forecasts"
    )
    min_train_days: int = Field(28, ge=2, description="known days a series needs before a window scores it")


class GateSettings(Section):
    """What a run must pass before it is published."""

    enabled: bool = True
    max_total_factor: float = Field(
        3.0,
        gt=1,
        description="total forecast against recent demand, either way; judged from 28 known days on",
    )
    load_enabled: bool = Field(True, description="whether a load of unusual volume is stopped before a write")
    max_load_factor: float = Field(
        10.0,
        gt=1,
        description="lines a day, products and days of a load against the median of the last 8, either way",
    )
    max_error_ratio: float = Field(
        1.0, gt=0, description="root mean squared scaled error against seasonal naive on validation windows"
    )


class PublishSettings(Section):
    """What readers are told of the published forecasts."""

    valid_days: int = Field(
        7,
        ge=1,
        description="days after the cutoff for which the forecasts may be used; at most the horizon",
    )


class RetentionSettings(Section):
    """What `lepton maintain` keeps; the published run's rows always stay."""

    runs: int = Field(30, ge=2, description="complete forecast runs whose rows are kept")
    tables: dict[RunTable, Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict, description="the same for single tables of runs"
    )
    time_travel_days: int = Field(
        30, ge=7, le=3650, description="days that a table can be read back to; older files are deleted"
    )


class SparkSettings(Section):
    """The local session; under spark-submit the cluster's own settings stand."""

    master: Annotated[str, AfterValidator(_known_master)] = "local[*]"
    driver_memory: Annotated[str, AfterValidator(_memory)] = "4g"
    shuffle_partitions: int = Field(8, ge=1)
    local_dir: Name | None = None
    options: dict[str, OptionText] = Field(default_factory=dict)


class Config(Section):
    """The whole tree."""

    warehouse: WarehouseSettings = WarehouseSettings()
    input: InputSettings = InputSettings()
    plans: PlanSettings = PlanSettings()
    products: ProductSettings = ProductSettings()
    stock: StockSettings = StockSettings()
    priors: PriorSettings = PriorSettings()
    panel: PanelSettings = PanelSettings()
    forecast: ForecastSettings = ForecastSettings()
    backtest: BacktestSettings = BacktestSettings()
    gates: GateSettings = GateSettings()
    publish: PublishSettings = PublishSettings()
    retention: RetentionSettings = RetentionSettings()
    spark: SparkSettings = SparkSettings()

    @field_validator("publish")
    @classmethod
    def _valid_within_the_horizon(cls, publish: PublishSettings, info: ValidationInfo) -> PublishSettings:
        """A shorter horizon than the default shortens the default; what was set is refused instead."""
        forecast = info.data.get("forecast")
        horizon = forecast.horizon * forecast.period if forecast else publish.valid_days
        if publish.valid_days <= horizon:
            return publish
        if "valid_days" in publish.model_fields_set:
            allowed = f"up to forecast.horizon, {horizon} days: no day after it has a forecast"
            refuse([Refusal(("valid_days",), publish.valid_days, allowed)])
        return publish.model_copy(update={"valid_days": horizon})
