"""Checks date patterns without Spark: Spark must accept them and parse the intended day."""

import re

WIDTHS = {
    **dict.fromkeys("dHhKkms", (1, 2)),
    **dict.fromkeys("GMLz", (1, 4)),
    **dict.fromkeys("XxZ", (1, 5)),
    **dict.fromkeys("aO", (1, 1)),
    "V": (2, 2),
    "D": (1, 3),
    "y": (1, 6),
    "S": (1, 9),
}
"""Letters of Spark's datetime patterns for parsing: least and most repetitions of each.

Source: Spark 4.2, "Datetime Patterns for Formatting and Parsing"; a test compares them with Spark.
"""

EXCEL_DAY, EPOCH_SECONDS, EPOCH_MILLISECONDS = "excel_day", "epoch_seconds", "epoch_milliseconds"
NAMED_FORMS = (EXCEL_DAY, EPOCH_SECONDS, EPOCH_MILLISECONDS)
"""Dates as numbers: days of a spreadsheet, where 1 is 1900-01-01, or time since 1970 in UTC."""

_STRFTIME = {"%Y": "yyyy", "%y": "yy", "%m": "MM", "%d": "dd", "%H": "HH", "%M": "mm", "%S": "ss"}
_OTHER_LETTERS = str.maketrans("YuDjJ", "yyddd")


def date_form_fault(form: str) -> str | None:
    """What is allowed instead of an invalid pattern, with a suggestion; None for a valid pattern.

    >>> date_form_fault("dd/MM/YYYY").endswith("not YYYY; did you mean dd/MM/yyyy?")
    True
    """
    fault = None if form in NAMED_FORMS else _fault(form)
    if fault is None:
        return None
    suggestion = next((guess for guess in _guesses(form) if _fault(guess) is None), None)
    return fault if suggestion is None else f"{fault}; did you mean {suggestion}?"


def _fault(form: str) -> str | None:
    if form.count("'") % 2:
        return "a date form whose quotes come in pairs, such as yyyy-MM-dd'T'HH:mm:ss"
    bare = re.sub("'[^']*'", " ", form)
    return _wrong_letter(bare) or _wrong_option(bare) or _wrong_fields(set(bare))


def _wrong_letter(bare: str) -> str | None:
    for run in (match[0] for match in re.finditer(r"([A-Za-z])\1*", bare)):
        least, most = WIDTHS.get(run[0], (0, 0))
        if not least <= len(run) <= most:
            known = (
                "a date form of y (year), M (month), d (day), H (hour), m (minute), s (second), S (fraction)"
            )
            return f"{known}, X (offset), text between '...'; not {run}"
    return None


def _wrong_option(bare: str) -> str | None:
    """With an optional time or offset, the time zone would shift the day of some values only."""
    left = re.sub(r"\[[^\[\]]*\]", "", bare)
    if re.search(r"[\[\]{}#]", left):
        return "a date form without unpaired or nested [ ], and without { } #"
    if any(re.search("[A-RT-Za-z]", part) for part in re.findall(r"\[([^\]]*)\]", bare)):
        return "a date form with [ ] around a fraction of a second only; give the longer and the shorter form"
    return None


def _wrong_fields(letters: set[str]) -> str | None:
    of_month = "d" in letters and letters & set("ML") and "D" not in letters
    of_year = "D" in letters and not letters & set("dML")
    if "y" not in letters or not (of_month or of_year):
        return "a date form with y (year), M (month) and d (day), such as yyyy-MM-dd"
    if letters & set("hK") and "a" not in letters:
        return "a date form with a (AM or PM) beside h, or H for hours up to 23"
    if letters & set("XxZzVO") and not letters & set("HhKk"):
        return "a date form with an offset only beside a time of day"
    return None


def _guesses(form: str) -> list[str]:
    strftime = re.sub("%[A-Za-z]", lambda match: _STRFTIME.get(match[0], match[0]), form)
    letters = form.translate(_OTHER_LETTERS)
    month = letters if set("ML") & set(letters) else letters.replace("mm", "MM", 1)
    return [strftime, letters, month, month.replace("hh", "HH")]
