"""The sections `inventory` and `stock_levels`: how products are ordered, and what is in stock."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from lepton_spark.config.invalid_settings import InvalidSetting, raise_if_any
from lepton_spark.config.sections.forecast_settings import WEEKDAYS, Weekday
from lepton_spark.config.sections.inputs.covariate_settings import CovariateSettings
from lepton_spark.config.sections.section import Section
from lepton_spark.config.values.types import Name

USUAL_REVIEW = 7
"""Days between orders where neither a review period nor ordering weekdays are configured."""

Days = Annotated[int, Field(ge=0, le=366)]
Share = Annotated[float, Field(gt=0, lt=1)]

_DEFAULT = "none: inventory."


class StockLevelColumns(Section):
    """The source's name of each column."""

    product_id: Name = Field("product_id", description="product code as in the sales")
    location_id: Name | None = Field(None, description="none: a row applies to every location")
    as_of: Name | None = Field(None, description="the day at whose end the stock was counted")
    on_hand: Name | None = Field("on_hand", description="units in stock")
    on_order: Name | None = Field(None, description="units ordered and not received; one row per delivery")
    due_date: Name | None = Field(None, description="day of that delivery; none or empty: in time")
    backorders: Name | None = Field(None, description="units owed to customers; none or empty: 0")
    lead_time: Name | None = Field(None, description=f"days from order to delivery; {_DEFAULT}lead_time")
    review_period: Name | None = Field(None, description=f"days between orders; {_DEFAULT}review_period")
    pack_size: Name | None = Field(None, description=f"units in a pack; {_DEFAULT}pack_size")
    minimum_order: Name | None = Field(None, description="least units of an order; none or empty: 0")
    shelf_life: Name | None = Field(None, description="days in which a delivery must be sold; none: no limit")
    service_target: Name | None = Field(None, description=f"between 0 and 1; {_DEFAULT}service_target")
    unit_cost: Name | None = Field(None, description="purchase price of a unit")
    price: Name | None = Field(None, description="sales price of a unit")


class StockLevelSettings(CovariateSettings):
    """What is in stock and on order, and how single products are ordered."""

    columns: StockLevelColumns = StockLevelColumns()


class InventorySettings(Section):
    """How products are ordered, unless `stock_levels` has other values for a product."""

    lead_time: Days | dict[Days, Share] | None = Field(
        None, description="days from order to delivery, or numbers of days with their probabilities"
    )
    review_period: Annotated[int, Field(ge=1, le=366)] | None = Field(
        None,
        description=f"days between orders; none: {USUAL_REVIEW}, or from one ordering weekday to the next",
    )
    order_after_days: int = Field(
        1,
        ge=1,
        le=14,
        description="days from the cutoff to the next order; 2 if that day's deadline is missed",
    )
    ordering_weekdays: tuple[Weekday, ...] = Field((), description="days of orders; none: every day")
    receiving_weekdays: tuple[Weekday, ...] = Field((), description="days of deliveries; none: every day")
    policy: Literal["order_up_to", "reorder_point"] = Field(
        "order_up_to",
        description="order the difference to a level, or whole packs once stock is at the reorder point",
    )
    service: Literal["cycle_service", "fill_rate", "cost"] = Field(
        "cycle_service",
        description="what service_target is: the share of order cycles without a stock-out, or of demand met "
        "from stock; cost: least cost instead of a target",
    )
    service_target: Share = Field(0.95, description="for cycle_service and fill_rate")
    unmet_demand: Literal["backorder", "lost_sale"] = Field(
        "lost_sale", description="whether customers wait for a product that is out of stock"
    )
    holding_rate: float = Field(0.25, gt=0, description="yearly cost of a unit in stock, in unit costs")
    delay_rate: float | None = Field(
        None, gt=0, description="yearly cost of a unit that a customer waits for, in unit costs"
    )
    pack_size: float | None = Field(None, gt=0, description="units in a pack; none: single units")

    @property
    def lead_times(self) -> Mapping[int, float]:
        """Probabilities by lead time in days; empty where none is configured."""
        if isinstance(self.lead_time, int):
            return {self.lead_time: 1.0}
        return dict(sorted((self.lead_time or {}).items()))

    @property
    def days_between_orders(self) -> int:
        """The least number of days from one order to the next."""
        return self.review_period or (1 if self.ordering_weekdays else USUAL_REVIEW)

    @field_validator("lead_time")
    @classmethod
    def _probabilities_sum_to_one(
        cls, lead_time: int | dict[int, float] | None
    ) -> int | dict[int, float] | None:
        if isinstance(lead_time, dict) and abs(sum(lead_time.values()) - 1.0) > 1e-9:
            raise ValueError("days with probabilities that sum to 1, such as {5: 0.7, 9: 0.3}")
        return lead_time

    @field_validator("delay_rate")
    @classmethod
    def _cost_of_waiting_is_known(cls, rate: float | None, info: ValidationInfo) -> float | None:
        waits = info.data.get("unmet_demand") == "backorder"
        if rate is None and waits and info.data.get("service") == "cost":
            raise ValueError("a number with inventory.service cost and inventory.unmet_demand backorder")
        return rate


def weekday_numbers(names: tuple[str, ...]) -> tuple[int, ...]:
    """Monday = 0."""
    return tuple(sorted({WEEKDAYS.index(name) for name in names}))


def beyond_the_horizon(settings: InventorySettings, horizon: int) -> Iterator[InvalidSetting]:
    """A lead time after which the next delivery is later than the last day with a forecast."""
    if not settings.lead_times:
        return
    days = max(settings.lead_times) + settings.days_between_orders + settings.order_after_days - 1
    if days > horizon:
        allowed = (
            f"a next delivery within forecast.horizon, {horizon} days: set forecast.horizon to at least "
            f"{days}, or a shorter lead time or review period"
        )
        yield InvalidSetting(("lead_time",), settings.lead_time, allowed)


def makes_orders(settings: InventorySettings, levels: StockLevelSettings) -> bool:
    """Whether there are lead times, of all products or of single ones."""
    return settings.lead_time is not None or (
        levels.path is not None and levels.columns.lead_time is not None
    )


def require_daily(settings: InventorySettings, levels: StockLevelSettings, frequency: str) -> None:
    """Raises ValidationError for orders from weekly forecasts."""
    if makes_orders(settings, levels) and frequency != "daily":
        allowed = (
            "no lead time, here or in stock_levels.columns, with forecast.frequency weekly: orders need "
            "daily forecasts"
        )
        raise_if_any([InvalidSetting(("lead_time",), settings.lead_time, allowed)])
