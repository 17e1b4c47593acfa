"""The gate on the age of the newest complete day of sales."""

from datetime import date

from lepton_spark.gates import FRESHNESS, Gate
from lepton_spark.pipelines.context import JobContext


def freshness_gate(context: JobContext) -> Gate:
    """Whether the newest day that was forecast from is recent enough; not judged without a limit."""
    newest = context.runs.latest("forecast")
    day = None if newest is None else newest.cutoff
    return judge_age(day, context.clock().date(), context.config.monitoring.max_age_days)


def judge_age(newest: date | None, today: date, max_days: int | None) -> Gate:
    """The gate for the newest complete day of sales; without a limit its words do not depend on today.

    max_days: the largest age allowed; None: not judged.
    """
    if newest is None:
        return Gate(FRESHNESS, None, "no complete day", "a complete day of sales")
    if max_days is None:
        return Gate(FRESHNESS, None, f"{newest}", "any day: monitoring.max_age_days is not set")
    age = (today - newest).days
    allowed = f"at most {in_days(max_days)} old (monitoring.max_age_days)"
    return Gate(FRESHNESS, age <= max_days, f"{newest}, {in_days(age)} old", allowed)


def in_days(number: int) -> str:
    """A number of days in words.

    >>> in_days(1)
    '1 day'
    """
    return f"{number:,} day" if number == 1 else f"{number:,} days"
