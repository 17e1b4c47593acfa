"""Which date forms fit every date of a file: a hint where the configured forms do not fit."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta

MAX_TEXTS = 5_000
"""Different texts that are examined per file."""

_TIME = r"(?:[T ]\d{1,2}:\d{2}.*)?"
_YEAR_FIRST = re.compile(rf"(?P<y>\d{{4}})([-/.]?)(?P<m>\d{{2}})\2(?P<d>\d{{2}}){_TIME}")
_YEAR_LAST = re.compile(rf"(?P<a>\d{{1,2}})(?P<sign>[-/.])(?P<b>\d{{1,2}})\2(?P<y>\d{{4}}){_TIME}")
_NUMBER = re.compile(r"\d{5}(\.\d+)?|\d{10}|\d{13}")

_EXCEL_DAY_ZERO = date(1899, 12, 30)
_PLAUSIBLE_DAYS = range(25_569, 73_051)
"""Day numbers of spreadsheets from 1970 to 2099."""


class DateTexts:
    """Collects the date texts of a file."""

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}

    def count(self, texts: Iterable[str | None]) -> None:
        """Adds texts of the column, up to MAX_TEXTS different ones."""
        if len(self._texts) < MAX_TEXTS:
            self._texts.update(dict.fromkeys(text.strip() for text in texts if text))

    def hint(self) -> str | None:
        """What fits every text, as a remedy; None if nothing is recognised."""
        texts = [text for text in self._texts if text]
        if not texts:
            return None
        if all(_NUMBER.fullmatch(text) for text in texts):
            return _number_hint(texts[0])
        fitting = [form for form, fits in _FORMS.items() if all(fits(text) for text in texts)]
        if not fitting:
            return None
        return f"its dates fit {' or '.join(fitting)}: set input.date_formats"


def _number_hint(text: str) -> str | None:
    whole = int(text.partition(".")[0])
    if whole in _PLAUSIBLE_DAYS:
        day = _EXCEL_DAY_ZERO + timedelta(days=whole)
        return f"{text} is a spreadsheet's day number, {day}: set input.date_formats: [excel_day]"
    if len(text) in (10, 13):
        seconds = whole // (1000 if len(text) == 13 else 1)
        unit = "milliseconds" if len(text) == 13 else "seconds"
        form = f"epoch_{unit}"
        moment = datetime(1970, 1, 1) + timedelta(seconds=seconds)  # noqa: DTZ001 - shown in UTC
        return (
            f"{text} counts {unit} since 1970, {moment:%Y-%m-%d %H:%M} UTC: set input.date_formats: [{form}]"
        )
    return None


def _is_day(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _year_first(sign: str) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        found = _YEAR_FIRST.fullmatch(text)
        return found is not None and found[2] == sign and _is_day(found["y"], found["m"], found["d"])

    return fits


def _year_last(sign: str, *, month_first: bool) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        found = _YEAR_LAST.fullmatch(text)
        if found is None or found["sign"] != sign:
            return False
        month, day = (found["a"], found["b"]) if month_first else (found["b"], found["a"])
        return _is_day(found["y"], month, day)

    return fits


_FORMS: Mapping[str, Callable[[str], bool]] = {
    "yyyy-MM-dd": _year_first("-"),
    "yyyy/MM/dd": _year_first("/"),
    "yyyy.MM.dd": _year_first("."),
    "yyyyMMdd": _year_first(""),
    **{f"d{sign}M{sign}yyyy": _year_last(sign, month_first=False) for sign in ".-/"},
    **{f"M{sign}d{sign}yyyy": _year_last(sign, month_first=True) for sign in ".-/"},
}
"""Forms of days; a time of day behind them is allowed, but its form is not recognised."""
