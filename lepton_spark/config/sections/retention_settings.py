"""The section `retention`: what `lepton maintain` keeps."""

from typing import Annotated, Literal

from pydantic import Field

from lepton_spark.config.sections.section import Section

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


class RetentionSettings(Section):
    """What `lepton maintain` keeps; rows of the published run are never deleted."""

    runs: int = Field(30, ge=2, description="complete forecast runs whose rows are kept")
    tables: dict[RunTable, Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict, description="other numbers of runs for single tables"
    )
    time_travel_days: int = Field(
        30, ge=7, le=3650, description="days for which earlier versions of a table can be read"
    )
