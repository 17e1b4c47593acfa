"""The complete configuration."""

from typing import Any

from pydantic import (
    AliasChoices,
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
)

from lepton_spark.config.invalid_settings import InvalidSetting, raise_if_any
from lepton_spark.config.sections.backtest_settings import BacktestSettings
from lepton_spark.config.sections.choice.challenger_settings import ChallengerSettings
from lepton_spark.config.sections.choice.segment_settings import SegmentSettings, invalid_segments
from lepton_spark.config.sections.forecast_settings import NO_WEEKLY_HOLIDAYS, ForecastSettings
from lepton_spark.config.sections.gate_settings import GateSettings
from lepton_spark.config.sections.inputs.covariate_settings import (
    CalendarSettings,
    PlanSettings,
    PriorSettings,
    ProductSettings,
    StockSettings,
)
from lepton_spark.config.sections.inputs.input_settings import InputSettings
from lepton_spark.config.sections.inputs.override_settings import OverrideSettings
from lepton_spark.config.sections.inputs.source_checks import invalid_sources
from lepton_spark.config.sections.inventory_settings import (
    InventorySettings,
    StockLevelSettings,
    beyond_the_horizon,
    makes_orders,
    require_daily,
)
from lepton_spark.config.sections.monitoring_settings import MonitoringSettings
from lepton_spark.config.sections.operations_settings import (
    AlertSettings,
    LineageSettings,
    PrometheusSettings,
    ReportSettings,
)
from lepton_spark.config.sections.panel_settings import PanelSettings
from lepton_spark.config.sections.publish_settings import PublishSettings
from lepton_spark.config.sections.retention_settings import RetentionSettings
from lepton_spark.config.sections.section import Section
from lepton_spark.config.sections.spark_settings import SparkSettings
from lepton_spark.config.sections.warehouse_settings import WarehouseSettings


class Config(Section):
    """The complete configuration, one field per section.

    sources: those of `input` if it is a list; `input` is then the first of them, with which all others agree
    in the settings of what a line means.
    """

    warehouse: WarehouseSettings = WarehouseSettings()
    sources: tuple[InputSettings, ...] = Field((), validation_alias=AliasChoices("input"))
    input: InputSettings = InputSettings()
    plans: PlanSettings = PlanSettings()
    products: ProductSettings = ProductSettings()
    stock: StockSettings = StockSettings()
    priors: PriorSettings = PriorSettings()
    calendar: CalendarSettings = CalendarSettings()
    stock_levels: StockLevelSettings = StockLevelSettings()
    overrides: OverrideSettings = OverrideSettings()
    panel: PanelSettings = PanelSettings()
    forecast: ForecastSettings = ForecastSettings()
    segments: tuple[SegmentSettings, ...] = Field((), description="products with models of their own")
    backtest: BacktestSettings = BacktestSettings()
    challenger: ChallengerSettings = ChallengerSettings()
    gates: GateSettings = GateSettings()
    publish: PublishSettings = PublishSettings()
    retention: RetentionSettings = RetentionSettings()
    inventory: InventorySettings = InventorySettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    alerts: AlertSettings = AlertSettings()
    report: ReportSettings = ReportSettings()
    prometheus: PrometheusSettings = PrometheusSettings()
    lineage: LineageSettings = LineageSettings()
    spark: SparkSettings = SparkSettings()

    @field_validator("sources", mode="before")
    @classmethod
    def _only_of_a_list(cls, given: Any) -> Any:  # noqa: ANN401 - a section, or a list of them
        return given if isinstance(given, list | tuple) else ()

    @field_validator("sources")
    @classmethod
    def _agree(cls, sources: tuple[InputSettings, ...]) -> tuple[InputSettings, ...]:
        if sources:
            raise_if_any(invalid_sources(sources))
        return sources

    @field_validator("input", mode="before")
    @classmethod
    def _first_source(cls, given: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - a section, or a list
        """Invalid sources are reported by the field `sources`."""
        if not isinstance(given, list | tuple):
            return given
        if not given:
            raise ValueError("a list with at least one source, or the keys of one")
        return next(iter(info.data.get("sources", ())), InputSettings())

    @model_serializer(mode="wrap")
    def _as_given(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """`input` as it is written: one section, or a list of sources."""
        sections: dict[str, Any] = serialize(self)
        sources = sections.pop("sources", ())
        return sections | ({"input": list(sources)} if sources else {})

    @field_validator("segments")
    @classmethod
    def _segments_agree(
        cls, segments: tuple[SegmentSettings, ...], info: ValidationInfo
    ) -> tuple[SegmentSettings, ...]:
        raise_if_any(invalid_segments(segments, info.data.get("products")))
        return segments

    @field_validator("challenger")
    @classmethod
    def _challenger_differs(cls, challenger: ChallengerSettings, info: ValidationInfo) -> ChallengerSettings:
        forecast = info.data.get("forecast")
        if forecast is not None and forecast.period > 1 and challenger.forecast.holidays is not None:
            found = challenger.forecast.holidays
            raise_if_any([InvalidSetting(("forecast", "holidays"), found, NO_WEEKLY_HOLIDAYS)])
        raise_if_any(
            InvalidSetting((name, key), value, f"another value than {name}.{key}, which is the same")
            for name, changes in challenger.changes.items()
            for key, value in changes.items()
            if name in info.data and getattr(info.data[name], key) == value
        )
        return challenger

    @field_validator("publish")
    @classmethod
    def _valid_within_the_horizon(cls, publish: PublishSettings, info: ValidationInfo) -> PublishSettings:
        """A horizon shorter than the default of `valid_days` shortens it; an explicit value is rejected."""
        forecast = info.data.get("forecast")
        horizon = forecast.horizon * forecast.period if forecast else publish.valid_days
        if publish.valid_days <= horizon:
            return publish
        if "valid_days" in publish.model_fields_set:
            allowed = f"up to forecast.horizon, {horizon} days: no day after it has a forecast"
            raise_if_any([InvalidSetting(("valid_days",), publish.valid_days, allowed)])
        return publish.model_copy(update={"valid_days": horizon})

    @field_validator("inventory")
    @classmethod
    def _orders_within_the_horizon(
        cls, inventory: InventorySettings, info: ValidationInfo
    ) -> InventorySettings:
        forecast, levels = info.data.get("forecast"), info.data.get("stock_levels")
        if forecast is not None and levels is not None:
            require_daily(inventory, levels, forecast.frequency)
            raise_if_any(beyond_the_horizon(inventory, forecast.horizon))
        return inventory

    @property
    def inputs(self) -> tuple[InputSettings, ...]:
        """Every source of `input`, of which there is one unless it is a list."""
        return self.sources or (self.input,)

    @property
    def tickets(self) -> tuple[str, ...]:
        """The source columns of tickets, each once."""
        names = (source.columns.transaction_id for source in self.inputs)
        return tuple(dict.fromkeys(name for name in names if name is not None))

    @property
    def has_customers(self) -> bool:
        """Whether any source has customers."""
        return any(source.columns.customer_id is not None for source in self.inputs)

    def input_key(self, source: int, name: str) -> str:
        """The dotted key of a setting of a source: `input.path`, or `input.1.path` in a list."""
        return f"input.{source}.{name}" if self.sources else f"input.{name}"

    @property
    def makes_orders(self) -> bool:
        """Whether there are lead times, without which there are no orders."""
        return makes_orders(self.inventory, self.stock_levels)
