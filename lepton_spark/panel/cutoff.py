"""The cutoff, the last day a run may see: as requested, or the last complete day of sales."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import median

from lepton_spark.config import ForecastSettings, PanelSettings
from lepton_spark.errors import InputError, explain
from lepton_spark.language import Message
from lepton_spark.models.data.history import SEASON_LENGTH
from lepton_spark.panel.calendar import EPOCH, DayVolume

USUAL_WEEKS = 8
"""The usual volume of a weekday is the median of so many of its latest days."""

MIN_USUAL_DAYS = 4
"""With fewer days of a weekday its usual volume is unknown."""

MAX_SHORT_SHARE = 0.1
"""A day is complete if short locations usually have at most this share of its volume."""


def choose_cutoff(
    volumes: Sequence[DayVolume], settings: PanelSettings, *, by_lines: bool, asked: date | None
) -> date:
    """The requested cutoff, or the last complete day.

    by_lines: the volume of a day is its transactions; else its product-days.

    Raises: InputError without sales, or for a cutoff outside the days of sales.
    """
    by_location = _by_location(volumes, by_lines=by_lines)
    if not by_location:
        remedy = Message("Run `lepton ingest` first and look at `rejects` and `files`.")
        raise InputError(
            explain(Message("table sales"), Message("no rows"), Message("at least one day of sales"), remedy)
        )
    days = sorted({day for by_day in by_location.values() for day in by_day})
    if asked is None:
        return _as_date(_last_complete(by_location, days, settings))
    first, last = _as_date(days[0]), _as_date(days[-1])
    if not first <= asked <= last:
        raise InputError(
            explain(
                Message("cutoff"),
                f"{asked}",
                Message("{first} to {last}, the days of sales", first=first, last=last),
                Message("Choose one of these days."),
            )
        )
    return asked


def end_of_period(day: date, settings: ForecastSettings) -> date:
    """The last day not after `day` on which a forecast period ends: the day itself, or the end of a week."""
    if settings.period == 1:
        return day
    return day - timedelta(days=(day.weekday() - settings.last_weekday) % settings.period)


def cutoff_of_run(
    volumes: Sequence[DayVolume], panel: PanelSettings, forecast: ForecastSettings, *, by_lines: bool
) -> date:
    """The cutoff of a run; for weekly forecasts the last day of a week.

    Sums of weeks, all dated on the same weekday, make the week that they are dated in complete. Arguments and
    errors are those of `choose_cutoff`.
    """
    asked = forecast.cutoff
    if forecast.period > 1 and only_weekday(volumes) is not None:
        last = choose_cutoff(volumes, panel, by_lines=by_lines, asked=None)
        end = end_of_period(last + timedelta(days=forecast.period - 1), forecast)
        if asked is None or last < asked <= end:
            return end if asked is None else end_of_period(asked, forecast)
    return end_of_period(choose_cutoff(volumes, panel, by_lines=by_lines, asked=asked), forecast)


def only_weekday(volumes: Sequence[DayVolume]) -> int | None:
    """The one weekday, Monday 0, on which all sales of the last 8 weeks fall; None if there are several.

    Fewer than 4 days do not tell.
    """
    last = max((volume.day for volume in volumes), default=0)
    recent = {volume.day for volume in volumes if volume.day > last - USUAL_WEEKS * SEASON_LENGTH}
    found = {_as_date(day).weekday() for day in recent}
    return found.pop() if len(found) == 1 and len(recent) >= MIN_USUAL_DAYS else None


Volumes = Mapping[str, Mapping[int, int]]
"""Location -> epoch day -> transactions or product-days."""


def _by_location(volumes: Sequence[DayVolume], *, by_lines: bool) -> Volumes:
    by_location: dict[str, dict[int, int]] = {}
    for volume in volumes:
        by_day = by_location.setdefault(volume.location_id, {})
        by_day[volume.day] = volume.lines if by_lines else volume.n_series
    return by_location


def _last_complete(by_location: Volumes, days: Sequence[int], settings: PanelSettings) -> int:
    last = days[-1]
    if len(days) == 1 or settings.last_day == "complete":
        return last
    by_volume = settings.last_day == "by_volume"
    return last if by_volume and _is_complete(by_location, last, settings.min_last_day_share) else days[-2]


def _is_complete(by_location: Volumes, day: int, min_share: float) -> bool:
    """Whether a day has at least `min_share` of its weekday's usual volume, in total and at most locations.

    Short locations are weighted by their usual volume, because some of many small ones are always short.
    Locations without data for the day are unknown and left out here; many of them make the total short.
    """
    total: dict[int, int] = {}
    for by_day in by_location.values():
        for other, volume in by_day.items():
            total[other] = total.get(other, 0) + volume
    if _is_short(total, day, min_share):
        return False
    usual = {name: _usual(by_day, day) or 0.0 for name, by_day in by_location.items() if day in by_day}
    short = sum(volume for name, volume in usual.items() if _is_short(by_location[name], day, min_share))
    return short <= MAX_SHORT_SHARE * sum(usual.values())


def _is_short(volumes: Mapping[int, int], day: int, min_share: float) -> bool:
    usual = _usual(volumes, day)
    return usual is not None and volumes[day] < min_share * usual


def _usual(volumes: Mapping[int, int], day: int) -> float | None:
    """The median of the latest earlier days with the same weekday; None if there are too few."""
    before = [earlier for earlier in volumes if earlier < day and (day - earlier) % SEASON_LENGTH == 0]
    latest = [volumes[earlier] for earlier in sorted(before)[-USUAL_WEEKS:]]
    return None if len(latest) < MIN_USUAL_DAYS else float(median(latest))


def _as_date(day: int) -> date:
    return EPOCH + timedelta(days=day)
