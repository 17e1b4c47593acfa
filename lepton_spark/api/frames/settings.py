"""The settings of forecasts from data frames."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lepton_spark.config import Config, load_config
from lepton_spark.errors import InputError, explain
from lepton_spark.models.registry import known_models
from lepton_spark.panel.covariates import NAMES

Settings = Config | Mapping[str, Any] | str | Path | Sequence[str | Path]
"""A configuration: as an object, as sections, or as YAML files of which later ones win."""

Layer = Mapping[str, Any] | str | Path


def layers_of(settings: Settings | None) -> list[Layer]:
    """The layers that `load_config` merges."""
    if settings is None:
        return []
    if isinstance(settings, Config):
        return [settings.model_dump(exclude_unset=True)]
    if isinstance(settings, (Mapping, str, Path)):
        return [settings]
    return list(settings)


def frame_config(settings: Settings | None, **changes: Mapping[str, Any]) -> Config:
    """The configuration of a forecast from a data frame. changes: sections, which win.

    Raises: ConfigError with every fault; InputError for inputs beside the sales, which only a run reads.
    """
    config = load_config([*layers_of(settings), changes], known_models=known_models()).config
    others = [f"{name}.path" for name in (*NAMES, "calendar", "overrides") if getattr(config, name).path]
    if others:
        remedy = "Give planned promotions as future=, or use lepton_spark.run, which reads these files."
        raise InputError(explain("config", " and ".join(others), "none with a data frame", remedy))
    return config
