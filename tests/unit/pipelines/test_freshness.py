"""The gate on the age of the sales, and how the state of the warehouse is printed."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from lepton_spark.cli.messages import print_state
from lepton_spark.gates import FRESHNESS, Gate
from lepton_spark.operations.job_end import State
from lepton_spark.pipelines.check import CheckResult
from lepton_spark.pipelines.publish.freshness import judge_age
from lepton_spark.pipelines.publish.published_state import PublishedState
from lepton_spark.pipelines.runs.run import Run

TODAY = date(2021, 2, 1)
PUBLISHED = PublishedState("r1", date(2021, 1, 24), date(2021, 1, 31), datetime(2021, 1, 30, 23, tzinfo=UTC))


@pytest.mark.parametrize(
    ("newest", "max_days", "passed", "found", "allowed"),
    [
        (
            date(2021, 1, 30),
            2,
            True,
            "2021-01-30, 2 days old",
            "at most 2 days old (monitoring.max_age_days)",
        ),
        (
            date(2021, 1, 30),
            1,
            False,
            "2021-01-30, 2 days old",
            "at most 1 day old (monitoring.max_age_days)",
        ),
        (date(2021, 1, 30), None, None, "2021-01-30", "any day: monitoring.max_age_days is not set"),
        (None, 2, None, "no complete day", "a complete day of sales"),
    ],
    ids=["limit", "older", "no_limit", "no_sales"],
)
def test_age_is_judged_by_the_configured_days(
    newest: date | None, max_days: int | None, passed: bool | None, found: str, allowed: str
) -> None:
    assert judge_age(newest, TODAY, max_days) == Gate(FRESHNESS, passed, found, allowed)


def test_old_sales_fail_their_gate_and_withhold_nothing() -> None:
    old = judge_age(date(2021, 1, 1), TODAY, 1)
    assert (old.failed, old.withholds) == (True, False)
    assert Gate("no_null", False, "", "").withholds
    assert not Gate("no_null", True, "", "").withholds


def test_check_reports_old_sales_without_stopping() -> None:
    old, null = judge_age(date(2021, 1, 1), TODAY, 1), Gate("no_null", False, "", "")
    assert (CheckResult((old,), ()).stopping, CheckResult((old,), ()).stale) == ((), True)
    assert (CheckResult((null,), ()).stopping, CheckResult((null,), ()).stale) == ((null,), False)


def test_rolled_back_state_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    bad = Run("p2", "publish", date(2021, 1, 29), input_fingerprint="r2")
    fresh = judge_age(date(2021, 1, 31), TODAY, 2)
    state = State(replace(PUBLISHED, valid_until=TODAY, withdrawn=bad), (fresh,))
    assert print_state(state, TODAY) == 0
    output = capsys.readouterr()
    assert output.out.splitlines() == [
        (
            "published: run r1 of cutoff 2021-01-24, because run r2 of cutoff 2021-01-29 was rolled back on "
            "2021-01-30; valid until 2021-02-01"
        ),
        (
            "newest complete day of sales: 2021-01-31, 1 day old; allowed: at most 2 days old "
            "(monitoring.max_age_days)"
        ),
    ]
    assert output.err == ""


def test_what_needs_an_action_is_printed_as_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_state(State(PUBLISHED, (judge_age(date(2021, 1, 24), TODAY, 2),)), TODAY) == 7
    output = capsys.readouterr()
    assert output.out == "published: run r1 of cutoff 2021-01-24; valid until 2021-01-31\n"
    assert output.err.splitlines() == [
        (
            "published forecasts: found valid until 2021-01-31, 1 day ago; allowed: valid on 2021-02-01. "
            "Do not order by them. Deliver the days that are missing, then run again."
        ),
        (
            "newest complete day of sales: found 2021-01-24, 8 days old; allowed: at most 2 days old "
            "(monitoring.max_age_days). Deliver the days that are missing, then run again."
        ),
    ]


def test_state_without_publication_or_limit_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_state(State(None, (judge_age(date(2021, 1, 24), TODAY, None),)), TODAY) == 0
    assert capsys.readouterr().out == "published: nothing yet\n"
