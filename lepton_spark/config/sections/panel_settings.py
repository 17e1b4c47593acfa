"""The section `panel`: how sales become series."""

from typing import Literal

from pydantic import Field

from lepton_spark.config.sections.section import Section


class PanelSettings(Section):
    """How sales become series."""

    obsolete_days: int = Field(
        180, ge=1, description="a product without a sale on so many known days is obsolete"
    )
    history_days: int = Field(
        1461, ge=28, description="days up to the cutoff that a model may use; older days are ignored"
    )
    new_days: int = Field(56, ge=1, description="a product first sold fewer days ago is new")
    damp_spikes: bool = Field(
        True,
        description="whether days far above all earlier sales are damped for pooled and shrunk_weekday",
    )
    last_day: Literal["by_volume", "complete", "incomplete"] = Field(
        "by_volume", description="whether the last delivered day counts as complete"
    )
    min_last_day_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description="by_volume: share of its weekday's usual lines from which the last day is complete",
    )
