"""The section `publish`: how long published forecasts may be used."""

from pydantic import Field

from lepton_spark.config.sections.section import Section


class PublishSettings(Section):
    """How long published forecasts may be used."""

    valid_days: int = Field(
        7,
        ge=1,
        description="days after the cutoff on which the forecasts may be used; at most the horizon",
    )
