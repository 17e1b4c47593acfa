"""The section `challenger`: settings that are tried beside the present ones."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from lepton_spark.config.sections.forecast_settings import HalfLives, Models, Region
from lepton_spark.config.sections.section import Section


class ForecastChanges(Section):
    """Settings of `forecast` that a challenger has instead; unset: as the present ones."""

    models: Models | None = Field(None, description="models that the challenger chooses from")
    half_lives: HalfLives | None = Field(None, description="as in forecast")
    holidays: Region | None = Field(None, description="as in forecast")


class BacktestChanges(Section):
    """Settings of `backtest` that a challenger has instead; unset: as the present ones."""

    validation_windows: int | None = Field(None, ge=0, le=26, description="as in backtest")
    stride: int | None = Field(None, ge=1, description="as in backtest")
    min_train_days: int | None = Field(None, ge=2, description="as in backtest")


class ChallengerSettings(Section):
    """Settings that are tried beside the present ones; without any there is no challenger."""

    forecast: ForecastChanges = ForecastChanges()
    backtest: BacktestChanges = BacktestChanges()
    min_weeks: int = Field(
        8, ge=2, description="weeks of sales without which the challenger's forecasts are never published"
    )

    @property
    def changes(self) -> Mapping[str, Mapping[str, Any]]:
        """The settings that differ, by section; sections without any are left out."""
        sections = {"forecast": self.forecast, "backtest": self.backtest}
        found = {
            name: {key: value for key, value in section if value is not None}
            for name, section in sections.items()
        }
        return {name: changes for name, changes in found.items() if changes}
