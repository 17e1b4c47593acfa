"""The chart of one product in a file of its own."""

from datetime import date

from lepton_spark.report.page.drawn_product import light_colours, product_chart, product_rows
from lepton_spark.report.page.figures import Series
from tests.unit.report.page.made_up import COLOUR, CUTOFF, product


def test_rows_are_the_known_days_of_history_forecast_and_earlier_forecast() -> None:
    assert product_rows(product(Series("p", "all")), CUTOFF, 1) == [
        {"date": "2024-05-30T00:00:00", "what": "sold", "units": 3.0},
        {"date": "2024-06-01T00:00:00", "what": "forecast", "units": 10.126, "p10": 5.0, "p90": 14.0},
        {"date": "2024-06-02T00:00:00", "what": "forecast", "units": 20.0, "p10": 10.0, "p90": 31.0},
        {"date": "2024-06-01T00:00:00", "what": "earlier forecast", "units": 9.0},
    ]


def test_weeks_are_seven_days_apart() -> None:
    weekly = product(Series("p", "all"), first_day=date(2024, 5, 18), history=(1.0, 2.0))
    days = [row["date"][:10] for row in product_rows(weekly, CUTOFF, 7)]
    assert days == ["2024-05-18", "2024-05-25", "2024-06-01", "2024-06-08", "2024-06-01"]


def test_chart_has_colours_of_the_light_theme_and_leaves_names_as_they_are() -> None:
    spec = product_chart(product(COLOUR), CUTOFF, 1)
    assert spec["title"].startswith("Product @blue at <b>north</b>: ")
    assert light_colours()["blue"] == "#0069a8"
    assert "'@" not in f"{spec['layer']}"
    assert "#0069a8" in f"{spec['layer']}"
    assert len(spec["data"]["values"]) == 4
