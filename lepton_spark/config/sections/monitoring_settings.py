"""The section `monitoring`: how published forecasts are compared with what was sold."""

from pydantic import Field

from lepton_spark.config.sections.section import Section


class MonitoringSettings(Section):
    """How published forecasts are compared with what was sold."""

    enabled: bool = Field(True, description="whether `lepton run` scores earlier runs as sales arrive")
    false_share: float = Field(
        0.1, gt=0, lt=1, description="share of the products with an alarm that are expected to be right"
    )
    choose_again_share: float = Field(
        0.05,
        ge=0,
        le=1,
        description="share of a week's units, in products with an alarm that is new since the models were "
        "chosen, above which the next run chooses anew; with forecast.refit_days",
    )
    max_age_days: int | None = Field(
        None,
        ge=1,
        description="days from the newest complete day of sales to today above which a run ends with exit "
        "code 7; unset: never",
    )
