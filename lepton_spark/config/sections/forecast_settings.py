"""The section `forecast`: what is forecast, and with which models."""

from collections.abc import Collection
from typing import Annotated, Literal, get_args

from holidays import list_supported_countries
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from lepton_spark.config.invalid_settings import InvalidSetting, raise_if_any
from lepton_spark.config.sections.section import Section
from lepton_spark.config.suggestions import did_you_mean
from lepton_spark.config.values.types import Day, Name
from lepton_spark.language import Message

KNOWN_MODELS = "known_models"
"""Key of the validation context: the names that `models` may hold. Without it, any name is accepted.

The names come from the model registry, which `config` must not import.
"""

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)


def _known_model(name: str, info: ValidationInfo) -> str:
    known: Collection[str] | None = (info.context or {}).get(KNOWN_MODELS)
    if known is not None and name not in known:
        raise ValueError(f"a known model: {', '.join(known)}{did_you_mean(name, known)}")
    return name


def _known_region(region: str) -> str:
    country, dash, part = region.partition("-")
    parts = list_supported_countries().get(country)
    if parts is None:
        allowed = "a country of the holidays package by its ISO 3166-1 code"
        raise ValueError(f"{allowed}, such as US or GB, or a part of one, such as DE-BY")
    if dash and part not in parts:
        listed = ", ".join(parts) or "none are known"
        raise ValueError(f"{country}, or {country}-PART with one of these parts: {listed}")
    return region


def _each_once(models: tuple[str, ...]) -> tuple[str, ...]:
    raise_if_any(
        InvalidSetting((position,), name, "each model once")
        for position, name in enumerate(models)
        if name in models[:position]
    )
    return models


ModelName = Annotated[Name, AfterValidator(_known_model)]
Models = Annotated[tuple[ModelName, ...], Field(min_length=1), AfterValidator(_each_once)]
HalfLives = Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)]
Region = Annotated[str, AfterValidator(_known_region)]
NO_WEEKLY_HOLIDAYS = "unset with forecast.frequency weekly, which does not use holidays"


class ForecastSettings(Section):
    """What is forecast, and with which models."""

    horizon: int = Field(28, ge=1, le=366, description="days ahead; for weekly forecasts, weeks ahead")
    frequency: Literal["daily", "weekly"] = Field("daily", description="forecast days, or sums of weeks")
    week_end: Weekday = Field("sunday", description="for weekly forecasts, the last day of a week")
    models: Models = Field(
        (
            *("pooled", "shrunk_weekday", "ridge", "seasonal_window_average", "seasonal_naive", "mean"),
            "seasonal_last_year",
        ),
        description="models to choose from, by their names in the registry",
    )
    cutoff: Day | None = Field(
        None, description="last day that a model may see; default: the last complete day"
    )
    half_lives: HalfLives = Field(
        (28.0, 84.0, 224.0),
        description="ridge and planned_ridge: days in which a day's weight halves; each is a candidate",
    )
    holidays: Region | None = Field(
        None,
        description="country, or part of one (US, DE-BY), whose public holidays are modelled; daily only",
    )
    refit_days: int | None = Field(
        None,
        ge=1,
        le=91,
        description="days for which runs keep the models and trees of a full run; unset: each run is full",
    )
    series_per_batch: int = Field(
        512, ge=1, le=16384, description="approximate number of series in a batch, fitted in one call"
    )

    @property
    def period(self) -> int:
        """Days that one forecast covers: 1 or 7."""
        return 7 if self.frequency == "weekly" else 1

    @property
    def ahead(self) -> Message:
        """The horizon as text, such as `28 days ahead`."""
        if self.frequency == "weekly":
            return Message("{n} weeks ahead", n=self.horizon) if self.horizon > 1 else Message("1 week ahead")
        return Message("{n} days ahead", n=self.horizon) if self.horizon > 1 else Message("1 day ahead")

    @property
    def last_weekday(self) -> int:
        """The weekday on which weeks end, Monday = 0."""
        return WEEKDAYS.index(self.week_end)

    @field_validator("holidays")
    @classmethod
    def _holidays_are_used(cls, region: str | None, info: ValidationInfo) -> str | None:
        if region is not None and info.data.get("frequency") == "weekly":
            raise ValueError(NO_WEEKLY_HOLIDAYS)
        return region
