from datetime import date, timedelta

from lepton_spark.monitoring.periods import cutoffs_to_score

FIRST = date(2021, 3, 1)
NIGHTS = [FIRST + timedelta(days=day) for day in range(20)]
WEEK = dict.fromkeys(NIGHTS, 7)


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)


def test_of_nightly_runs_one_a_week_is_scored_once_its_week_is_over() -> None:
    assert cutoffs_to_score(NIGHTS, [], WEEK, _day(20)) == [_day(0), _day(7)]
    assert cutoffs_to_score(NIGHTS, [], WEEK, _day(21)) == [_day(0), _day(7), _day(14)]
    assert cutoffs_to_score(NIGHTS, [], WEEK, _day(6)) == []


def test_weeks_that_were_scored_stay_and_are_not_overlapped() -> None:
    assert cutoffs_to_score(NIGHTS, [_day(3)], WEEK, _day(20)) == [_day(10)]
    assert cutoffs_to_score(NIGHTS, [_day(0), _day(7)], WEEK, _day(20)) == []


def test_a_shorter_horizon_has_shorter_periods() -> None:
    days = dict.fromkeys(NIGHTS, 2)
    assert cutoffs_to_score(NIGHTS[:6], [], days, _day(5)) == [_day(0), _day(2)]
