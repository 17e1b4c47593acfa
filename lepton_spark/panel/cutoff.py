"""The last day a run may see: as asked, or the last complete day of sales."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import median

from lepton_spark.config import PanelSettings
from lepton_spark.errors import InputError, explain
from lepton_spark.models.batch import SEASON_LENGTH
from lepton_spark.panel.calendar import EPOCH, DayVolume

USUAL_WEEKS = 8
MIN_USUAL_DAYS = 4
"""Fewer days of the same weekday say too little of what is usual."""


def choose_cutoff(
    volumes: Sequence[DayVolume], settings: PanelSettings, *, by_lines: bool, asked: date | None
) -> date:
    """The cutoff asked for, or the last complete day.

    by_lines: judge a day by its transactions; else by its product-days.

    Raises: InputError without sales, or for a cutoff outside their days.
    """
    usage = _by_day(volumes, by_lines=by_lines)
    if not usage:
        remedy = "Run `lepton ingest` first and look at `rejects` and `files`."
        raise InputError(explain("table sales", "no rows", "at least one day of sales", remedy))
    days = sorted(usage)
    if asked is None:
        return _as_date(_last_complete(usage, days, settings))
    first, last = _as_date(days[0]), _as_date(days[-1])
    if not first <= asked <= last:
        raise InputError(
            explain(
                "cutoff", f"{asked}", f"{first} to {last}, the days of sales", "Choose one of these days."
            )
        )
    return asked


def _by_day(volumes: Sequence[DayVolume], *, by_lines: bool) -> dict[int, int]:
    usage: dict[int, int] = {}
    for volume in volumes:
        usage[volume.day] = usage.get(volume.day, 0) + (volume.lines if by_lines else volume.n_series)
    return usage


def _last_complete(usage: Mapping[int, int], days: Sequence[int], settings: PanelSettings) -> int:
    last = days[-1]
    if len(days) == 1 or settings.last_day == "complete":
        return last
    by_volume = settings.last_day == "by_volume"
    return last if by_volume and _is_usual(usage, last, settings.min_last_day_share) else days[-2]


def _is_usual(usage: Mapping[int, int], day: int, min_share: float) -> bool:
    """Whether a day has its share of the median of the last 8 delivered days of its weekday before it."""
    before = [earlier for earlier in usage if earlier < day and (day - earlier) % SEASON_LENGTH == 0]
    usual = [usage[earlier] for earlier in sorted(before)[-USUAL_WEEKS:]]
    return len(usual) < MIN_USUAL_DAYS or usage[day] >= min_share * median(usual)


def _as_date(day: int) -> date:
    return EPOCH + timedelta(days=day)
