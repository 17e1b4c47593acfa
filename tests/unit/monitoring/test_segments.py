"""States of segments in words."""

from datetime import date

import numpy as np
import pytest

from lepton_spark.monitoring.location_days import Interruption
from lepton_spark.monitoring.segments import level, state_rows
from lepton_spark.monitoring.unusual import Judgement

DAY = date(2021, 3, 7)
LESS = Judgement(float(np.log(0.7)), float(np.log(0.9)), float(np.log(1.08)), 0.0002, "alarm", DAY)


@pytest.mark.parametrize(
    ("forecast", "actual"), [(None, None), (0.0, 3.0), (3.0, 0.0), (float("inf"), 3.0)], ids=str
)
def test_level_is_unknown_without_sales_and_forecasts(forecast: float | None, actual: float | None) -> None:
    assert np.isnan(level(forecast, actual))


def test_level_is_a_logarithm() -> None:
    assert level(2.0, 1.0) == -level(1.0, 2.0) == pytest.approx(np.log(0.5))


def test_rows_have_the_state_in_words() -> None:
    more = Judgement(-LESS.value, LESS.low, LESS.high, 0.005, "watch", DAY)
    usual = Judgement(0.0, -0.1, 0.1, 0.9, "ok", None)
    unknown = Judgement(np.nan, np.nan, np.nan, np.nan, "unknown", None)
    rows = state_rows({"a": LESS, "b": more, "c": usual, "d": unknown}, {})
    assert rows == [
        (
            "a",
            0.0002,
            "alarm",
            DAY,
            "sold 30% less than forecast; after earlier periods -10% to +8% is usual",
        ),
        ("b", 0.005, "watch", DAY, "sold 43% more than forecast; after earlier periods -10% to +8% is usual"),
        ("c", 0.9, "ok", None, None),
        (
            "d",
            None,
            "unknown",
            None,
            "nothing sold, nothing forecast, or too few earlier periods to judge by",
        ),
    ]


def test_an_interruption_comes_before_the_level() -> None:
    outage = Interruption("outage", DAY, "no sales on 2021-03-07")
    assert state_rows({"location=x": LESS}, {"location=x": outage, "location=y": outage}) == [
        ("location=x", 0.0002, "outage", DAY, "no sales on 2021-03-07")
    ]
