"""Which published runs are scored: those that are a period apart."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta

PERIOD_DAYS = 7
"""Days after a cutoff that are scored together; a week has each weekday once."""


def cutoffs_to_score(
    published: Collection[date], scored: Collection[date], days: Mapping[date, int], last_day: date
) -> list[date]:
    """The cutoffs whose period is over and overlaps no other one, the earliest first.

    Forecasts of one day from several runs are not independent, so of daily runs one a week is scored. What
    was scored before stays, so that a run that is published later for an earlier day changes nothing.

    days: of each cutoff's period. last_day: the last complete day of sales.
    """
    taken, chosen = set(scored), []
    for cutoff in sorted(set(published) - taken):
        is_over = cutoff + timedelta(days=days[cutoff]) <= last_day
        if is_over and all(abs((cutoff - other).days) >= days[cutoff] for other in taken):
            taken.add(cutoff)
            chosen.append(cutoff)
    return chosen
