"""The section `overrides`: forecasts that planners change after the model."""

from pydantic import Field, ValidationInfo, field_validator

from lepton_spark.config.sections.inputs.covariate_settings import CovariateSettings, require_either
from lepton_spark.config.sections.section import Section
from lepton_spark.config.values.types import Name


class OverrideColumns(Section):
    """The source's name of each column."""

    product_id: Name = Field("product_id", description="product code as in the sales")
    location_id: Name | None = Field(None, description="none or empty: a row applies to every location")
    first_date: Name = Field("first_date", description="first day that is overridden")
    last_date: Name = Field("last_date", description="last day, inclusive")
    value: Name | None = Field(
        None, description="units of each day, or of each week for weekly forecasts, and of each location"
    )
    factor: Name | None = Field(None, description="what the model's forecast is multiplied by, 0 to 100")
    who: Name | None = Field(None, description="who overrides; a name is personal data, a team is not")
    why: Name | None = Field(None, description="the reason, shown beside the forecast")
    known_at: Name | None = Field(
        None, description="first day on which a row was known; earlier days are not overridden; none: all are"
    )


class OverrideSettings(CovariateSettings):
    """Forecasts that planners change after the model; the model's own value is kept beside."""

    columns: OverrideColumns = OverrideColumns()

    @field_validator("columns")
    @classmethod
    def _needs_a_value_or_factor(cls, columns: OverrideColumns, info: ValidationInfo) -> OverrideColumns:
        require_either(columns, info, "value", "factor")
        return columns
