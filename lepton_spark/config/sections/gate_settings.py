"""The section `gates`: limits that a load or a run must meet before it is written or published."""

from pydantic import Field

from lepton_spark.config.sections.section import Section


class GateSettings(Section):
    """Limits that a load must meet before it is written, and a run before it is published."""

    enabled: bool = Field(True, description="whether a run that fails a gate stays unpublished")
    max_total_factor: float = Field(
        3.0,
        gt=1,
        description="largest ratio of total forecast to recent demand, or its inverse; needs 28 known days",
    )
    load_enabled: bool = Field(True, description="whether a load of unusual volume is rejected")
    max_load_factor: float = Field(
        10.0,
        gt=1,
        description="largest ratio of a load's lines per day, products and days to the median of the last 8, "
        "or its inverse",
    )
    max_lost_share: float = Field(
        0.05,
        ge=0,
        le=1,
        description="largest share of a file's lines that may be rejected without a rule that excludes them; "
        "also of a load's lines that may belong to products which lose more than this share",
    )
    max_error_ratio: float = Field(
        1.0, gt=0, description="largest ratio of rmsse to seasonal naive's on validation windows"
    )
