"""The sections `inventory` and `stock_levels`."""

from pathlib import Path

import pytest

from lepton_spark.config import Config, load_config
from lepton_spark.errors import ConfigError


def config_of(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    return load_config([path]).config


def test_orders_are_off_without_a_lead_time(tmp_path: Path) -> None:
    assert not config_of(tmp_path, "inventory: {review_period: 7}").makes_orders
    assert not config_of(tmp_path, "stock_levels: {path: s.csv}").makes_orders
    assert config_of(tmp_path, "inventory: {lead_time: 0}").makes_orders
    assert config_of(tmp_path, "stock_levels: {path: s.csv, columns: {lead_time: days}}").makes_orders


def test_lead_time_is_a_number_or_has_probabilities(tmp_path: Path) -> None:
    assert config_of(tmp_path, "inventory: {lead_time: 5}").inventory.lead_times == {5: 1.0}
    mixed = config_of(tmp_path, "inventory: {lead_time: {9: 0.3, 5: 0.7}}").inventory.lead_times
    assert list(mixed.items()) == [(5, 0.7), (9, 0.3)]
    assert config_of(tmp_path, "inventory: {}").inventory.lead_times == {}


@pytest.mark.parametrize(
    ("settings", "days"),
    [("{}", 7), ("{review_period: 3}", 3), ("{ordering_weekdays: [monday]}", 1)],
    ids=["usual", "configured", "weekdays"],
)
def test_days_between_orders(tmp_path: Path, settings: str, days: int) -> None:
    assert config_of(tmp_path, f"inventory: {settings}").inventory.days_between_orders == days


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{inventory: {lead_time: 25}, forecast: {horizon: 28}}",
            "found 25; allowed: a next delivery within forecast.horizon, 28 days: set forecast.horizon to",
        ),
        ("{inventory: {lead_time: {5: 0.7, 9: 0.2}}}", "days with probabilities that sum to 1"),
        ("{inventory: {lead_time: 5}, forecast: {frequency: weekly}}", "orders need daily forecasts"),
        (
            "{stock_levels: {path: s, columns: {lead_time: a}}, forecast: {frequency: weekly}}",
            "orders need daily forecasts",
        ),
        ("{inventory: {service: cost, unmet_demand: backorder}}", "inventory.delay_rate: found nothing"),
        ("{inventory: {service_target: 1.0}}", "inventory.service_target: found 1.0"),
        ("{stock_levels: {columns: {on_hand: a, on_order: a}}}", "stock_levels.columns.on_order: found 'a'"),
    ],
    ids=["horizon", "probabilities", "weekly", "weekly by product", "cost", "target", "columns"],
)
def test_invalid_settings_name_the_remedy(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        config_of(tmp_path, text)
    assert message in str(error.value)


def test_order_within_the_horizon_is_valid(tmp_path: Path) -> None:
    assert config_of(tmp_path, "{inventory: {lead_time: 21}, forecast: {horizon: 28}}").makes_orders
