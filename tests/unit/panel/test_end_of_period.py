"""The last day of a forecast period: of daily forecasts any day, of weekly ones the end of a week."""

from datetime import date

import pytest

from lepton_spark.config import ForecastSettings
from lepton_spark.panel.cutoff import end_of_period

WEDNESDAY = date(2024, 6, 12)


def test_daily_period_ends_on_every_day() -> None:
    assert end_of_period(WEDNESDAY, ForecastSettings()) == WEDNESDAY


@pytest.mark.parametrize(
    ("week_end", "last"),
    [("sunday", date(2024, 6, 9)), ("wednesday", WEDNESDAY), ("thursday", date(2024, 6, 6))],
)
def test_weekly_period_ends_on_the_last_week_end_not_after_the_day(week_end: str, last: date) -> None:
    settings = ForecastSettings(frequency="weekly", week_end=week_end)
    assert end_of_period(WEDNESDAY, settings) == last
