"""The section `backtest`: the windows on which models are selected and evaluated."""

from pydantic import Field

from lepton_spark.config.sections.section import Section


class BacktestSettings(Section):
    """The windows on which models are selected and evaluated."""

    validation_windows: int = Field(3, ge=0, le=26, description="windows on which a model is selected")
    stride: int = Field(
        28, ge=1, description="days between the cutoffs of validation windows; for weekly forecasts, weeks"
    )
    min_train_days: int = Field(
        28, ge=2, description="known days that a series needs before a window to be scored on it"
    )
