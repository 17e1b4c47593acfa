"""The last day a run may see: as asked, or the last complete day of sales."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import median

from lepton_spark.config import ForecastSettings, PanelSettings
from lepton_spark.errors import InputError, explain
from lepton_spark.models.data.history import SEASON_LENGTH
from lepton_spark.panel.calendar import EPOCH, DayVolume

USUAL_WEEKS = 8
MAX_SHORT_SHARE = 0.1
"""Of what is usual, at locations whose day is short, up to which a day is complete."""

MIN_USUAL_DAYS = 4
"""Fewer days of the same weekday say too little of what is usual."""


def choose_cutoff(
    volumes: Sequence[DayVolume], settings: PanelSettings, *, by_lines: bool, asked: date | None
) -> date:
    """The cutoff asked for, or the last complete day.

    by_lines: judge a day by its transactions; else by its product-days.

    Raises: InputError without sales, or for a cutoff outside their days.
    """
    usage = _by_location(volumes, by_lines=by_lines)
    if not usage:
        remedy = "Run `lepton ingest` first and look at `rejects` and `files`."
        raise InputError(explain("table sales", "no rows", "at least one day of sales", remedy))
    days = sorted({day for of_day in usage.values() for day in of_day})
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


def end_of_period(day: date, settings: ForecastSettings) -> date:
    """The last day not after `day` on which a forecast period ends: the day itself, or the end of a week."""
    if settings.period == 1:
        return day
    return day - timedelta(days=(day.weekday() - settings.last_weekday) % settings.period)


Usage = Mapping[str, Mapping[int, int]]
"""Lines, or product-days, by location and day."""


def _by_location(volumes: Sequence[DayVolume], *, by_lines: bool) -> Usage:
    usage: dict[str, dict[int, int]] = {}
    for volume in volumes:
        of_location = usage.setdefault(volume.location_id, {})
        of_location[volume.day] = volume.lines if by_lines else volume.n_series
    return usage


def _last_complete(usage: Usage, days: Sequence[int], settings: PanelSettings) -> int:
    last = days[-1]
    if len(days) == 1 or settings.last_day == "complete":
        return last
    by_volume = settings.last_day == "by_volume"
    return last if by_volume and _is_usual(usage, last, settings.min_last_day_share) else days[-2]


def _is_usual(usage: Usage, day: int, min_share: float) -> bool:
    """Whether a day has its share of what its weekday usually has: in all, and at nearly all locations.

    Usual is the median of the last 8 delivered days of that weekday. Locations count by what is usual: of a
    thousand small ones some are always below their share. One that delivered nothing is unknown on that day;
    many such show in all.
    """
    everywhere: dict[int, int] = {}
    for of_location in usage.values():
        for other, volume in of_location.items():
            everywhere[other] = everywhere.get(other, 0) + volume
    if _is_short(everywhere, day, min_share):
        return False
    there = {name: _usual(of_location, day) for name, of_location in usage.items() if day in of_location}
    short = sum(usual or 0.0 for name, usual in there.items() if _is_short(usage[name], day, min_share))
    return short <= MAX_SHORT_SHARE * sum(usual or 0.0 for usual in there.values())


def _is_short(volumes: Mapping[int, int], day: int, min_share: float) -> bool:
    usual = _usual(volumes, day)
    return usual is not None and volumes[day] < min_share * usual


def _usual(of_location: Mapping[int, int], day: int) -> float | None:
    before = [earlier for earlier in of_location if earlier < day and (day - earlier) % SEASON_LENGTH == 0]
    usual = [of_location[earlier] for earlier in sorted(before)[-USUAL_WEEKS:]]
    return None if len(usual) < MIN_USUAL_DAYS else float(median(usual))


def _as_date(day: int) -> date:
    return EPOCH + timedelta(days=day)
