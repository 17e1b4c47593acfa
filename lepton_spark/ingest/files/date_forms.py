"""Forms of dates in text: those by which a file is read, and what texts of a form look like."""

import re

from lepton_spark.config import InputSettings
from lepton_spark.config.values.date_forms import NAMED_FORMS

PARSED_FORMS = ("yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSX", "yyyy-MM-dd'T'HH:mm:ss.SSSSSS")
"""The date forms that parse typed days and instants which were written as text."""

_REGEX = {
    "yyyy": r"\d{4}",
    "yy": r"\d{2}",
    "MMM": r"[A-Za-z]{3}",
    "MMMM": r"[A-Za-z]+",
    "MM": r"\d{2}",
    "M": r"\d{1,2}",
    "dd": r"\d{2}",
    "d": r"\d{1,2}",
    "HH": r"\d{2}",
    "H": r"\d{1,2}",
    "h": r"\d{1,2}",
    "mm": r"\d{2}",
    "ss": r"\d{2}",
    "SSS": r"\d{3}",
    "SSSSSS": r"\d{6}",
    "XXX": r"(Z|[+-]\d{2}:\d{2})",
    "Z": r"[+-]\d{4}",
    "a": "[AaPp][Mm]",
    "[": "(",
    "]": ")?",
}
_RARE = r"[^\s,;|]+"
"""What any other letters of a form stand for."""

_NUMBERS = re.compile(r"\d{5}(\.\d+)?|\d{10}|\d{13}")


def date_forms(settings: InputSettings) -> tuple[str, ...]:
    """The forms of dates in text; first those in which the dates of a workbook become text."""
    return (*PARSED_FORMS, *settings.date_formats) if settings.format == "excel" else settings.date_formats


def shape(form: str) -> re.Pattern[str]:
    """What the texts of a form look like; some of them may be no date.

    >>> bool(shape("d.M.yyyy").fullmatch("31.2.2026")), bool(shape("dd.MM.yyyy").fullmatch("1.2.2026"))
    (True, False)
    """
    if form in NAMED_FORMS:
        return _NUMBERS
    pieces = (match[0] for match in re.finditer(r"'[^']*'|([A-Za-z])\1*|[^A-Za-z']", form))
    return re.compile("".join(map(_regex, pieces)))


def _regex(piece: str) -> str:
    if piece in _REGEX:
        return _REGEX[piece]
    return _RARE if piece.isalpha() else re.escape(piece.strip("'"))
