"""Parts of gathering that need no tables."""

from datetime import date

from lepton_spark.report.gathered.products import by_period, joined_years


def test_packed_years_are_joined_with_zero_on_days_without_a_sale() -> None:
    years = [(date(2024, 1, 2), [5.0, None, -1.0]), (date(2023, 12, 29), [1.0, 2.0])]
    joined = joined_years(years, date(2023, 12, 30), date(2024, 1, 6))
    #         30.12. 31.12. 1.1. 2.1. 3.1. 4.1. (unknown) 5.1. 6.1.
    assert joined == [2.0, 0.0, 0.0, 5.0, 0.0, None, 0.0, 0.0]


def test_days_before_the_first_sale_are_unknown() -> None:
    joined = joined_years([(date(2024, 1, 3), [4.0])], date(2024, 1, 1), date(2024, 1, 4))
    assert joined == [None, None, 4.0, 0.0]


def test_weeks_are_whole_and_unknown_if_a_day_is() -> None:
    days = [*[1.0] * 7, 1.0, None, *[1.0] * 5, *[1.0] * 6]
    assert by_period(days, date(2024, 1, 1), 7) == (date(2024, 1, 1), (7.0, None))
    assert by_period([1.0, None], date(2024, 1, 1), 1) == (date(2024, 1, 1), (1.0, None))
